"""Every score of some classifiers under one joint bootstrap, so that what is compared on a split is compared paired.

A resample draws groups of images with replacement and, of each group of classifiers, seeds with replacement, see
`metrics.bootstrap`. Here all classifiers that were trained with the same seeds also share the draws of seeds: number i
of one began with the same first weights and saw the images in the same order as number i of another.
"""

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.core.errors import MetricError
from synthetyk.metrics.auc import weighted_auc
from synthetyk.metrics.bootstrap import ArmSamples, group_draws, group_numbers, image_weights, seed_draws
from synthetyk.metrics.checks import Floats, Rows, as_labels, as_probabilities, blocks

LEAST = 1e-12  # probability that a logarithm is taken of
SCORES = ("auc", "accuracy", "balanced_accuracy", "f1", "precision", "recall", "specificity", "loss")
CLASS_SCORES = ("sensitivity", "specificity", "precision", "auc")


class Resampling:
    """The draws of one split.

    Args:
        labels: Class of each image ``(N,)``.
        groups: ``(N,)``, images of one patient or slide share a number.
        resamples: How many resamples.
        seed: Which.

    Raises:
        MetricError: Not one group per image, or a class in too few groups to be resampled.
    """

    def __init__(self, labels: Rows, groups: Rows, *, resamples: int, seed: int) -> None:
        self.labels, self.resamples, self.seed = np.asarray(labels, dtype=np.int64), resamples, seed
        numbers = group_numbers(groups, len(self.labels))
        drawn = group_draws(numbers, self.labels, resamples, seeding.generator(seed, "bootstrap/groups"))
        # How often each image is drawn (1 + B, N). The first row draws each once: it gives the scores themselves.
        self.weights = np.ones((1 + resamples, len(numbers)), dtype=np.uint16)
        for part, weights in image_weights(drawn, numbers):
            self.weights[1:][part] = weights

    def scores(self, probabilities: Rows, *, positive: Literal[0, 1] = 1) -> dict[str, ArmSamples]:
        """Return `SCORES` by name, each the mean over the seeds with its samples.

        With two classes precision, recall and specificity are those of the positive class, with more they are means
        over the classes; a class that is never called has a precision of 0. The loss is cross-entropy in nats.

        Args:
            probabilities: ``(S, N, K)`` of S seeds.
            positive: Two classes only: which class is called positive.

        Raises:
            MetricError: Shapes that do not fit, or rows that are no distributions.
        """
        each = self._each(probabilities)
        classes = each[0].shape[1]
        scored = [positive] if classes == 2 else list(range(classes))
        found = [self._of_classes(p) for p in each]
        rows = {
            "auc": [one["auc"][:, scored].mean(axis=1) for one in found],
            "accuracy": [self._mean(p.argmax(axis=1) == self.labels) for p in each],
            "balanced_accuracy": [one["sensitivity"].mean(axis=1) for one in found],
            "f1": [one["f1"].mean(axis=1) for one in found],
            "precision": [one["precision"][:, scored].mean(axis=1) for one in found],
            "recall": [one["sensitivity"][:, scored].mean(axis=1) for one in found],
            "specificity": [one["specificity"][:, scored].mean(axis=1) for one in found],
            "loss": [self._mean(-np.log(p[np.arange(len(p)), self.labels].clip(LEAST))) for p in each],
        }
        return {name: self._samples(rows[name]) for name in SCORES}

    def class_scores(self, probabilities: Rows) -> list[dict[str, ArmSamples]]:
        """Return `CLASS_SCORES` by name for each class against the rest.

        Args:
            probabilities: ``(S, N, K)`` of S seeds.

        Raises:
            MetricError: Shapes that do not fit, or rows that are no distributions.
        """
        found = [self._of_classes(p) for p in self._each(probabilities)]
        return [
            {name: self._samples([one[name][:, label] for one in found]) for name in CLASS_SCORES}
            for label in range(found[0]["auc"].shape[1])
        ]

    def _each(self, probabilities: Rows) -> list[Floats]:
        if np.ndim(probabilities) != 3 or not len(probabilities):
            raise MetricError(f"Found probabilities of shape {np.shape(probabilities)}", expected="(S, N, K)")
        each = [as_probabilities(p) for p in probabilities]
        as_labels(self.labels, each[0])
        return each

    def _of_classes(self, p: Floats) -> dict[str, Floats]:
        """Return each class's scores ``(1 + B, K)``."""
        classes = p.shape[1]
        cells = np.zeros((len(p), classes**2))
        cells[np.arange(len(p)), self.labels * classes + p.argmax(axis=1)] = 1
        confusion = self._weighted(cells).reshape(-1, classes, classes)
        right, actual, called = confusion.diagonal(axis1=1, axis2=2), confusion.sum(axis=2), confusion.sum(axis=1)
        total = actual.sum(axis=1, keepdims=True)
        return {
            "sensitivity": right / actual,
            "specificity": 1 - (called - right) / (total - actual),
            "precision": right / np.maximum(called, 1),
            "f1": 2 * right / (actual + called),
            "auc": self._aucs(p),
        }

    def _aucs(self, p: Floats) -> Floats:
        """Return the AUC of each class against the rest ``(1 + B, K)``; of two classes both have the same."""
        classes = p.shape[1]
        judged = [1] if classes == 2 else range(classes)
        aucs = np.stack([weighted_auc(p[:, k], self.labels == k, self.weights) for k in judged], axis=1)
        return np.repeat(aucs, classes, axis=1) if classes == 2 else aucs

    def _mean(self, values: NDArray[np.float64] | NDArray[np.bool_]) -> Floats:
        """Return the mean of one number per image under each draw ``(1 + B,)``."""
        total, count = self._weighted(np.stack([values, np.ones(len(values))], axis=1)).T
        mean: Floats = total / count
        return mean

    def _weighted(self, columns: Floats) -> Floats:
        """Return the sums of columns ``(N, M)`` under each draw ``(1 + B, M)``, block by block to spare memory."""
        parts = (self.weights[part].astype(np.float64) @ columns for part in blocks(len(self.weights), 128))
        return np.concatenate(list(parts))

    def _samples(self, rows: Iterable[Floats]) -> ArmSamples:
        """Join the seeds' scores ``(1 + B,)``: those of the draws of images, and how the seeds drawn differ."""
        table = np.stack(list(rows))
        of_each = table[:, 0]
        value = float(of_each.mean())
        chosen = seed_draws((1, len(table)), self.resamples, seeding.generator(self.seed, "bootstrap/seeds"))
        return ArmSamples(value, table[:, 1:].mean(axis=0) + (chosen @ of_each - value))


def mean_of(samples: Iterable[ArmSamples]) -> ArmSamples:
    """Return the average of scores of one bootstrap."""
    every = list(samples)
    return ArmSamples(float(np.mean([each.value for each in every])), np.mean([each.samples for each in every], axis=0))
