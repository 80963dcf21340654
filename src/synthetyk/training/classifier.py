"""A trained classifier: what it was trained with, what it says about images, and its two files."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator
from torch import Tensor

from synthetyk.core.artifacts import Artifact, Migration
from synthetyk.core.config import Config
from synthetyk.data.dataset import to_unit
from synthetyk.models.encoder import EncoderShape
from synthetyk.models.image_classifier import ImageClassifier
from synthetyk.training.classifier_augment import view
from synthetyk.training.validation_curve import Keep, Patience, RateFall, ValidationPoint
from synthetyk.training.weights_file import load_weights, save_weights

OptimizerName = Literal["adam", "adamw", "nadam", "rmsprop", "sgd"]
BATCH = 64
SETTINGS_FILE, WEIGHTS_FILE = "classifier.json", "classifier.safetensors"


class ClassifierConfig(Config):
    """How a classifier is trained.

    Attributes:
        encoder: Name of a registered encoder.
        width: Channels of EdgeNet's first block; other encoders come in one width.
        steps: Training steps; the same in every arm of a study.
        batch_size: Images per step.
        optimizer: By its usual name.
        learning_rate: The optimizer's, reached after a tenth of the steps and then kept.
        encoder_rate: The encoder's learning rate as a part of that, for one that was trained before.
        frozen_steps: First steps in which only the head learns, and the encoder's statistics stand still.
        weight_decay: Of AdamW and SGD, on convolutions and head only.
        loss: Cross-entropy, or the focal loss with a gamma of 2 (Lin et al., "Focal loss for dense object detection",
            ICCV 2017, equation 4).
        label_smoothing: Share of the target spread over all classes.
        balance: ``weights`` weighs the loss by inverse class frequency, ``oversample`` draws classes equally often.
        augment: ``classical`` changes every training image, see `classifier_augment`.
        flips: Whether augmentation may also mirror and turn upside down.
        ema_decay: Share of the averaged weights kept in each step; early on less, see
            `classifier_optimizer.averaging`.
        average: Which weights are looked at and kept: ``ema``, their exponential average, or ``swa``, the plain average
            over the last quarter of the steps with normalisation statistics of its own (Izmailov et al., "Averaging
            weights leads to wider optima and better generalization", UAI 2018), whose last look is kept.
        views: Changed copies of an image, see `classifier_augment.view`, whose probabilities are averaged with its own,
            if that lowers the validation loss.
        shuffle: Whether every epoch has an order of its own; false: that of the data set.
        evaluate_every: Steps between two looks at the validation split.
        keep: Which look's weights are kept: the ``best``, the one with the best loss, accuracy or AUC, or the
            ``last``, see `validation_curve.kept_point`.
        stop: When the training ends before its last step; not with ``swa``.
        fall: When the learning rate falls.
        seed: Seed of initial weights, order and augmentation.
        threads: CPU threads.
        precision: ``bf16`` computes in bfloat16 where torch deems it safe; weights and averages stay float32.
    """

    encoder: str = "edgenet"
    width: int = Field(16, ge=8)
    steps: int = Field(1000, ge=1)
    batch_size: int = Field(64, ge=2)
    optimizer: OptimizerName = "adamw"
    learning_rate: float = Field(4e-3, gt=0)
    encoder_rate: float = Field(1.0, ge=0)
    frozen_steps: int = Field(0, ge=0)
    weight_decay: float = Field(0.05, ge=0)
    loss: Literal["cross_entropy", "focal"] = "cross_entropy"
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    balance: Literal["none", "weights", "oversample"] = "none"
    augment: Literal["none", "classical"] = "none"
    flips: bool = False
    ema_decay: float = Field(0.998, ge=0, lt=1)
    average: Literal["ema", "swa"] = "ema"
    views: int = Field(0, ge=0)
    shuffle: bool = True
    evaluate_every: int = Field(50, ge=1)
    keep: Keep = "best"
    stop: Patience | None = None
    fall: RateFall | None = None
    seed: int = Field(0, ge=0)
    threads: int = Field(1, ge=1)
    precision: Literal["fp32", "bf16"] = "fp32"

    @model_validator(mode="after")
    def _averages_to_the_end(self) -> Self:
        if self.average == "swa" and self.stop:
            raise ValueError(
                "average 'ema' where there is a stop: 'swa' is the average of the last quarter of all steps"
            )
        return self


class ClassifierFile(Artifact):
    """``classifier.json``: everything about a classifier but its weights.

    Attributes:
        class_names: One name per output.
        shape: (C, H, W) of an image.
        config: Settings of its training.
        curve: Its validation curve.
        best_step: Where its weights were taken.
        plateaued: Whether longer training was no longer worth it, see `classifier_trainer.has_plateaued`.
        temperature: What logits are divided by, chosen on validation.
        views: Changed copies that are averaged over, 0 where that did not lower the validation loss.
        views_gain: By how much it did, in nats, below 0 if it raised it; None: it was not tried.
        weights_sha256: Of the weights file beside it.
    """

    schema_name: ClassVar[str] = "classifier"
    schema_version: ClassVar[int] = 2
    migrations: ClassVar[dict[int, Migration]] = {1: dict}  # nothing was averaged over copies

    class_names: tuple[str, ...]
    shape: tuple[int, int, int]
    config: ClassifierConfig
    curve: tuple[ValidationPoint, ...]
    best_step: int
    plateaued: bool
    temperature: float
    views: int = 0
    views_gain: float | None = None
    weights_sha256: str


@dataclass(frozen=True)
class TrainedClassifier:
    """Predicts classes; its pooled features serve distances between sets of images.

    Attributes:
        network: In evaluation mode.
        config: Settings of its training.
        class_names: One name per output.
        shape: (C, H, W) of an image.
        curve: Its validation curve.
        best_step: Where its weights were taken.
        plateaued: Whether longer training was no longer worth it.
        temperature: What logits are divided by (Guo et al., "On calibration", ICML 2017, section 4.2).
        views: Changed copies of an image whose probabilities are averaged with its own.
        views_gain: By how much that lowered the validation loss, in nats; None: it was not tried.
    """

    network: ImageClassifier
    config: ClassifierConfig
    class_names: tuple[str, ...]
    shape: tuple[int, int, int]
    curve: tuple[ValidationPoint, ...]
    best_step: int
    plateaued: bool
    temperature: float
    views: int = 0
    views_gain: float | None = None

    @property
    def dimension(self) -> int:
        """Length of one feature vector."""
        return self.network.dimension

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map uint8 images ``(N, C, H, W)`` to pooled features ``(N, dimension)``."""
        return self.describe(images)[0]

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map uint8 images ``(N, C, H, W)`` to class probabilities ``(N, K)``."""
        return self.describe(images)[1]

    @torch.inference_mode()
    def describe(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return features of uint8 images ``(N, C, H, W)``, and probabilities, averaged over copies if asked to."""
        features = [self.network.features(x) for x in network_batches(images)]
        joined = torch.cat(features) if features else torch.empty(0, self.dimension)
        plain = (self.network.head(joined) / self.temperature).softmax(dim=1)
        return joined.numpy(), self._averaged(images, plain).numpy()

    def _averaged(self, images: NDArray[np.uint8], plain: Tensor) -> Tensor:
        total = plain.clone()
        for number in range(1, self.views + 1):
            seen = [view(x, number, self.config.seed, flips=self.config.flips) for x in network_batches(images)]
            total += torch.cat([(self.network(x) / self.temperature).softmax(dim=1) for x in seen] or [plain])
        return total / (1 + self.views)

    def save(self, folder: Path) -> None:
        """Write weights, then settings; a kill between the two leaves a pair that `load` refuses."""
        sha256 = save_weights(self.network, folder / WEIGHTS_FILE)
        ClassifierFile(
            class_names=self.class_names,
            shape=self.shape,
            config=self.config,
            curve=self.curve,
            best_step=self.best_step,
            plateaued=self.plateaued,
            temperature=self.temperature,
            views=self.views,
            views_gain=self.views_gain,
            weights_sha256=sha256,
        ).save(folder / SETTINGS_FILE)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a classifier that `save` wrote.

        Raises:
            ArtifactError: A file is missing or damaged, or the two do not belong together.
        """
        about = ClassifierFile.load(folder / SETTINGS_FILE)
        network = build_network(about.config, about.shape, len(about.class_names))
        load_weights(network, folder / WEIGHTS_FILE, about.weights_sha256, about=SETTINGS_FILE, now=_name_now)
        values = {field.name: getattr(about, field.name) for field in fields(cls) if field.name != "network"}
        return cls(network.eval(), **values)


def _name_now(name: str) -> str:
    """Return a weight's name; files from before encoders had names of their own have EdgeNet's alone."""
    return name if name.startswith(("encoder.", "head.")) else f"encoder.{name}"


def build_network(config: ClassifierConfig, shape: tuple[int, int, int], classes: int) -> ImageClassifier:
    """Return the untrained network for images of `shape` (C, H, W).

    Raises:
        UnknownNameError: No encoder has the name in the settings.
    """
    return ImageClassifier.build(config.encoder, EncoderShape(*shape, base=config.width), classes, config.seed)


def network_batches(images: NDArray[np.uint8]) -> Iterator[Tensor]:
    """Yield stored images as the float32 batches that a network takes."""
    for start in range(0, len(images), BATCH):
        yield to_network(images[start : start + BATCH])


def to_network(images: NDArray[np.uint8]) -> Tensor:
    """Return stored images ``(N, C, H, W)`` as float32 in [-1, 1], channels last in memory."""
    return torch.from_numpy(to_unit(images)).contiguous(memory_format=torch.channels_last)
