"""Anomalies: what an autoencoder that has met normal images alone cannot draw again."""

from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.core.artifacts import Artifact
from synthetyk.core.config import Config
from synthetyk.core.errors import NotApplicableError
from synthetyk.data.dataset import Subset, to_unit
from synthetyk.evaluation.described import pieces
from synthetyk.metrics.auc import weighted_auc
from synthetyk.metrics.bootstrap import group_draws, group_numbers
from synthetyk.metrics.checks import Floats
from synthetyk.metrics.interval import Interval, percentile_interval

WINDOW = 16  # error maps are averaged over windows of a sixteenth of the image's longer side,
NARROWEST = 3  # and of at least so many pixels: a single one's error is mostly noise
STEADY = 0.1  # of the mean deviation over places: steadier than that is no place taken for
BELOW = 0.95  # of normal images
RESAMPLES = 2000


class Drawing(Protocol):
    """Draws images again; `training.autoencoder.TrainedAutoencoder` is one."""

    def drawn(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
        """Return what is drawn of uint8 images ``(N, C, H, W)``, float32 in [-1, 1]."""
        ...


class Estimate(Config):
    """A measured value and its 95% interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, interval: Interval) -> "Estimate":
        """Return an interval as it is kept."""
        return cls(value=interval.value, low=interval.low, high=interval.high)


class AnomalyReport(Artifact):
    """``anomalies.json``.

    Attributes:
        normal: The class that the autoencoder was trained on.
        trained_on: Images of it.
        counts: Test images of each class.
        auroc: How well the score tells every other class from the normal one.
        by_class: The same for each other class alone.
        limit: The score that 95% of normal validation images stay below: above it an image is called an anomaly.
        found: Part of the other classes' test images above it.
        false_alarms: Part of the normal test images above it.
    """

    schema_name: ClassVar[str] = "anomalies"

    normal: str
    trained_on: int
    counts: dict[str, int]
    auroc: Estimate
    by_class: dict[str, Estimate]
    limit: float
    found: float
    false_alarms: float


@dataclass(frozen=True)
class AnomalyDetector:
    """Tells how strange images are, place by place.

    An edge is drawn worse than a plain area, and noise worse than either, in healthy images too: the plain error would
    call a sharp normal image stranger than a hazy one with a finding. So an error counts by how far it lies from what
    normal images show at the same place, in their standard deviations, to either side.

    Attributes:
        autoencoder: Draws images again.
        mean: Mean error of normal training images, float64 ``(H, W)``.
        deviation: Its standard deviation, float64 ``(H, W)``.
    """

    autoencoder: Drawing
    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, autoencoder: Drawing, normal: Subset) -> Self:
        """Learn from normal training images how large errors usually are; they are read piece by piece."""
        total, squares = np.zeros(normal.shape[1:]), np.zeros(normal.shape[1:])
        for images in pieces(normal):
            errors = error_maps(autoencoder, images).astype(np.float64)
            total, squares = total + errors.sum(axis=0), squares + np.square(errors).sum(axis=0)
        mean = total / len(normal)
        deviation = np.sqrt(np.maximum(squares / len(normal) - np.square(mean), 0))
        return cls(autoencoder, mean, np.maximum(deviation, STEADY * deviation.mean() + np.finfo(np.float32).tiny))

    def maps(self, images: NDArray[np.uint8]) -> Floats:
        """Return how strange each place of uint8 images ``(N, C, H, W)`` is, ``(N, H, W)``, about 1 if it is not."""
        return np.square((error_maps(self.autoencoder, images) - self.mean) / self.deviation)

    def limit(self, normal: Subset) -> float:
        """Return the score that 95% of normal validation images stay below."""
        return float(np.quantile(self.scores(normal), BELOW))

    def scores(self, subset: Subset) -> Floats:
        """Return how strange each image is, ``(N,)``: the mean of its map."""
        return np.concatenate([self.maps(images).mean(axis=(1, 2)) for images in pieces(subset)], axis=0)


def error_maps(autoencoder: Drawing, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return how wrong an image is drawn, place by place.

    Args:
        autoencoder: Draws images again.
        images: uint8 ``(N, C, H, W)``.

    Returns:
        float32 ``(N, H, W)``: squared errors of half the range from black to white, averaged over channels and over a
        window about each place.
    """
    wrong = np.square(autoencoder.drawn(images) - to_unit(images)).mean(axis=1, keepdims=True)
    side = max(NARROWEST, max(images.shape[2:]) // WINDOW // 2 * 2 + 1)
    smooth = F.avg_pool2d(torch.from_numpy(wrong), side, stride=1, padding=side // 2, count_include_pad=False)
    maps: NDArray[np.float32] = smooth[:, 0].numpy()
    return maps


def detect(
    detector: AnomalyDetector, train: Subset, val: Subset, test: Subset, normal: int, *, seed: int
) -> AnomalyReport:
    """Measure how well anomalies are told from normal images.

    Args:
        detector: Of the normal images of `train`.
        train: The training split, for its counts.
        val: Its normal images set the limit.
        test: What is judged.
        normal: The normal class.
        seed: The run's seed.

    Raises:
        NotApplicableError: There are no normal images to judge by, or no others.
    """
    names, labels = test.class_names, test.labels
    if not ((labels == normal).any() and (labels[labels >= 0] != normal).any() and (val.labels == normal).any()):
        raise NotApplicableError(
            f"Without test images of {names[normal]} and of another class, and validation images of {names[normal]}, "
            "there is nothing to measure anomalies by"
        )
    scores = detector.scores(test)
    limit = detector.limit(val.of_class(normal))
    others = [label for label in np.unique(labels[labels >= 0]) if label != normal]
    called = scores > limit
    return AnomalyReport(
        normal=names[normal],
        trained_on=int((train.labels == normal).sum()),
        counts={name: int((labels == label).sum()) for label, name in enumerate(names)},
        auroc=Estimate.of(auroc(scores, test, normal, others, seed)),
        by_class={names[label]: Estimate.of(auroc(scores, test, normal, [label], seed)) for label in others},
        limit=limit,
        found=float(called[np.isin(labels, others)].mean()),
        false_alarms=float(called[labels == normal].mean()),
    )


def auroc(scores: Floats, test: Subset, normal: int, others: list[int], seed: int) -> Interval:
    """Return the AUROC of scores with a 95% interval, by a bootstrap over patients.

    Args:
        scores: ``(N,)``, higher for what is strange.
        test: The images.
        normal: The normal class.
        others: What is to be found.
        seed: The run's seed.
    """
    judged = np.isin(test.labels, [normal, *others])
    strange, patients = test.labels[judged] != normal, group_numbers(test.groups[judged], int(judged.sum()))
    draws = group_draws(patients, strange.astype(np.int64), RESAMPLES, seeding.generator(seed, "anomaly/bootstrap"))
    once = np.ones((1, len(strange)))
    value = float(weighted_auc(scores[judged], strange, once)[0])
    return percentile_interval(value, weighted_auc(scores[judged], strange, draws[:, patients]))
