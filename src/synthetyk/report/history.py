"""What a GAN training logged, as series over the images shown."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from synthetyk.tracking.jsonl import read_jsonl


@dataclass(frozen=True)
class Series:
    """One logged quantity.

    Attributes:
        kimg: Thousand real images shown when each value was logged.
        values: NaN where the value was no finite number.
    """

    kimg: tuple[float, ...]
    values: tuple[float, ...]

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
class History:
    """A whole training.

    Attributes:
        series: By name, in the order in which the names first appeared.
        events: In order.
    """

    series: dict[str, Series]
    events: tuple[Event, ...]

    @property
    def kimg(self) -> float:
        """Thousand real images shown in all."""
        return max((series.kimg[-1] for series in self.series.values()), default=0.0)


def read_history(path: Path) -> History:
    """Read a ``metrics.jsonl``; a missing file is an empty history."""
    lines = list(read_jsonl(path))
    ruler = [(line["step"], line["kimg"]) for line in lines if line.get("kimg") is not None]
    events = tuple(Event(_kimg(line, ruler), line["event"], line["message"]) for line in lines if "event" in line)
    found: dict[str, list[tuple[float, float]]] = {}
    for line in lines:
        for name, value in line.items() if "event" not in line else ():
            if name not in ("step", "kimg"):
                found.setdefault(name, []).append((_kimg(line, ruler), float("nan") if value is None else value))
    series = {name: Series(*zip(*points, strict=True)) for name, points in found.items()}
    return History(series, events)


def _kimg(line: dict[str, Any], ruler: list[tuple[int, float]]) -> float:
    """Place a line by its step among the lines that say how many images were shown."""
    if not ruler:
        return 0.0
    steps, kimg = zip(*ruler, strict=True)
    return float(np.interp(line["step"], steps, kimg))
