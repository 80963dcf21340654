"""What every metric asks of its input before it computes anything."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.errors import MetricError

Floats = NDArray[np.float64]
Rows = NDArray[Any]

# A float32 softmax over a thousand classes sums to 1 within 1e-6, a float16 one within 1e-3.
SUM_TOLERANCE = 1e-3


def blocks(count: int, size: int = 512) -> Iterator[slice]:
    """Yield the slices of at most `size` that cover ``range(count)``."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def as_rows(values: Rows, *, minimum: int = 1) -> Rows:
    """Return features or images ``(N, ...)`` as ``(N, D)`` of their own type, without a copy where possible.

    Raises:
        MetricError: Fewer than `minimum` rows, nothing in a row, or values that are not finite.
    """
    values = np.asarray(values)
    if values.ndim < 2 or len(values) < minimum or not values.size:
        raise MetricError(f"Found an array of shape {values.shape}", expected=f"(N, D) with N at least {minimum}")
    if not np.issubdtype(values.dtype, np.integer) and not np.isfinite(values).all():
        raise MetricError("Found features that are not finite", action="Look for NaN in the images or the extractor")
    return values.reshape(len(values), -1)


def as_features(values: Rows, *, minimum: int = 1) -> Floats:
    """Return features ``(N, ...)`` as float64 ``(N, D)``; raises as `as_rows` does."""
    return as_rows(values, minimum=minimum).astype(np.float64, copy=False)


def same_dimension(a: int, b: int) -> None:
    """Refuse two sets of features whose dimensions differ.

    Raises:
        MetricError: They do.
    """
    if a != b:
        raise MetricError(
            f"Found features of dimension {a} and {b}",
            expected="the same dimension on both sides",
            action="Extract both sides with the same extractor",
        )


def as_probabilities(values: Rows) -> Floats:
    """Return class probabilities ``(N, K)`` as float64.

    Raises:
        MetricError: The rows are no distributions over at least two classes (pooled features, logits).
    """
    values = as_features(values)
    if values.shape[1] < 2:
        raise MetricError("Found probabilities of one class", expected="(N, K) with K at least 2")
    off = float(np.abs(values.sum(axis=1) - 1).max())
    if values.min() < 0 or off > SUM_TOLERANCE:
        raise MetricError(
            f"Found rows that are no probabilities (smallest value {values.min():.3g}, sum off by {off:.3g})",
            expected="values of at least 0 whose rows sum to 1",
            action="Pass the classifier's softmax output, not its logits or pooled features",
        )
    return values


def as_labels(labels: Rows, probabilities: Rows) -> NDArray[np.int64]:
    """Return labels as int64 ``(N,)`` that fit probabilities ``(N, K)``, every class present.

    Raises:
        MetricError: Wrong length, a label outside ``0..K-1``, or a class without an image.
    """
    count, classes = probabilities.shape
    labels = np.asarray(labels)
    if labels.shape != (count,):
        raise MetricError(f"Found labels of shape {labels.shape}", expected=f"({count},), one per image")
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0 or labels.max() >= classes:
        raise MetricError("Found labels that are no class numbers", expected=f"integers from 0 to {classes - 1}")
    absent = np.setdiff1d(np.arange(classes), labels)
    if absent.size:
        raise MetricError(
            f"Found no image of class {', '.join(map(str, absent))}",
            expected="every class among the labels, else its scores are not defined",
        )
    return labels.astype(np.int64, copy=False)
