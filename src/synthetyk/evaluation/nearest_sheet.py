"""A sheet to look at: synthetic images above the training images nearest to them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from synthetyk.data.contact_sheet import contact_sheet
from synthetyk.data.dataset import Dataset
from synthetyk.evaluation.described import described, described_subset
from synthetyk.evaluation.likeness import averaged, averaged_subset
from synthetyk.evaluation.privacy import PrivacyConfig, reference
from synthetyk.metrics.extractor import FeatureExtractor
from synthetyk.metrics.neighbours import nearest

WHITE = 255


def nearest_sheet(
    dataset: Dataset,
    images: NDArray[np.uint8],
    extractor: FeatureExtractor,
    path: Path,
    *,
    count: int = 24,
    columns: int = 12,
    config: PrivacyConfig,
) -> None:
    """Draw synthetic images above the training images nearest to them, in features and in pixels.

    A quarter are those that lie nearest to the training set in features, the most suspicious first, a quarter those
    that do so in pixels, and the others are the first of the set.

    Args:
        dataset: The data that the generator was trained on.
        images: Synthetic images, uint8 ``(M, C, H, W)``, M at least 1.
        extractor: Whose features.
        path: Receives the PNG.
        count: Synthetic images on the sheet.
        columns: Images in a row.
        config: Which training images are searched.
    """
    train = reference(dataset, config)
    in_features, by_features = nearest(
        described(extractor, images).features, described_subset(extractor, train).features
    )
    in_pixels, by_pixels = nearest(averaged(images), averaged_subset(train))
    shown = _chosen([in_features[:, 0], in_pixels[:, 0]], count)
    rows = [images[shown], train.batch(by_features[shown, 0]), train.batch(by_pixels[shown, 0])]
    columns = min(columns, len(shown))
    starts = range(0, len(shown), columns)
    tiles = np.concatenate([_filled(row[start : start + columns], columns) for start in starts for row in rows])
    captions = ["synthetic", f"nearest in {extractor.name}", "nearest in pixels"] * len(starts)
    path.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(tiles, columns=columns, captions=captions).save(path, "PNG")


def _chosen(distances: Sequence[NDArray[np.float64]], count: int) -> NDArray[np.int64]:
    """Return `count` numbers: a quarter by each of two distances, nearest first, and then the lowest that are left."""
    chosen: list[int] = []
    for order in (*(np.argsort(side, kind="stable") for side in distances), np.arange(len(distances[0]))):
        room = count // 4 if len(chosen) < count // 2 else count - len(chosen)
        chosen += [int(number) for number in order if number not in chosen][:room]
    return np.array(chosen, dtype=np.int64)


def _filled(row: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Return a row of `columns` images, white where it has fewer."""
    return np.pad(row, ((0, columns - len(row)), *[(0, 0)] * 3), constant_values=WHITE)
