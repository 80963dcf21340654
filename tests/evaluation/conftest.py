import numpy as np
import pytest

from synthetyk.core import seeding
from synthetyk.data.dataset import Dataset

SIDE = 16


def draw_blobs(label: int, numbers: np.ndarray, *, seed: int = 0, channels: int = 1) -> np.ndarray:
    """Soft blobs of random place, size and brightness in noise; class 0 lies in the left half, class 1 in the right."""
    axis = np.arange(SIDE)
    images = []
    for number in numbers:
        random = seeding.generator(seed, f"blobs/{label}", index=int(number))
        x, y = random.uniform(2, 6) + 8 * label, random.uniform(3, 13)
        width, light = random.uniform(1.5, 3), random.uniform(90, 200)
        blob = light * np.exp(-((axis[None] - x) ** 2 + (axis[:, None] - y) ** 2) / (2 * width**2))
        images.append(blob[None] * np.linspace(1, 0.6, channels)[:, None, None] + random.normal(20, 6, (SIDE, SIDE)))
    return np.clip(np.reshape(images, (-1, channels, SIDE, SIDE)), 0, 255).astype(np.uint8)


def blob_set(counts: dict[str, tuple[int, int]], *, channels: int = 1, labelled: bool = True) -> Dataset:
    images, labels, splits = [], [], []
    start = 0
    for split, sizes in counts.items():
        for label, size in enumerate(sizes):
            images.append(draw_blobs(label, np.arange(start, start + size), channels=channels))
            labels += [label] * size
            splits += [split] * size
        start += max(sizes)
    rows = np.arange(len(labels))
    known = np.array(labels) if labelled else np.full(len(labels), -1)
    names = ("left", "right") if labelled else ()
    return Dataset(np.concatenate(images), known, rows, np.array(splits), rows.astype(np.str_), names)


@pytest.fixture(scope="session")
def blobs() -> Dataset:
    """160 + 80 training, 60 + 30 validation and 60 + 30 test images."""
    return blob_set({"train": (160, 80), "val": (60, 30), "test": (60, 30)})


@pytest.fixture(scope="session")
def make_blobs():
    """Return a function from counts per split and class to a data set."""
    return blob_set


class Projection:
    """A feature extractor without a network: fixed random projections of the pixels."""

    name = "projection"
    dimension = 6

    def __init__(self, *, classifies: bool = True) -> None:
        self.classifies = classifies

    def features(self, images: np.ndarray) -> np.ndarray:
        pixels = images.mean(axis=1).reshape(len(images), -1) / 255
        matrix = seeding.generator(0, "projection").standard_normal((pixels.shape[1], self.dimension))
        return (pixels @ matrix).astype(np.float32)

    def probabilities(self, images: np.ndarray) -> np.ndarray | None:
        left, right = images[..., : SIDE // 2].mean(axis=(1, 2, 3)), images[..., SIDE // 2 :].mean(axis=(1, 2, 3))
        p = 1 / (1 + np.exp(-(right - left) / 10))
        return np.stack([1 - p, p], axis=1).astype(np.float32) if self.classifies else None


@pytest.fixture(scope="session")
def projection() -> Projection:
    return Projection()


@pytest.fixture(scope="session")
def unclassifying() -> Projection:
    return Projection(classifies=False)


class StandIn:
    """A sampler that replays what a function draws: ``draw(label, indices) -> images``."""

    def __init__(self, draw, classes: int = 2) -> None:
        self.draw, self.classes = draw, classes

    def sample(self, label, indices) -> np.ndarray:
        return self.draw(label, np.asarray(indices))


def _split(dataset: Dataset, split: str, label: int | None) -> np.ndarray:
    subset = dataset.split(split)
    return (subset if label is None else subset.of_class(label)).all()


@pytest.fixture(scope="session")
def fresh() -> StandIn:
    """The perfect generator: new images of the same kind."""
    return StandIn(lambda label, indices: draw_blobs(label, indices, seed=1))


@pytest.fixture(scope="session")
def copied(blobs) -> StandIn:
    """Replays training images."""

    def draw(label, indices):
        images = _split(blobs, "train", label)
        return images[indices % len(images)]

    return StandIn(draw)


@pytest.fixture(scope="session")
def collapsed() -> StandIn:
    """Draws one image of each class, with a little noise."""

    def draw(label, indices):
        noise = np.stack(
            [seeding.generator(2, "collapsed", index=int(i)).normal(0, 2, (1, SIDE, SIDE)) for i in indices]
        )
        return np.clip(draw_blobs(label, np.zeros(1), seed=1) + noise, 0, 255).astype(np.uint8)

    return StandIn(draw)


@pytest.fixture(scope="session")
def noised() -> StandIn:
    """Draws new images and drowns them in noise."""

    def draw(label, indices):
        images = draw_blobs(label, indices, seed=1)
        noise = np.stack(
            [seeding.generator(3, "noised", index=int(i)).normal(0, 60, images.shape[1:]) for i in indices]
        )
        return np.clip(images + noise, 0, 255).astype(np.uint8)

    return StandIn(draw)


@pytest.fixture(scope="session")
def stand_in():
    """Return the class of samplers that replay what a function draws."""
    return StandIn
