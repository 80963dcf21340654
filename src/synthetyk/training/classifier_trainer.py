"""Trains the classifier: fixed steps, averaged weights, the best of them by validation."""

import math
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.swa_utils import update_bn

from synthetyk.core import seeding
from synthetyk.core.errors import DivergedError, TrainingError
from synthetyk.core.progress import Progress, silent
from synthetyk.metrics.auc import weighted_auc
from synthetyk.models.image_classifier import ImageClassifier
from synthetyk.models.weights import load_strictly
from synthetyk.tracking.tracker import NullTracker, Tracker
from synthetyk.training.batches import BatchOrder
from synthetyk.training.classifier import (
    BATCH,
    ClassifierConfig,
    TrainedClassifier,
    build_network,
    to_network,
)
from synthetyk.training.classifier_augment import augment
from synthetyk.training.classifier_optimizer import averaging, learning_rate_at, optimizer_of
from synthetyk.training.ema import EMA
from synthetyk.training.encoder_start import EncoderStart
from synthetyk.training.labelled_images import LabelledImages, looked_at
from synthetyk.training.numerics import prepare_torch
from synthetyk.training.validation_curve import (
    ValidationPoint,
    exhausted,
    fallen_rate,
    has_plateaued,
    kept_point,
    worth_keeping,
)

FOCAL_GAMMA = 2
REFRESHED = 32  # batches that tell a plain average of weights its normalisation statistics
TEMPERATURES = torch.logspace(math.log10(0.25), math.log10(4), 65)


