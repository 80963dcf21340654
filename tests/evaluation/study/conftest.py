import numpy as np
import pytest
from numpy.typing import NDArray

from synthetyk.data.dataset import Dataset
from synthetyk.evaluation.study.inputs import SyntheticSet
from synthetyk.evaluation.study.report import StudyConfig
from synthetyk.training.classifier import ClassifierConfig

NAMES = ("lying", "upright")
SIZES = {"train": 90, "val": 40, "test": 80}


def draw_bars(count: int, seed: int, rare: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Faint bars in noise, every `rare`-th upright."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 140, (count, 1, 16, 16), dtype=np.uint8)
    labels = (np.arange(count) % rare == 0).astype(np.int64)
    for image, label, place in zip(images, labels, rng.integers(2, 13, count), strict=True):
        image[0, place : place + 2] += 100
        if label:
            image[0] = image[0].T.copy()
    return images, labels


@pytest.fixture(scope="session")
def bars() -> Dataset:
    """Two thirds lying, one third upright; two images of each class in a group."""
    images, labels = draw_bars(sum(SIZES.values()), 0, rare=3)
    splits = np.repeat(list(SIZES), list(SIZES.values()))
    rows = np.arange(len(images))
    return Dataset(images, labels, rows // 6, splits, rows.astype(np.str_), NAMES)


@pytest.fixture(scope="session")
def synthetic() -> tuple[SyntheticSet, SyntheticSet]:
    """Two GANs that draw bars as well as reality does."""
    return SyntheticSet(*draw_bars(120, 1, rare=2)), SyntheticSet(*draw_bars(120, 2, rare=2))


@pytest.fixture
def quick() -> StudyConfig:
    """Two classifiers an arm, hardly trained: for everything but the answer."""
    classifier = ClassifierConfig(width=8, steps=6, batch_size=16, evaluate_every=2)
    return StudyConfig(seeds=2, classifier=classifier, resamples=200)
