"""What a tracker hears of: a run as a whole, or one training in it."""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from synthetyk.core.config import Config


class Subject(Config):
    """A run as a whole, or one training in it.

    Attributes:
        run: Folder of the run; whatever a tracker stores on this machine lies in it.
        part: Name of the training within the run, for example ``gan-0``, or ``resnet/seed-0`` for one of several
            trainings of what is called ``resnet``; empty for the run as a whole.
        settings: What was asked for, nested as in JSON; fixed for as long as it goes on.
        metrics: The training's ``metrics.jsonl``, from which a tracker learns what it has not been told.
    """

    run: Path
    part: str = ""
    settings: dict[str, Any] = Field(default={})
    metrics: Path | None = None

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.run.resolve().name}/{self.part}".rstrip("/")

    @property
    def whole(self) -> "Subject":
        """What this is a part of: the run, or what several trainings in it have in common."""
        return Subject(run=self.run, part=self.part.rpartition("/")[0])


def flat(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield nested settings as pairs with dotted names, for example ``network.width``."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{above}{name}.")
        else:
            yield above + name, value


def number(value: float) -> float:
    """Return a value as it is, or NaN if it is not finite: trackers draw infinity as a number, or refuse it."""
    return float(value) if math.isfinite(value) else math.nan


def plain(name: str) -> str:
    """Return a name in letters, digits and ``_ . - /`` only, for example ``FD/learned`` for ``FD[learned]``."""
    return re.sub(r"[^\w.\-/]+", "/", name, flags=re.ASCII).strip("/")