class ClassifierTrainer:
    """Trains one classifier on the CPU; the same seed on the same machine gives the same bits.

    Args:
        config: How to train.
        train: Training images, all labelled.
        val: Validation images, all labelled; they choose the weights and the temperature. Looks in the training take no
            more than `looked_at` returns of them, what is kept is judged by all.
        start: What the encoder begins with instead of first weights of the seed.
        network: What to train instead of a network of the settings; its weights are where the training begins.
        tracker: Told the losses, accuracy, AUC and learning rate of every look at the validation split.
        progress: Told every step.

    Raises:
        TrainingError: Nothing to train or to validate on, fewer than two classes, or images without label.
        ArtifactError: What the encoder should begin with does not fit it.
    """

    def __init__(
        self,
        config: ClassifierConfig,
        train: LabelledImages,
        val: LabelledImages,
        *,
        start: EncoderStart | None = None,
        network: ImageClassifier | None = None,
        tracker: Tracker | None = None,
        progress: Progress = silent,
    ) -> None:
        _check(train, val)
        self.config, self.train, self.val, self.progress = config, train, val, progress
        self.tracker = tracker or NullTracker()
        self.labels, classes = train.labels, len(train.class_names)
        self.network = network or build_network(config, train.shape, classes)
        if start:
            load_strictly(self.network.encoder, start.state, start.origin)
        self.average = EMA(self.network)
        self.optimizer = optimizer_of(self.network, config)
        self.order = BatchOrder(_pools(train.labels, config), config.batch_size, config.seed, shuffle=config.shuffle)
        self.curve: list[ValidationPoint] = []
        self.looked_at = looked_at(val)
        self.rarest = int(np.unique(self.looked_at.labels, return_counts=True)[1].min())
        self.losses: list[Tensor] = []  # of the steps since the last look
        self.class_weights = _class_weights(train.labels, classes) if config.balance == "weights" else None

    def fit(self) -> TrainedClassifier:
        """Train for the given steps, or until the settings say to stop, and return the averaged weights to be kept.

        Raises:
            DivergedError: The weights are no longer finite.
        """
        prepare_torch(self.config.threads)
        weights: dict[int, dict[str, Tensor]] = {}
        for step in range(1, self.config.steps + 1):
            self.progress(step - 1, self.config.steps, self._words())
            self.train_step(step - 1)
            if step % self.config.evaluate_every == 0 or step == self.config.steps:
                self._look(step)
                if self.config.average == "ema":
                    weights[step] = {name: value.clone() for name, value in self.average.network.state_dict().items()}
                    weights = {point.step: weights[point.step] for point in worth_keeping(self.curve)}
                if self.config.stop and exhausted(self.curve, self.config.stop):
                    break
        self.progress(step, self.config.steps, self._words())
        if self.config.average == "swa":
            return self._trained(self.curve[-1])
        best = kept_point(self.curve, self.config.keep, self.rarest)
        self.average.network.load_state_dict(weights[best.step])
        return self._trained(best)

    def _look(self, step: int) -> None:
        """Look at the validation split and tell of it; a plain average learns its statistics before the last look."""
        if self.config.average == "swa" and step == self.config.steps:
            recent = range(max(0, step - REFRESHED), step)
            update_bn((self._batch(number)[0] for number in recent), self.average.network)
        self.curve.append(self.evaluate(step))
        self._tell(self.curve[-1])

    def _words(self) -> str:
        return f"validation loss {self.curve[-1].loss:.3f} at step {self.curve[-1].step:,}" if self.curve else ""

    def train_step(self, step: int) -> None:
        """Make one step; steps count from 0."""
        images, labels = self._batch(step)
        self._set_rates(step)
        self._freeze(step < self.config.frozen_steps)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.precision == "bf16"):
            logits = self.network(images).float()
        loss = self.loss(images, logits, labels)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.average.update(self.network, averaging(step, self.config))
        self.losses.append(loss.detach())

    def _batch(self, step: int) -> tuple[Tensor, Tensor]:
        positions = self.order.positions(step)
        images, labels = to_network(self.train.batch(positions)), torch.from_numpy(self.labels[positions])
        if self.config.augment == "classical":
            random = seeding.generator(self.config.seed, "classifier/augment", step=step)
            images = augment(images, random, flips=self.config.flips)
        return images, labels

    def loss(self, images: Tensor, logits: Tensor, labels: Tensor) -> Tensor:  # noqa: ARG002
        """Return the loss of a batch; what learns from more than labels overrides it.

        Args:
            images: ``(N, C, H, W)``, as the network saw them.
            logits: ``(N, K)``.
            labels: ``(N,)``.
        """
        return classification_loss(logits, labels, self.config, self.class_weights)

    def _set_rates(self, step: int) -> None:
        rate = learning_rate_at(step, self.config)
        if self.config.fall:
            rate = fallen_rate(rate, self.curve, self.config.fall)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["part"]

    def _tell(self, point: ValidationPoint) -> None:
        """Tell the tracker of a look: its figures, the mean loss of the steps before it, the rate of the last."""
        figures = {"train_loss": float(torch.stack(self.losses).mean()), "val_loss": point.loss}
        figures |= {"val_accuracy": point.accuracy, **({} if point.auc is None else {"val_auc": point.auc})}
        self.tracker.log(point.step, {**figures, "learning_rate": self.optimizer.param_groups[-1]["lr"]})
        self.losses.clear()

    def _freeze(self, frozen: bool) -> None:
        self.network.encoder.train(not frozen).requires_grad_(not frozen)

    def evaluate(self, step: int) -> ValidationPoint:
        """Look at the validation split with the averaged weights.

        Raises:
            DivergedError: They are no longer finite.
        """
        logits, labels = self._logits(self.looked_at), torch.from_numpy(self.looked_at.labels)
        if not logits.isfinite().all():
            raise DivergedError(f"The classifier diverged before step {step}", action="Lower its learning rate")
        return ValidationPoint(
            step=step,
            loss=float(F.cross_entropy(logits, labels)),
            accuracy=float((logits.argmax(dim=1) == labels).double().mean()),
            auc=judgeable_auc(logits.softmax(dim=1).double().numpy(), self.looked_at.labels),
        )

    @torch.inference_mode()
    def _logits(self, shown: LabelledImages) -> Tensor:
        positions = np.arange(len(shown), dtype=np.int64)
        starts = range(0, len(positions), BATCH)
        batches = (shown.batch(positions[start : start + BATCH]) for start in starts)
        return torch.cat([self.average.network(to_network(images)) for images in batches])

    def _trained(self, best: ValidationPoint) -> TrainedClassifier:
        """Return the averaged network as it is, calibrated, and as it sees best."""
        temperature = best_temperature(self._logits(self.val), torch.from_numpy(self.val.labels))
        trained = TrainedClassifier(
            self.average.network,
            self.config,
            self.train.class_names,
            self.train.shape,
            tuple(self.curve),
            best_step=best.step,
            plateaued=has_plateaued(self.curve, self.rarest),
            temperature=temperature,
        )
        return self._seeing_best(trained) if self.config.views else trained

    def _seeing_best(self, plain: TrainedClassifier) -> TrainedClassifier:
        """Average over changed copies of an image if that lowers the validation loss."""
        averaged = replace(plain, views=self.config.views)
        gain = self._validation_loss(plain) - self._validation_loss(averaged)
        return replace(averaged if gain > 0 else plain, views_gain=gain)

    def _validation_loss(self, trained: TrainedClassifier) -> float:
        batches = (np.arange(start, min(start + BATCH, len(self.val))) for start in range(0, len(self.val), BATCH))
        said = np.concatenate([trained.probabilities(self.val.batch(positions)) for positions in batches])
        right = said[np.arange(len(said)), self.val.labels].astype(np.float64)
        return float(-np.log(np.maximum(right, np.finfo(np.float32).tiny)).mean())


