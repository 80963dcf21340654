"""Whether a classifier's probabilities mean what they say."""

from dataclasses import dataclass

import numpy as np

from synthetyk.metrics.checks import Rows, as_labels, as_probabilities


@dataclass(frozen=True)
class ReliabilityCurve:
    """Confidence against accuracy in bins of equal width; empty bins are left out.

    Attributes:
        confidence: Mean largest probability in each bin.
        accuracy: Share of images called right in each bin.
        count: Images in each bin.
    """

    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]
    count: tuple[int, ...]


def reliability_curve(probabilities: Rows, labels: Rows, *, bins: int = 15) -> ReliabilityCurve:
    """Return the reliability curve of the called class (Guo et al., "On calibration", ICML 2017, eq. 2).

    Args:
        probabilities: ``(N, K)``.
        labels: ``(N,)``, every class present.
        bins: Bins of equal width over 0 to 1; each holds its upper edge.

    Raises:
        MetricError: The rows are no distributions, or a class has no image.
    """
    p = as_probabilities(probabilities)
    right = p.argmax(axis=1) == as_labels(labels, p)
    confidence = p.max(axis=1)
    bin_of = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence, side="left")
    count = np.bincount(bin_of, minlength=bins)
    full = count > 0
    means = [np.bincount(bin_of, weights=x, minlength=bins)[full] / count[full] for x in (confidence, right)]
    return ReliabilityCurve(tuple(means[0].tolist()), tuple(means[1].tolist()), tuple(count[full].tolist()))


def expected_calibration_error(probabilities: Rows, labels: Rows, *, bins: int = 15) -> float:
    """Return the mean distance between confidence and accuracy, bins weighted by their images (Guo et al., eq. 3).

    Raises:
        MetricError: As `reliability_curve`.
    """
    curve = reliability_curve(probabilities, labels, bins=bins)
    gaps = np.abs(np.subtract(curve.confidence, curve.accuracy))
    return float(np.average(gaps, weights=curve.count))


def brier_score(probabilities: Rows, labels: Rows) -> float:
    """Return the mean squared error of the probabilities.

    Two classes: of the probability of class 1, from 0 to 1. More: summed over the classes, from 0 to 2 (Brier,
    "Verification of forecasts expressed in terms of probability", 1950, eq. 2).

    Raises:
        MetricError: As `reliability_curve`.
    """
    p = as_probabilities(probabilities)
    classes = p.shape[1]
    squared = np.square(p - np.eye(classes)[as_labels(labels, p)]).sum(axis=1).mean()
    return float(squared / 2 if classes == 2 else squared)
