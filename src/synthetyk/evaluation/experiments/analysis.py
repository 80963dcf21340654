"""From what the classifiers of an experiment said to its figures."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetyk.data.dataset import Subset
from synthetyk.evaluation.experiments.report import Averaged, ClassFigures
from synthetyk.metrics.bootstrap import ArmSamples
from synthetyk.metrics.classification import confusion_matrix
from synthetyk.metrics.interval import Interval
from synthetyk.metrics.resampling import Resampling

RESAMPLES = 2000


@dataclass(frozen=True)
class Judged:
    """One experiment's classifiers, judged.

    Attributes:
        name: The experiment.
        settings: The keys on which its classifiers depend, as in JSON.
        seeds: What its classifiers were trained with.
        images: Names the test images and their groups: what differs here cannot be compared.
        val: Every score on validation images.
        test: Every score on test images.
    """

    name: str
    settings: Mapping[str, Any]
    seeds: tuple[int, ...]
    images: str
    val: Mapping[str, ArmSamples]
    test: Mapping[str, ArmSamples]


@dataclass(frozen=True)
class Split:
    """Validation or test images, and the draws that all experiments on them share.

    Attributes:
        images: Which.
        resampling: The draws.
        data: Names the data set that they are rows of, whatever size its images were brought to.
    """

    images: Subset
    resampling: Resampling
    data: str = ""

    @classmethod
    def of(cls, images: Subset, seed: int, data: str = "") -> "Split":
        """Draw.

        Raises:
            MetricError: A class lies in too few groups to be resampled.
        """
        return cls(images, Resampling(images.labels, images.groups, resamples=RESAMPLES, seed=seed), data)

    @property
    def identity(self) -> str:
        """A hash of what has to be the same for two experiments to be compared image by image."""
        numbers = np.unique(self.images.groups, return_inverse=True)[1]
        words = repr(self.images.class_names).encode() + self.images.labels.tobytes() + numbers.tobytes()
        return hashlib.sha256(words + self.images.rows.tobytes() + self.data.encode()).hexdigest()


def figures(scores: Mapping[str, ArmSamples]) -> dict[str, Averaged]:
    """Return scores with their intervals; no score leaves 0 to 1 (the loss 0 and above), so no interval needs to."""
    return {name: figure(one.interval, most=np.inf if name == "loss" else 1.0) for name, one in scores.items()}


def figure(interval: Interval, *, most: float = 1.0) -> Averaged:
    """Return a score with its interval within the bounds of a score."""
    return Averaged(mean=interval.value, low=max(0.0, interval.low), high=min(most, interval.high))


def class_figures(said: NDArray[np.float32], split: Split) -> tuple[ClassFigures, ...]:
    """Return the figures of each class.

    Args:
        said: Probabilities ``(S, N, K)`` of S seeds.
        split: The images.
    """
    scores, counts = split.resampling.class_scores(said), split.images.counts
    return tuple(
        ClassFigures(name=name, images=int(counts[label]), scores=figures(scores[label]))
        for label, name in enumerate(split.images.class_names)
    )


def confusion_of(said: NDArray[np.float32], split: Split) -> tuple[tuple[int, ...], ...]:
    """Return ``(K, K)``: how many images of the row's class were called the column's, summed over the seeds."""
    classes = len(split.images.class_names)
    every: Sequence[NDArray[np.int64]] = [
        confusion_matrix(split.images.labels, p.argmax(axis=1).astype(np.int64), classes) for p in said
    ]
    return tuple(tuple(int(count) for count in row) for row in np.sum(every, axis=0))