def classification_loss(
    logits: Tensor, labels: Tensor, config: ClassifierConfig, class_weights: Tensor | None
) -> Tensor:
    """Return the loss of a batch.

    Args:
        logits: ``(N, K)``.
        labels: ``(N,)``.
        config: Which loss, and how much of the target is spread over all classes.
        class_weights: ``(K,)``, or None if all weigh alike.
    """
    smoothing = config.label_smoothing
    if config.loss == "cross_entropy":
        return F.cross_entropy(logits, labels, weight=class_weights, label_smoothing=smoothing)
    each = F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")
    right = logits.softmax(dim=1).gather(1, labels[:, None]).squeeze(1)
    weights = torch.ones_like(each) if class_weights is None else class_weights[labels]
    return (weights * (1 - right) ** FOCAL_GAMMA * each).sum() / weights.sum()


def judgeable_auc(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float | None:
    """Return the mean AUC, one against the rest, over the classes that have images in `labels`; None if only one has.

    Args:
        probabilities: ``(N, K)``.
        labels: ``(N,)``.
    """
    present = np.unique(labels)
    if len(present) < 2:
        return None
    judged = present[-1:] if probabilities.shape[1] == 2 else present
    once = np.ones((1, len(labels)))
    return float(np.mean([weighted_auc(probabilities[:, k], labels == k, once)[0] for k in judged]))


def best_temperature(logits: Tensor, labels: Tensor) -> float:
    """Return what to divide logits ``(N, K)`` by for the least cross-entropy, between 1/4 and 4."""
    losses = torch.stack([F.cross_entropy(logits / temperature, labels) for temperature in TEMPERATURES])
    return float(TEMPERATURES[int(losses.argmin())])


def _pools(labels: NDArray[np.int64], config: ClassifierConfig) -> list[NDArray[np.int64]]:
    if config.balance == "oversample":
        return [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return [np.arange(len(labels), dtype=np.int64)]


def _class_weights(labels: NDArray[np.int64], classes: int) -> Tensor:
    """Inverse class frequency, 1 if all are equally frequent; an absent class is never asked for its weight."""
    counts = np.bincount(labels, minlength=classes).clip(min=1)
    return torch.from_numpy((len(labels) / (classes * counts)).astype(np.float32))


def _check(train: LabelledImages, val: LabelledImages) -> None:
    if not len(val):
        raise TrainingError("There are no validation images", action="synthetyk data inspect says why")
    if len(np.unique(train.labels)) < 2:
        raise TrainingError("The training images are of fewer than two classes", expected="at least two")
    if train.labels.min() < 0 or val.labels.min() < 0:
        raise TrainingError("Some images have no label", expected="a label for every training and validation image")
