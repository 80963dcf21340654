"""The course of a training as a line in an SVG."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from synthetyk.report.words import number

WIDTH, HEIGHT = 640, 180
MOST = 400  # points: more than the line shows
DISTANCE = '"val_kd"'
KIMG = '"kimg"'


@dataclass(frozen=True)
class Curve:
    """A line, ready to be drawn.

    Attributes:
        path: For the attribute ``d`` of an SVG path, in a box of `WIDTH` by `HEIGHT`.
        low: The lowest value, in words.
        high: The highest value, in words.
        last: The last value, in words.
        end: The last place on the way, in words.
        logarithmic: Whether equal steps upwards are equal factors.
    """

    path: str
    low: str
    high: str
    last: str
    end: str
    logarithmic: bool


def curve_of(points: Sequence[tuple[float, float]]) -> Curve | None:
    """Return the line through points ``(x, y)``, None if there are fewer than two."""
    if len(points) < 2:
        return None
    step = max(1, len(points) // MOST)
    kept = [*points[:-1:step], points[-1]]
    values = [y for _, y in kept]
    low, high, right = min(values), max(values), kept[-1][0] or 1
    logarithmic = low > 0
    heights = [math.log(y) if logarithmic else y for y in values]
    bottom, height = min(heights), (max(heights) - min(heights)) or 1
    places = (
        f"{WIDTH * x / right:.1f} {HEIGHT * (1 - (y - bottom) / height):.1f}"
        for (x, _), y in zip(kept, heights, strict=True)
    )
    line = "M" + " L".join(places)
    return Curve(line, number(low), number(high), number(values[-1]), number(right), logarithmic)


def distances(path: Path) -> Iterator[tuple[float, float]]:
    """Yield how far the synthetic images are from validation images, by thousand images that the GAN has met."""
    kimg = 0.0
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if KIMG in line:
                    kimg = _value(line, "kimg", kimg)
                elif DISTANCE in line and math.isfinite(found := _value(line, "val_kd", math.nan)):
                    yield kimg, found
    except FileNotFoundError:
        return


def _value(line: str, name: str, default: float) -> float:
    try:
        found = json.loads(line).get(name)
    except (ValueError, AttributeError):  # cut short
        return default
    return float(found) if isinstance(found, int | float) else default
