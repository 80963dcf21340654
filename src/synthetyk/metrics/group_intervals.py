"""Intervals of accuracy and calibration that know that images of one patient are no independent samples."""

from collections.abc import Iterator

import numpy as np

from synthetyk.core import seeding
from synthetyk.metrics.bootstrap import group_draws, group_numbers, image_weights
from synthetyk.metrics.checks import Floats, Rows, as_labels, as_probabilities
from synthetyk.metrics.interval import Interval, percentile_interval


def accuracy_interval(
    probabilities: Rows, labels: Rows, groups: Rows, *, resamples: int = 2000, seed: int = 0
) -> Interval:
    """Return the share of images called right, with its interval from a bootstrap over groups.

    The draws are those that `bootstrap.auc_samples` makes with the same labels, groups, resamples and seed.

    Args:
        probabilities: ``(N, K)``.
        labels: ``(N,)``, every class present.
        groups: ``(N,)``, images of one patient or slide share a number.
        resamples: How many resamples.
        seed: Of the draws.

    Raises:
        MetricError: The rows are no distributions, a class has no image or too few groups.
    """
    p = as_probabilities(probabilities)
    right = (p.argmax(axis=1) == as_labels(labels, p)).astype(np.float64)
    draws = _draws(p, labels, groups, resamples, seed)
    shares = np.concatenate([weights @ right / weights.sum(axis=1) for weights in draws])
    return percentile_interval(float(right.mean()), shares)


def calibration_interval(
    probabilities: Rows, labels: Rows, groups: Rows, *, bins: int = 15, resamples: int = 2000, seed: int = 0
) -> Interval:
    """Return the expected calibration error, with its interval from a bootstrap over groups.

    A resample repeats images, which makes its bins look less calibrated than they are: the interval lies rather too
    high than too low, and may leave the value itself out where that is near 0.

    Args:
        probabilities: ``(N, K)``.
        labels: ``(N,)``, every class present.
        groups: ``(N,)``, images of one patient or slide share a number.
        bins: Bins of equal width over 0 to 1; each holds its upper edge.
        resamples: How many resamples.
        seed: Of the draws.

    Raises:
        MetricError: As `accuracy_interval`.
    """
    p = as_probabilities(probabilities)
    confidence = p.max(axis=1)
    gaps = confidence - (p.argmax(axis=1) == as_labels(labels, p))
    inside = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence, side="left")[:, None] == np.arange(bins)
    by_bin = inside * gaps[:, None]  # (N, bins): a bin's error is the sum of its column over its images

    def error(weights: Floats) -> Floats:
        summed: Floats = np.abs(weights @ by_bin).sum(axis=1) / weights.sum(axis=1)
        return summed

    value = float(error(np.ones((1, len(p))))[0])
    return percentile_interval(value, np.concatenate([*map(error, _draws(p, labels, groups, resamples, seed))]))


def _draws(p: Floats, labels: Rows, groups: Rows, resamples: int, seed: int) -> Iterator[Floats]:
    """Yield how often each image is drawn, float64 ``(b, N)``, block by block of the resamples."""
    numbers = group_numbers(groups, len(p))
    drawn = group_draws(numbers, as_labels(labels, p), resamples, seeding.generator(seed, "bootstrap/groups"))
    return (weights.astype(np.float64) for _, weights in image_weights(drawn, numbers))
