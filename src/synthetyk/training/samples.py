"""Looks at a generator while it trains: its first images of each class, and sheets of them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from synthetyk.data.contact_sheet import contact_sheet
from synthetyk.training.sampler import Sampler

SHEET_COLUMNS = 8


def first_images(sampler: Sampler, class_names: tuple[str, ...], count: int) -> dict[str, NDArray[np.uint8]]:
    """Return the first `count` images ``(count, C, H, W)`` of each class by its name; ``all`` if unconditional."""
    if not sampler.classes:
        return {"all": sampler.sample(None, range(count))}
    return {name: sampler.sample(label, range(count)) for label, name in enumerate(class_names)}


def write_sheet(sampler: Sampler, class_names: tuple[str, ...], path: Path) -> None:
    """Write a sheet with a row for each class, or a square of images if there are none."""
    images = first_images(sampler, class_names, SHEET_COLUMNS if sampler.classes else SHEET_COLUMNS**2)
    path.parent.mkdir(parents=True, exist_ok=True)
    captions = list(images) if sampler.classes else None
    contact_sheet(np.concatenate(list(images.values())), columns=SHEET_COLUMNS, captions=captions).save(path)


def remove_sheets(folder: Path, shown: int) -> None:
    """Remove the sheets that were written after `shown` images: they are of an undone branch."""
    for sheet in folder.glob("*.png"):
        if int(sheet.stem) > shown:
            sheet.unlink()
