"""The area under the ROC curve, for one set of weights or for thousands."""

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.errors import MetricError
from synthetyk.metrics.checks import Floats, Rows, as_labels, as_probabilities, blocks


def macro_auc(probabilities: Rows, labels: Rows) -> float:
    """Return the AUC, for more than two classes the mean of every class against the rest.

    Args:
        probabilities: ``(N, K)``.
        labels: ``(N,)``, every class present.

    Raises:
        MetricError: The rows are no distributions, or a class has no image.
    """
    p = as_probabilities(probabilities)
    return float(weighted_macro_auc(p, as_labels(labels, p), np.ones((1, len(p))))[0])


def weighted_macro_auc(probabilities: Floats, labels: NDArray[np.int64], weights: Rows) -> Floats:
    """Return `macro_auc` under each row of weights ``(B, N)``, float64 ``(B,)``; the input is not checked again."""
    classes = probabilities.shape[1]
    chosen = [1] if classes == 2 else range(classes)
    aucs: Floats = np.mean([weighted_auc(probabilities[:, k], labels == k, weights) for k in chosen], axis=0)
    return aucs


def weighted_auc(scores: Floats, positive: NDArray[np.bool_], weights: Rows) -> Floats:
    """Return the chance that a positive scores above a negative, ties counting half, under each row of weights.

    The scores are sorted once; each resample then costs one pass, O(N). With weights of 1 this is the Mann-Whitney
    statistic with midranks (Hanley and McNeil, "The meaning and use of the area under a ROC curve", Radiology 1982).

    Args:
        scores: ``(N,)``.
        positive: ``(N,)``.
        weights: ``(B, N)``, at least 0, for example how often a resample drew each image.

    Returns:
        float64 ``(B,)``.

    Raises:
        MetricError: A row of weights leaves no positive or no negative.
    """
    negatives, positives = (rows[np.argsort(scores[rows], kind="stable")] for rows in _sides(positive))
    # Each positive beats the negatives before `low`, and draws with those from there to before `high`.
    low, high = (np.searchsorted(scores[negatives], scores[positives], side) for side in ("left", "right"))
    result = np.empty(len(weights))
    for part in blocks(len(weights), 128):
        drawn = weights[part].T
        positive_weights = drawn[positives].astype(np.float64)
        below = np.zeros((len(negatives) + 1, drawn.shape[1]))
        np.cumsum(drawn[negatives], axis=0, out=below[1:])
        pairs = positive_weights.sum(axis=0) * below[-1]
        if not pairs.all():
            raise MetricError("Found only positives or only negatives", expected="both", action="Use a larger test set")
        result[part] = np.einsum("nb,nb->b", positive_weights, below[low] + below[high]) / (2 * pairs)
    return result


def _sides(positive: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.flatnonzero(~positive), np.flatnonzero(positive)
