"""What a GAN training logged, as series over the images shown, and which generator it kept."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from synthetyk.tracking.jsonl import read_jsonl
from synthetyk.tracking.several import LEFT_OUT
from synthetyk.training.generator_file import GeneratorCard
from synthetyk.training.selection import WORDS

ERROR = "_error"  # ends the name of a series that holds the standard errors of another


@dataclass(frozen=True)
class Series:
    """One logged quantity.

    Attributes:
        kimg: Thousand real images shown when each value was logged.
        values: NaN where the value was no finite number.
        errors: Standard error of each value; empty where there is none.
    """

    kimg: tuple[float, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...] = ()

    @property
    def first(self) -> float:
        """The first value that is a number."""
        return next((value for value in self.values if np.isfinite(value)), float("nan"))

    @property
    def last(self) -> float:
        """The last value that is a number."""
        return next((value for value in reversed(self.values) if np.isfinite(value)), float("nan"))


@dataclass(frozen=True)
class Event:
    """Something that was said in words, for example by the stability monitor."""

    kimg: float
    kind: str
    message: str


@dataclass(frozen=True)
class Kept:
    """The generator that was chosen after a training: its moment, the reason in words, and how wide its noise is."""

    kimg: float
    reason: str
    noise_scale: float = 1.0


@dataclass(frozen=True)
class History:
    """A whole training.

    Attributes:
        series: By name, in the order in which the names first appeared.
        events: In order.
        kept: None if nothing was chosen: the training has not ended, or did not score its generators.
    """

    series: dict[str, Series]
    events: tuple[Event, ...]
    kept: Kept | None = None

    def by_weights(self, name: str) -> dict[str, Series]:
        """Return what was measured on each kind of weights, in words, or on the only one that there is."""
        others = {f"{kind}_{name}": f"{words} weights" for kind, words in WORDS.items()}
        others = {each: words for each, words in others.items() if each in self.series}
        names = {name: "averaged weights" if others else "generator"} | others
        return {words: self.series[each] for each, words in names.items() if each in self.series}

    @property
    def kimg(self) -> float:
        """Thousand real images shown in all."""
        return max((series.kimg[-1] for series in self.series.values()), default=0.0)


def read_history(metrics: Path) -> History:
    """Read a ``metrics.jsonl``, and the ``generator.json`` beside it; what is missing is empty.

    Raises:
        ArtifactError: ``generator.json`` is damaged.
    """
    lines = list(read_jsonl(metrics))
    ruler = [(line["step"], line["kimg"]) for line in lines if line.get("kimg") is not None]
    told = (line for line in lines if line.get("event", LEFT_OUT) != LEFT_OUT)
    events = tuple(Event(_kimg(line, ruler), line["event"], line["message"]) for line in told)
    found: dict[str, list[tuple[float, float]]] = {}
    for line in lines:
        for name, value in line.items() if "event" not in line else ():
            if name not in ("step", "kimg"):
                found.setdefault(name, []).append((_kimg(line, ruler), float("nan") if value is None else value))
    series = {name: Series(*zip(*points, strict=True)) for name, points in found.items()}
    return History(_with_errors(series), events, _kept(metrics.with_name("generator.json")))


def _with_errors(series: dict[str, Series]) -> dict[str, Series]:
    """Give each series the errors that were logged along with it."""
    values = {name: found for name, found in series.items() if not name.endswith(ERROR)}
    for name, found in values.items():
        error = series.get(name + ERROR)
        if error and error.kimg == found.kimg:
            values[name] = replace(found, errors=error.values)
    return values


def _kept(card: Path) -> Kept | None:
    found = GeneratorCard.load(card) if card.exists() else None
    return Kept(found.kimg, found.chosen, found.noise_scale) if found and found.chosen else None


def _kimg(line: dict[str, Any], ruler: list[tuple[int, float]]) -> float:
    """Place a line by its step among the lines that say how many images were shown."""
    if not ruler:
        return 0.0
    steps, kimg = zip(*ruler, strict=True)
    return float(np.interp(line["step"], steps, kimg))
