"""A sheet to look at: images, what the autoencoder draws of them, and where it errs as it never did."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.core.artifacts import write_bytes
from synthetyk.data.contact_sheet import contact_sheet, png_bytes
from synthetyk.data.dataset import Subset, from_unit
from synthetyk.evaluation.anomaly import AnomalyDetector
from synthetyk.metrics.checks import Floats

WHITE = 255
BRIGHTEST = 0.995  # part of what the maps show that stay below the brightest colour


def anomaly_sheet(
    detector: AnomalyDetector, test: Subset, normal: int, path: Path, *, columns: int = 10, seed: int
) -> None:
    """Draw random test images of each class, the normal one first, above their drawings and maps of what is strange.

    All maps share one scale of colours, from black over red and yellow to white.

    Args:
        detector: Of the normal class.
        test: The test split.
        normal: The normal class.
        path: Receives the PNG.
        columns: Images of each class.
        seed: Which images.
    """
    labels = [normal, *(label for label in range(len(test.class_names)) if label != normal)]
    chosen = {label: images for label in labels if len(images := _some(test.of_class(label), columns, label, seed))}
    rows = [(test.class_names[label], images) for label, images in chosen.items()]
    draw_sheet(detector, rows, path, columns=columns)


def draw_sheet(
    detector: AnomalyDetector, rows: Sequence[tuple[str, NDArray[np.uint8]]], path: Path, *, columns: int = 10
) -> None:
    """Draw rows of images above their drawings and maps of what is strange; all maps share one scale of colours.

    Args:
        detector: Of the normal class.
        rows: What to write beside each row, and its uint8 images ``(n, C, H, W)``, at most `columns`.
        path: Receives the PNG.
        columns: Images in a row.
    """
    maps = [detector.maps(images) for _, images in rows]
    most = float(np.quantile(np.concatenate([each.ravel() for each in maps]), BRIGHTEST))
    tiles, captions = [], []
    for (caption, images), strange in zip(rows, maps, strict=True):
        drawn = from_unit(detector.autoencoder.drawn(images))
        tiles += [_filled(row, columns) for row in (_coloured(images), _coloured(drawn), heat(strange, most))]
        captions += [caption, "drawn again", "strange"]
    write_bytes(path, png_bytes(contact_sheet(np.concatenate(tiles), columns=columns, captions=captions)))


def heat(maps: Floats, most: float) -> NDArray[np.uint8]:
    """Return maps ``(N, H, W)`` from 0 to `most` as colours, uint8 ``(N, 3, H, W)``."""
    steps = 3 * (maps / max(most, 1e-12)).clip(0, 1)[:, None] - np.arange(3).reshape(1, 3, 1, 1)
    colours: NDArray[np.uint8] = np.rint(255 * steps.clip(0, 1)).astype(np.uint8)
    return colours


def _some(members: Subset, count: int, label: int, seed: int) -> NDArray[np.uint8]:
    order = seeding.generator(seed, "anomaly/sheet", index=label).permutation(len(members))
    return members.batch(np.sort(order[:count]))


def _coloured(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.broadcast_to(images, (len(images), 3, *images.shape[2:])) if images.shape[1] == 1 else images


def _filled(row: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Return a row of `columns` images, white where it has fewer."""
    return np.pad(row, ((0, columns - len(row)), *[(0, 0)] * 3), constant_values=WHITE)
