"""The data sets of the benchmarks, decoded once into the work folder."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.jobs import Job
from benchmarks.record import data
from synthetyk.data.cache import build_cache, open_cache
from synthetyk.data.dataset import Dataset
from synthetyk.data.fingerprint import inspect

NEARLY_SQUARE = 1.15  # longer over shorter side, as in the plan's rule: above it a border keeps the proportions


@dataclass(frozen=True)
class ImageSet:
    """One data set at one size.

    Attributes:
        location: Its name in the folder that SYNTHETYK_DATA names; the built-in set: as a user writes it.
        size: Height and width in pixels.
        channels: 1 or 3. Head CTs are grey, though some files store three channels.
    """

    location: str
    size: int
    channels: Literal[1, 3]


SETS = {
    "pneumonia": ImageSet("pneumoniamnist.npz", 28, 1),
    "chest_xray": ImageSet("chest_xray", 64, 1),
    "chest_xray_128": ImageSet("chest_xray", 128, 1),
    "blood_cells": ImageSet("blood_cells", 64, 3),
    "head_ct": ImageSet("head_ct", 64, 1),
    "phantom": ImageSet("phantom:n=3000,size=64", 64, 1),
}


def set_job(name: str) -> Job:
    """Return the job that decodes a data set."""
    return Job(f"sets/{name}", f"{__name__}:prepare", asdict(SETS[name]))


def prepare(_work: Path, folder: Path, *, location: str, size: int, channels: Literal[1, 3]) -> dict[str, Any]:
    """Decode a data set; return its images per split and class."""
    found = inspect(location if location.startswith("phantom") else str(data(location)))
    pixels = found.fingerprint.pixels
    height, width = pixels.height.median, pixels.width.median
    square = max(height, width) <= NEARLY_SQUARE * min(height, width)
    build_cache(
        found.source,
        found.table,
        pixels.depth_rule,
        folder / "cache",
        size=(size, size),
        channels=channels,
        fit="stretch" if square else "pad",
    )
    return {"counts": found.fingerprint.classes.counts}


def open_set(work: Path, name: str) -> Dataset:
    """Open what the data set's job decoded."""
    return open_cache(work / "sets" / name / "cache")
