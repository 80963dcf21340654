"""The images that are compared, and how a feature network describes them."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.data.dataset import Subset
from synthetyk.evaluation.extractors.network import describe
from synthetyk.metrics.checks import Rows
from synthetyk.metrics.extractor import FeatureExtractor

# Images in memory at a time; a multiple of what the extractors' networks take at a time.
PIECE = 512


@dataclass(frozen=True)
class Described:
    """What a feature network makes of some images.

    Attributes:
        features: ``(N, D)``.
        probabilities: ``(N, K)``, or None if it classifies nothing.
    """

    features: Rows
    probabilities: Rows | None

    def __len__(self) -> int:
        return len(self.features)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Self:
        """Return some of the rows."""
        return type(self)(self.features[rows], None if self.probabilities is None else self.probabilities[rows])

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Return one set after the other, empty ones left out."""
        parts = [part for part in parts if len(part)] or parts[:1]
        probabilities = [part.probabilities for part in parts if part.probabilities is not None]
        features = np.concatenate([part.features for part in parts])
        return cls(features, np.concatenate(probabilities) if len(probabilities) == len(parts) else None)


def described(extractor: FeatureExtractor, images: NDArray[np.uint8]) -> Described:
    """Describe uint8 images ``(N, C, H, W)``, N at least 0."""
    if not len(images):
        return Described(np.empty((0, extractor.dimension), dtype=np.float32), None)
    return Described(*describe(extractor, images))


def described_subset(extractor: FeatureExtractor, subset: Subset) -> Described:
    """Describe the images of a subset, read piece by piece."""
    return Described.join([described(extractor, images) for images in pieces(subset)])


def pieces(subset: Subset) -> Iterator[NDArray[np.uint8]]:
    """Yield the images of a subset, at most `PIECE` at a time; of an empty one an empty array."""
    for start in range(0, max(len(subset), 1), PIECE):
        yield subset.batch(slice(start, start + PIECE))


def some(subset: Subset, cap: int, seed: int, purpose: str) -> Subset:
    """Return at most `cap` random images of a subset, in its order."""
    if len(subset) <= cap:
        return subset
    return subset.select(np.sort(seeding.generator(seed, purpose).permutation(len(subset))[:cap]))


def unmet(held_out: Subset, train: Subset) -> Subset:
    """Leave out images that have a copy or their patient in training: near to it, they make copies look innocent."""
    others = held_out.select(~np.isin(held_out.groups, train.groups))
    return others.select(~copies_of(each(others), train))


def each(subset: Subset) -> Iterator[NDArray[np.uint8]]:
    """Yield the images of a subset ``(C, H, W)`` one by one; they are read piece by piece."""
    for images in pieces(subset):
        yield from images


def copies_of(images: Iterable[NDArray[np.uint8]], train: Subset) -> NDArray[np.bool_]:
    """Tell which images ``(C, H, W)`` have the pixels of a training image, bool ``(N,)``; each is read once."""
    digests = [_digest(image) for image in images]
    sought = set(digests)
    met = {digest for digest in map(_digest, each(train)) if digest in sought} if sought else set()
    return np.array([digest in met for digest in digests], dtype=np.bool_)


def _digest(image: NDArray[np.uint8]) -> bytes:
    return hashlib.sha256(image.tobytes()).digest()
