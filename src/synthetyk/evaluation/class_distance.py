"""How far generated images are from real ones, class by class."""

import math

import numpy as np
from numpy.typing import NDArray

from synthetyk.metrics.checks import Rows
from synthetyk.metrics.kernel import kernel_distance_interval

Labelled = tuple[Rows, NDArray[np.int64]]

INTERVAL_ERRORS = 2 * 1.96  # standard errors between the two ends of a 95% interval


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
