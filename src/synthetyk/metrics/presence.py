"""Presence and type, answered apart: is there a finding at all, and of those that there are, which is it?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from synthetyk.metrics.checks import Floats


def presence_of(probabilities: Floats, normal: int) -> Floats:
    """Return the probabilities of nothing and of anything, ``(..., 2)``.

    Args:
        probabilities: ``(..., K)``.
        normal: The class that is nothing.
    """
    nothing = probabilities[..., normal].clip(0, 1)
    both: Floats = np.stack([nothing, 1 - nothing], axis=-1)
    return both


def type_of(probabilities: Floats, normal: int) -> Floats:
    """Return the probabilities of each type, given that there is one, ``(..., K - 1)``; all alike where none has any.

    Args:
        probabilities: ``(..., K)``.
        normal: The class that is no type.
    """
    types = np.delete(probabilities, normal, axis=-1)
    together = types.sum(axis=-1, keepdims=True)
    alike = np.full_like(types, 1 / types.shape[-1])
    shares: Floats = np.divide(types, together, out=alike, where=together > 0)
    return shares


def weighted_sensitivity(
    probabilities: Floats, labels: NDArray[np.int64], weights: Floats, positive: Sequence[int]
) -> Floats:
    """Return the mean recall of some classes for each row of weights, ``(B,)``.

    Args:
        probabilities: ``(N, K)``; the most probable class is called.
        labels: ``(N,)``.
        weights: How often each image counts, ``(B, N)``.
        positive: The classes.
    """
    called = probabilities.argmax(axis=1)
    recalls: Floats = np.mean([_share(called == k, labels == k, weights) for k in positive], axis=0)
    return recalls


def weighted_specificity(
    probabilities: Floats, labels: NDArray[np.int64], weights: Floats, positive: Sequence[int]
) -> Floats:
    """Return the mean share of other images that were not called one of some classes, ``(B,)``.

    Args:
        probabilities: ``(N, K)``; the most probable class is called.
        labels: ``(N,)``.
        weights: How often each image counts, ``(B, N)``.
        positive: The classes.
    """
    called = probabilities.argmax(axis=1)
    shares: Floats = np.mean([_share(called != k, labels != k, weights) for k in positive], axis=0)
    return shares


def _share(right: NDArray[np.bool_], among: NDArray[np.bool_], weights: Floats) -> Floats:
    shares: Floats = (weights @ (right & among)) / (weights @ among)
    return shares
