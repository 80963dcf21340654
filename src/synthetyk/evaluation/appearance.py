"""What generators are compared by: features, coarse pixels and detail of their images, on one scale."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.data.dataset import Subset
from synthetyk.evaluation.described import described, described_subset
from synthetyk.evaluation.detail import detail, detail_subset
from synthetyk.evaluation.likeness import averaged, averaged_subset
from synthetyk.metrics.checks import Floats, Rows, as_features
from synthetyk.metrics.extractor import FeatureExtractor

COMPONENTS = 32
SCALED_ON = 1000  # training images whose pixels' principal components are sought
# Directions that real images hardly use count no more than if they used this part of what the most used one is.
FLOOR = 0.01


@dataclass(frozen=True)
class Appearance:
    """The same images looked at in three ways.

    Attributes:
        features: What a feature network makes of them, ``(N, D)``: what they show.
        pixels: The images, averaged over blocks, ``(N, C, H, W)``: where it is and how bright.
        detail: Log energies, ``(N, E)``: how sharp and how noisy it is.
    """

    features: Rows
    pixels: Rows
    detail: Rows

    @classmethod
    def of(cls, extractor: FeatureExtractor, images: NDArray[np.uint8]) -> "Appearance":
        """Look at uint8 images ``(N, C, H, W)``."""
        return cls(described(extractor, images).features, averaged(images), detail(images))

    @classmethod
    def of_subset(cls, extractor: FeatureExtractor, subset: Subset) -> "Appearance":
        """Look at the images of a subset, read piece by piece."""
        return cls(described_subset(extractor, subset).features, averaged_subset(subset), detail_subset(subset))


class CommonScale:
    """Each feature and each detail to mean 0 and deviation 1 beside the pixels' principal components, scaled alike.

    For choosing among generators, never for a figure that is published as a distance. Unscaled, a few large features
    rule the kernel, and a network that learned on the training images alone sees little else than what tells classes
    apart: blurred images without their ribs are as good to it as sharp ones. What each of the three ways of looking
    gained is in docs/explanation/checkpoint-choice.md.

    Args:
        train: Training images.
        seed: The run's seed: where there are many, it chooses whose principal components are sought.
    """

    def __init__(self, train: Appearance, seed: int) -> None:
        self.features, self.detail = _standard(train.features), _standard(train.detail)
        chosen = seeding.generator(seed, "appearance/scale").permutation(len(train.pixels))[:SCALED_ON]
        pixels = as_features(train.pixels[chosen])
        middle = pixels.mean(axis=0)
        _, lengths, axes = np.linalg.svd(pixels - middle, full_matrices=False)
        self.pixels = middle, axes[:COMPONENTS].T / _floored(lengths[:COMPONENTS] / math.sqrt(len(pixels)))

    def __call__(self, seen: Appearance) -> Floats:
        """Return images as rows ``(N, D + E + 32)`` of one scale."""
        middle, axes = self.pixels
        scaled = [
            (np.asarray(rows, dtype=np.float64) - mean) / deviation
            for rows, (mean, deviation) in ((seen.features, self.features), (seen.detail, self.detail))
        ]
        return np.concatenate([*scaled, (as_features(seen.pixels) - middle) @ axes], axis=1)


def _standard(rows: Rows) -> tuple[Floats, Floats]:
    return rows.mean(axis=0, dtype=np.float64), _floored(rows.std(axis=0, dtype=np.float64))


def _floored(deviations: Floats) -> Floats:
    largest = float(deviations.max(initial=0))
    floored: Floats = np.maximum(deviations, FLOOR * largest if largest > 0 else 1.0)
    return floored
