"""Autoencoders: what an encoder learns from images without their labels.

``denoise`` takes noise away (Vincent et al., "Extracting and composing robust features with denoising autoencoders",
ICML 2008), ``mask`` fills in squares that were left grey (Xie et al., "SimMIM: a simple framework for masked image
modeling", CVPR 2022): the loss counts only those. ``draw`` draws the image as it is, through a narrow place.
"""

import copy
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from synthetyk.core import seeding
from synthetyk.core.artifacts import Artifact
from synthetyk.core.config import Config
from synthetyk.core.errors import DivergedError, TrainingError
from synthetyk.core.progress import Progress, silent
from synthetyk.models.autoencoder import Autoencoder
from synthetyk.models.encoder import EncoderShape
from synthetyk.training.batches import BatchOrder
from synthetyk.training.classifier import BATCH, to_network
from synthetyk.training.classifier_augment import augment
from synthetyk.training.encoder_start import EncoderStart
from synthetyk.training.labelled_images import LabelledImages
from synthetyk.training.numerics import prepare_torch
from synthetyk.training.weights_file import load_weights, save_weights

Task = Literal["denoise", "mask", "draw"]
ABOUT_FILE, WEIGHTS_FILE = "autoencoder.json", "autoencoder.safetensors"


class AutoencoderConfig(Config):
    """How an autoencoder is trained.

    Attributes:
        encoder: Name of a registered encoder.
        width: Channels of EdgeNet's first block; other encoders come in one width.
        task: What it learns.
        code: Channels of the narrow place between encoder and decoder; 0: there is none.
        noise: Standard deviation of the noise to be taken away, of half the range from black to white.
        masked: Part of the squares that are left grey.
        squares: Squares along the longer side of an image.
        augment: Whether every training image is changed first as `classifier_augment` does.
        flips: Whether that may also mirror and turn upside down.
        steps: Training steps.
        batch_size: Images per step.
        learning_rate: AdamW's, reached after a tenth of the steps, then falling to 0 as a cosine does.
        weight_decay: AdamW's.
        evaluate_every: Steps between two looks at the validation images.
        seed: Seed of first weights, order, noise and squares.
        threads: CPU threads.
    """

    encoder: str = "edgenet"
    width: int = Field(16, ge=8)
    task: Task = "denoise"
    code: int = Field(0, ge=0)
    noise: float = Field(0.4, gt=0)
    masked: float = Field(0.5, gt=0, lt=1)
    squares: int = Field(8, ge=2)
    augment: bool = False
    flips: bool = False
    steps: int = Field(1000, ge=1)
    batch_size: int = Field(64, ge=2)
    learning_rate: float = Field(2e-3, gt=0)
    weight_decay: float = Field(0.05, ge=0)
    evaluate_every: int = Field(100, ge=1)
    seed: int = Field(0, ge=0)
    threads: int = Field(1, ge=1)


class AutoencoderFile(Artifact):
    """``autoencoder.json``: everything about an autoencoder but its weights.

    Attributes:
        shape: (C, H, W) of an image.
        config: Settings of its training.
        curve: Validation loss by step.
        best_step: Where its weights were taken.
        weights_sha256: Of the weights file beside it.
    """

    schema_name: ClassVar[str] = "autoencoder"

    shape: tuple[int, int, int]
    config: AutoencoderConfig
    curve: dict[int, float]
    best_step: int
    weights_sha256: str


