"""How well a classifier classifies: scores of its probabilities."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.errors import MetricError
from synthetyk.metrics.auc import macro_auc
from synthetyk.metrics.checks import Floats, Rows, as_labels, as_probabilities


@dataclass(frozen=True)
class ClassificationScores:
    """One classifier on one test set; every score from 0 to 1.

    Attributes:
        auc: Area under the ROC curve; more than two classes: mean of one against the rest.
        sensitivity: Recall of the positive class; more than two classes: mean over the classes.
        specificity: Share of the other images not called positive; more than two classes: mean over the classes.
        accuracy: Share of images called right.
        balanced_accuracy: Mean recall of the classes.
        f1: Mean F1 of the classes; 0 for a class that is never called.
        confusion: ``confusion[i][j]`` images of class i were called j.
        count: Images.
    """

    auc: float
    sensitivity: float
    specificity: float
    accuracy: float
    balanced_accuracy: float
    f1: float
    confusion: tuple[tuple[int, ...], ...]
    count: int


def classification_scores(
    probabilities: Rows, labels: Rows, *, threshold: float | None = None, positive: Literal[0, 1] = 1
) -> ClassificationScores:
    """Score probabilities against labels.

    Args:
        probabilities: ``(N, K)``.
        labels: ``(N,)``, every class present: otherwise half of the scores are not defined.
        threshold: Two classes only: call the positive class at this probability or above. Default: the largest one.
        positive: Two classes only: which class is called positive.

    Raises:
        MetricError: The rows are no distributions, a class has no image, or a threshold for more than two classes.
    """
    p = as_probabilities(probabilities)
    labels = as_labels(labels, p)
    confusion = confusion_matrix(labels, _called(p, threshold, positive), p.shape[1])
    right = np.diag(confusion).astype(np.float64)
    actual, called = confusion.sum(axis=1), confusion.sum(axis=0)
    sensitivity = right / actual
    specificity = 1 - (called - right) / (len(p) - actual)
    scored = [positive] if p.shape[1] == 2 else list(range(p.shape[1]))
    return ClassificationScores(
        auc=macro_auc(p, labels),
        sensitivity=float(sensitivity[scored].mean()),
        specificity=float(specificity[scored].mean()),
        accuracy=float(right.sum() / len(p)),
        balanced_accuracy=float(sensitivity.mean()),
        f1=float((2 * right / (actual + called)).mean()),
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
        count=len(p),
    )


def confusion_matrix(labels: NDArray[np.int64], called: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Return ``(K, K)``: how many images of the row's class were called the column's."""
    return np.bincount(labels * classes + called, minlength=classes**2).reshape(classes, classes).astype(np.int64)


def _called(p: Floats, threshold: float | None, positive: int) -> NDArray[np.int64]:
    if threshold is None:
        return np.asarray(p.argmax(axis=1), dtype=np.int64)
    if p.shape[1] != 2:
        raise MetricError(f"Found a threshold for {p.shape[1]} classes", expected="a threshold for two classes only")
    return np.where(p[:, positive] >= threshold, positive, 1 - positive).astype(np.int64)
