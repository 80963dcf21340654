"""What a model in ONNX form is worth: what it says of validation and test images, and scores of that."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from synthetyk.compression.report import Figure, TestScores, ViewsScores
from synthetyk.core.errors import MetricError
from synthetyk.data.dataset import Dataset, Subset, to_unit
from synthetyk.data.digest import hash_images
from synthetyk.metrics.bootstrap import ArmSamples, auc_samples, difference
from synthetyk.metrics.group_intervals import accuracy_interval, calibration_interval
from synthetyk.runtime.session import OnnxModel
from synthetyk.training.classifier import TrainedClassifier
from synthetyk.training.classifier_trainer import judgeable_auc

BATCH = 64

Probabilities = NDArray[np.float32]


@dataclass(frozen=True)
class Splits:
    """The labelled images of a data set: training shows ranges and teaches, validation chooses, test is reported."""

    train: Subset
    val: Subset
    test: Subset

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Leave out images without a label."""
        return cls(*(part.select(part.labels >= 0) for part in (dataset.train, dataset.val, dataset.test)))

    @property
    def sha256(self) -> str:
        """SHA-256 over every class name, label, pixel and group."""
        parts = (self.train, self.val, self.test)
        digest = hashlib.sha256(hash_images(self.train.class_names, parts).encode())
        for part in parts:
            digest.update(part.groups.tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Predictions:
    """What a model says.

    Attributes:
        val: Probabilities of the validation images, float32 ``(N, K)``.
        test: Of the test images.
    """

    val: Probabilities
    test: Probabilities

    @classmethod
    def of(cls, model: bytes, splits: Splits) -> Self:
        """Ask a ``classifier.onnx``."""
        session = OnnxModel(model, "classifier.onnx")
        return cls(*(_said(session, part) for part in (splits.val, splits.test)))

    @classmethod
    def of_views(cls, classifier: TrainedClassifier, splits: Splits) -> Self | None:
        """Ask a classifier that averages over several looks at an image; None if it takes one."""
        if not classifier.views:
            return None
        parts = (splits.val, splits.test)
        return cls(*(np.concatenate([classifier.probabilities(batch) for batch in _blocks(part)]) for part in parts))


def _said(session: OnnxModel, images: Subset) -> Probabilities:
    said = [session.run(["probabilities"], {"images": batch})[0] for batch in unit_batches(images)]
    return np.concatenate(said) if said else np.empty((0, len(images.class_names)), dtype=np.float32)


def unit_batches(images: Subset) -> Iterator[NDArray[np.float32]]:
    """Yield images as float32 in [-1, 1], batch by batch."""
    for start in range(0, len(images), BATCH):
        yield to_unit(images.batch(slice(start, start + BATCH)))


def _blocks(images: Subset) -> Iterator[NDArray[np.uint8]]:
    """Yield stored images, at least one batch, which may be empty."""
    for start in range(0, max(1, len(images)), BATCH):
        yield images.batch(slice(start, start + BATCH))


def validation_auc(said: Predictions, splits: Splits) -> float | None:
    """Return the AUC by which a row is picked; None if validation images are of one class."""
    return judgeable_auc(said.val.astype(np.float64), splits.val.labels)


def scores_on_test(
    said: Predictions,
    original: Predictions,
    splits: Splits,
    *,
    views: Predictions | None = None,
    resamples: int,
    seed: int,
) -> TestScores | None:
    """Return the scores on the test split beside the original's; None if a class has too few images there.

    All intervals share their draws of test groups, which makes differences paired.

    Args:
        said: What the model says.
        original: What the original's file says.
        splits: The images.
        views: What the classifier says that averages over several looks, if it does.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
    """
    labels, groups = splits.test.labels, splits.test.groups
    try:
        mine, theirs = (auc_on_test(each, splits, resamples, seed) for each in (said, original))
        whole = auc_on_test(views, splits, resamples, seed) if views else None
        accuracy = accuracy_interval(said.test, labels, groups, resamples=resamples, seed=seed)
        calibration = calibration_interval(said.test, labels, groups, resamples=resamples, seed=seed)
    except MetricError:
        return None
    return TestScores(
        auc=Figure.of(mine.interval),
        accuracy=Figure.of(accuracy),
        calibration_error=Figure.of(calibration),
        auc_difference=_difference(mine, theirs),
        agreement=float((said.test.argmax(axis=1) == original.test.argmax(axis=1)).mean()),
        views_difference=_difference(mine, whole) if whole else None,
    )


def views_scores(views: Predictions, copies: int, splits: Splits, *, resamples: int, seed: int) -> ViewsScores:
    """Return what a classifier with several looks is worth; arguments as in `scores_on_test`."""
    try:
        auc = Figure.of(auc_on_test(views, splits, resamples, seed).interval)
    except MetricError:
        auc = None
    return ViewsScores(copies=copies, validation_auc=validation_auc(views, splits), auc=auc)


def auc_on_test(said: Predictions, splits: Splits, resamples: int, seed: int) -> ArmSamples:
    """Return the AUC on the test split; all share their draws of test groups.

    Raises:
        MetricError: A class has too few images there.
    """
    labels, groups = splits.test.labels, splits.test.groups
    return auc_samples(said.test[None], labels, groups, arm="a", resamples=resamples, seed=seed)


def _difference(mine: ArmSamples, theirs: ArmSamples) -> Figure:
    changed = difference(mine, theirs)
    return Figure(value=changed.mean, low=changed.low, high=changed.high)