@dataclass(frozen=True)
class TrainedAutoencoder:
    """An autoencoder at its best look.

    Attributes:
        network: In evaluation mode.
        shape: (C, H, W) of an image.
        config: Settings of its training.
        curve: Validation loss by step: squared error, of half the range from black to white.
        best_step: Where its weights were taken: the lowest loss.
    """

    network: Autoencoder
    shape: tuple[int, int, int]
    config: AutoencoderConfig
    curve: dict[int, float]
    best_step: int

    def start(self) -> EncoderStart:
        """Return its encoder for a classifier to begin with."""
        state = {name: value.clone() for name, value in self.network.encoder.state_dict().items()}
        return EncoderStart(state, f"an autoencoder ({self.config.task}) of the training images")

    @torch.inference_mode()
    def drawn(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return what is drawn of uint8 images ``(N, C, H, W)``, float32 in [-1, 1]."""
        parts = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
        return np.concatenate([self.network(to_network(part)).numpy() for part in parts])

    def save(self, folder: Path) -> None:
        """Write weights, then settings; a kill between the two leaves a pair that `load` refuses."""
        sha256 = save_weights(self.network, folder / WEIGHTS_FILE)
        AutoencoderFile(
            shape=self.shape,
            config=self.config,
            curve=self.curve,
            best_step=self.best_step,
            weights_sha256=sha256,
        ).save(folder / ABOUT_FILE)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read an autoencoder that `save` wrote.

        Raises:
            ArtifactError: A file is missing or damaged, or the two do not belong together.
        """
        about = AutoencoderFile.load(folder / ABOUT_FILE)
        network = build_autoencoder(about.config, about.shape)
        load_weights(network, folder / WEIGHTS_FILE, about.weights_sha256, about=ABOUT_FILE)
        values = {field.name: getattr(about, field.name) for field in fields(cls) if field.name != "network"}
        return cls(network.eval(), **values)


def build_autoencoder(config: AutoencoderConfig, shape: tuple[int, int, int]) -> Autoencoder:
    """Return the untrained network for images of `shape` (C, H, W).

    Raises:
        UnknownNameError: No encoder has the name in the settings.
    """
    return Autoencoder.build(config.encoder, EncoderShape(*shape, base=config.width), config.code, config.seed)


class AutoencoderTrainer:
    """Trains one autoencoder on the CPU; the same seed on the same machine gives the same bits.

    Args:
        config: How to train.
        train: Training images; their labels are not looked at.
        val: Validation images; they choose the weights.
        progress: Told every evaluated step.

    Raises:
        TrainingError: There are no training or no validation images.
    """

    def __init__(
        self, config: AutoencoderConfig, train: LabelledImages, val: LabelledImages, *, progress: Progress = silent
    ) -> None:
        if not (len(train) and len(val)):
            raise TrainingError(
                "There are no training or no validation images", action="synthetyk data inspect says why"
            )
        self.config, self.train, self.val, self.progress = config, train, val, progress
        self.network = build_autoencoder(config, train.shape)
        rate, decay = config.learning_rate, config.weight_decay
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=rate, weight_decay=decay, fused=True)
        self.order = BatchOrder([np.arange(len(train), dtype=np.int64)], config.batch_size, config.seed)

    def fit(self) -> TrainedAutoencoder:
        """Train for the given steps and return the weights with the lowest validation loss.

        Raises:
            DivergedError: A loss is no longer finite.
        """
        prepare_torch(self.config.threads)
        curve: dict[int, float] = {}
        best = copy.deepcopy(self.network)
        for step in range(1, self.config.steps + 1):
            self.train_step(step - 1)
            if step % self.config.evaluate_every == 0 or step == self.config.steps:
                curve[step] = self.evaluate(step)
                if curve[step] == min(curve.values()):
                    best = copy.deepcopy(self.network)
                self.progress(step, self.config.steps, f"validation loss {curve[step]:.4f}")
        best_step = min(curve, key=lambda step: curve[step])
        return TrainedAutoencoder(best.eval(), self.train.shape, self.config, curve, best_step)

    def train_step(self, step: int) -> None:
        """Make one step; steps count from 0."""
        images = to_network(self.train.batch(self.order.positions(step)))
        random = seeding.generator(self.config.seed, "autoencoder/step", step=step)
        if self.config.augment:
            images = augment(images, random, flips=self.config.flips)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate_at(step, self.config)
        loss = self._loss(self.network.train(), images, random)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    @torch.inference_mode()
    def evaluate(self, step: int) -> float:
        """Return the loss on validation images, whose noise and squares are the same every time.

        Raises:
            DivergedError: It is not finite.
        """
        network, total = self.network.eval(), 0.0
        for start in range(0, len(self.val), BATCH):
            positions = np.arange(start, min(start + BATCH, len(self.val)), dtype=np.int64)
            random = seeding.generator(self.config.seed, "autoencoder/validation", index=start)
            total += float(self._loss(network, to_network(self.val.batch(positions)), random)) * len(positions)
        if not np.isfinite(total):
            raise DivergedError(f"The autoencoder diverged before step {step}", action="Lower its learning rate")
        return total / len(self.val)

    def _loss(self, network: Autoencoder, images: Tensor, random: np.random.Generator) -> Tensor:
        shown, asked = corrupt(images, self.config, random)
        wrong = (network(shown) - images).square() * asked
        loss: Tensor = wrong.sum() / (asked.sum() * images.shape[1])
        return loss


def corrupt(images: Tensor, config: AutoencoderConfig, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return images as the network sees them, and where its drawing counts, float32 ``(N, 1, H, W)`` of 0 and 1."""
    everywhere = torch.ones(len(images), 1, *images.shape[2:])
    if config.task == "draw":
        return images, everywhere
    if config.task == "denoise":
        noise = torch.from_numpy(random.standard_normal(images.shape, dtype=np.float32))
        return images + config.noise * noise, everywhere
    hidden = _squares(images, config, random)
    return images * (1 - hidden), hidden


def learning_rate_at(step: int, config: AutoencoderConfig) -> float:
    """Return the rate of one step: a linear rise over the first tenth, then half a cosine down to 0."""
    warm = max(config.steps // 10, 1)
    if step < warm:
        return config.learning_rate * (step + 1) / warm
    return config.learning_rate * (1 + math.cos(math.pi * (step - warm) / max(config.steps - warm, 1))) / 2


def _squares(images: Tensor, config: AutoencoderConfig, random: np.random.Generator) -> Tensor:
    """Return 1 where it is grey: at least one square of every image, and never all."""
    count, _, height, width = images.shape
    side = max(1, -(-max(height, width) // config.squares))
    rows, columns = -(-height // side), -(-width // side)
    number = min(max(1, round(config.masked * rows * columns)), rows * columns - 1)
    order = random.random((count, rows * columns)).argsort(axis=1)
    grid = torch.from_numpy((order < number).astype(np.float32)).view(count, 1, rows, columns)
    return F.interpolate(grid, scale_factor=side)[:, :, :height, :width]
