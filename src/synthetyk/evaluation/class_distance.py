"""How far generated images are from real ones, class by class, in features and pixels on one scale."""

import math

import numpy as np
from numpy.typing import NDArray

from synthetyk.metrics.checks import Floats, Rows, as_features
from synthetyk.metrics.kernel import kernel_distance_interval

Labelled = tuple[Rows, NDArray[np.int64]]

COMPONENTS = 32
# Directions that real images hardly use count no more than if they used this part of what the most used one is.
FLOOR = 0.01
INTERVAL_ERRORS = 2 * 1.96  # standard errors between the two ends of a 95% interval


class CommonScale:
    """Features, each to mean 0 and deviation 1, beside the first principal components of the pixels, scaled alike.

    For choosing among generators, never for a figure that is published as a distance. Unscaled, a few large features
    rule the kernel, and a network that learned on the training images alone sees little else than what tells classes
    apart. Measured with SqueezeNet, what plain learned features chose from 40, 32 and 16 candidates of trainings on
    140, 4,708 and 100 images was 1.9, 1.9 and 3.6 times as far from the real images as the best of them; on this scale
    1.0, 1.2 and 1.0 times. To SqueezeNet's own features it does no harm.

    Args:
        features: Of training images, ``(N, D)``.
        pixels: Of some training images, ``(M, ...)``.
    """

    def __init__(self, features: Rows, pixels: Rows) -> None:
        features, pixels = as_features(features), as_features(pixels)
        self.mean, self.deviation = features.mean(axis=0), _floored(features.std(axis=0))
        self.middle = pixels.mean(axis=0)
        _, lengths, axes = np.linalg.svd(pixels - self.middle, full_matrices=False)
        self.axes = axes[:COMPONENTS].T / _floored(lengths[:COMPONENTS] / math.sqrt(len(pixels)))

    def __call__(self, features: Rows, pixels: Rows) -> Floats:
        """Return features ``(N, D)`` and pixels ``(N, ...)`` of the same images as rows of one scale."""
        scaled = (as_features(features) - self.mean) / self.deviation
        return np.concatenate([scaled, (as_features(pixels) - self.middle) @ self.axes], axis=1)


def class_kernel_distance(
    real: Labelled, generated: Labelled, mixed: NDArray[np.bool_], *, resamples: int, seed: int
) -> tuple[float, float]:
    """Return the kernel distance of each class, averaged, and its standard error.

    A class weighs as it does among the real images: the errors of all classes then matter alike, where a plain mean
    would be ruled by the rarest. Classes apart tell more than all of them pooled: one class's errors cannot make up for
    another's, and classes that are mistaken for each other are seen. It is unbiased at every count, so there are as
    many generated images as make its error small, not as few as there are real ones.

    Args:
        real: Rows ``(M, D)`` and labels ``(M,)``; classes with fewer than 2 images are left out.
        generated: The same, ``(N, D)`` and ``(N,)``, at least 2 images of every class.
        mixed: ``(N,)``, see `mixture`: what is compared as one class where every class of the real images is left out.
        resamples: Bootstrap resamples behind the error.
        seed: The run's seed.
    """
    (x, real_labels), (y, labels) = real, generated
    counts = np.bincount(real_labels[real_labels >= 0])
    pairs = [(x[real_labels == label], y[labels == label]) for label in np.flatnonzero(counts >= 2)] or [(x, y[mixed])]
    found = [kernel_distance_interval(*pair, resamples=resamples, seed=seed) for pair in pairs]
    weights = np.array([len(pair[0]) for pair in pairs]) / sum(len(pair[0]) for pair in pairs)
    errors = [(one.high - one.low) / INTERVAL_ERRORS for one in found]
    return float(weights @ [one.value for one in found]), math.hypot(*(weights * errors))


def mixture(labels: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Choose the most of some images that have the classes of other images in proportion.

    Args:
        labels: ``(N,)``, the same number of every class, class by class.
        counts: ``(K,)``, the other images of each class; if there are none the classes are mixed alike.

    Returns:
        bool ``(N,)``.
    """
    counts = counts if counts.any() else np.ones_like(counts)
    each_class = len(labels) // len(counts)
    shares = each_class * counts // counts.max()
    chosen: NDArray[np.bool_] = np.arange(len(labels)) % each_class < shares[labels]
    return chosen


def _floored(deviations: Floats) -> Floats:
    largest = float(deviations.max())
    floored: Floats = np.maximum(deviations, FLOOR * largest if largest > 0 else 1.0)
    return floored
