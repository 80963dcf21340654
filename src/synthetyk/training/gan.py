"""A GAN in training: both networks, the average, both optimisers, and what one step does to them."""

from typing import Annotated, Any, Literal

import torch
from pydantic import AfterValidator, Field
from torch import Tensor, nn

from synthetyk.core import seeding
from synthetyk.core.config import Config
from synthetyk.models.dcgan import Discriminator, Generator, NetworkConfig, initialise
from synthetyk.training.augment import POLICIES, augment, draw
from synthetyk.training.checkpoint import load_optimizer, optimizer_tensors, tensors_under
from synthetyk.training.ema import EMA, ema_decay
from synthetyk.training.gan_losses import discriminator_loss, generator_loss
from synthetyk.training.monitor import MonitorConfig


def _known_policy(policy: str) -> str:
    unknown = [name for name in filter(None, policy.split(",")) if name not in POLICIES]
    if unknown:
        raise ValueError(f"names from {', '.join(POLICIES)}, separated by commas, or nothing")
    return policy


class GANConfig(Config):
    """Everything that decides how a GAN is trained; the same settings, data and machine give the same bits.

    Attributes:
        network: Shape of both networks.
        batch_size: Images per step; it may exceed the number of images.
        optimizer: ``adam`` or ``rmsprop``.
        learning_rate_g: Learning rate of the generator.
        learning_rate_d: Learning rate of the discriminator.
        betas: Adam's betas.
        ema_half_life_kimg: Thousand images after which a step counts half in the averaged generator; 0: no average.
        kimg: Thousand real images to show; steps undone by a rollback are counted, so that time is bounded.
        seed: Seed of everything random.
        tick_kimg: Thousand images between two lines of metrics and looks of the monitor.
        checkpoint_kimg: Thousand images between two checkpoints.
        sample_kimg: Thousand images between two sample sheets.
        monitor: When the stability monitor speaks.
        augment: DiffAugment policy: names of `augment.POLICIES` separated by commas.
        balanced: Show every class equally often.
        threads: Threads of torch; another number may change the last bits.
        precision: ``fp32``, or ``bf16`` for mixed precision, faster where the processor has it.
        max_rollbacks: How often the training may go back to the last good checkpoint and try again.
        rollback_rate: What each rollback multiplies the learning rates by.
    """

    network: NetworkConfig = NetworkConfig()
    batch_size: int = Field(default=128, ge=2)
    optimizer: Literal["adam", "rmsprop"] = "adam"
    learning_rate_g: float = Field(default=2e-4, gt=0)
    learning_rate_d: float = Field(default=2e-4, gt=0)
    betas: tuple[float, float] = (0.5, 0.999)
    ema_half_life_kimg: float = Field(default=5, ge=0)
    kimg: float = Field(default=100, gt=0)
    seed: int = Field(default=0, ge=0)
    tick_kimg: float = Field(default=1, gt=0)
    checkpoint_kimg: float = Field(default=10, gt=0)
    sample_kimg: float = Field(default=10, gt=0)
    monitor: MonitorConfig = MonitorConfig()
    augment: Annotated[str, AfterValidator(_known_policy)] = ""
    balanced: bool = True
    threads: int = Field(default=1, ge=1)
    precision: Literal["fp32", "bf16"] = "fp32"
    max_rollbacks: int = Field(default=3, ge=0)
    rollback_rate: float = Field(default=0.5, gt=0, le=1)


class GAN:
    """Everything that a training step changes.

    Args:
        config: How to train.
        attempt: Rollbacks so far: each draws other random numbers and lowers the learning rates.
    """

    def __init__(self, config: GANConfig, attempt: int = 0) -> None:
        self.config, self.attempt = config, attempt
        rate = config.rollback_rate**attempt
        self.learning_rates = config.learning_rate_g * rate, config.learning_rate_d * rate
        self.generator, self.discriminator = Generator(config.network), Discriminator(config.network)
        initialise(self.generator, config.seed, f"train/generator/{attempt}")
        initialise(self.discriminator, config.seed, f"train/discriminator/{attempt}")
        self.generator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.discriminator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.ema = EMA(self.generator)
        self.optimizer_g = _optimizer(config, self.generator, self.learning_rates[0])
        self.optimizer_d = _optimizer(config, self.discriminator, self.learning_rates[1])

    def train_step(self, real: Tensor, labels: Tensor | None, step: int) -> dict[str, float]:
        """Show one batch of real images ``(B, C, H, W)`` with labels ``(B,)``; return losses, accuracies, gradient."""
        with self._autocast():
            fake = self.generator(self._noise(len(real), step), labels).float()
        values = self.discriminator_step(real, fake.detach(), labels, step)
        values |= self.generator_step(fake, labels, step)
        decay = ema_decay(self.config.batch_size, self.config.ema_half_life_kimg, step)
        self.ema.update(self.generator, decay)
        return values

    def discriminator_step(self, real: Tensor, fake: Tensor, labels: Tensor | None, step: int) -> dict[str, float]:
        """Teach the discriminator to tell real from generated images."""
        real_logits = self._score(real, labels, "real", step)
        fake_logits = self._score(fake, labels, "fake", step)
        loss = discriminator_loss(real_logits, fake_logits)
        _descend(self.optimizer_d, loss)
        return {
            "d_loss": loss.item(),
            "d_real_accuracy": (real_logits > 0).float().mean().item(),
            "d_fake_accuracy": (fake_logits < 0).float().mean().item(),
        }

    def generator_step(self, fake: Tensor, labels: Tensor | None, step: int) -> dict[str, float]:
        """Teach the generator to pass as real."""
        self.discriminator.requires_grad_(False)  # its gradients are not needed here: a fifth of the time
        loss = generator_loss(self._score(fake, labels, "generator", step))
        _descend(self.optimizer_g, loss)
        self.discriminator.requires_grad_(True)
        gradients = [p.grad for p in self.generator.parameters() if p.grad is not None]
        return {"g_loss": loss.item(), "g_gradient": nn.utils.get_total_norm(gradients).item()}

    def finite(self) -> bool:
        """Tell whether every weight is a number."""
        networks = (self.generator, self.discriminator, self.ema.network)
        return all(bool(p.isfinite().all()) for network in networks for p in network.parameters())

    def tensors(self) -> dict[str, Tensor]:
        """Return everything that lasts over steps."""
        return {f"{part}.{name}": tensor for part, group in self._parts().items() for name, tensor in group.items()}

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `tensors` returned."""
        self.generator.load_state_dict(tensors_under("generator", tensors))
        self.discriminator.load_state_dict(tensors_under("discriminator", tensors))
        self.ema.network.load_state_dict(tensors_under("ema", tensors))
        load_optimizer(self.optimizer_g, tensors_under("optimizer_g", tensors))
        load_optimizer(self.optimizer_d, tensors_under("optimizer_d", tensors))

    def _parts(self) -> dict[str, dict[str, Tensor]]:
        return {
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "ema": self.ema.network.state_dict(),
            "optimizer_g": optimizer_tensors(self.optimizer_g),
            "optimizer_d": optimizer_tensors(self.optimizer_d),
        }

    def _noise(self, count: int, step: int) -> Tensor:
        generator = seeding.generator(self.config.seed, "train/noise", step=step, attempt=self.attempt)
        return torch.from_numpy(generator.standard_normal((count, self.config.network.latent), dtype="float32"))

    def _score(self, images: Tensor, labels: Tensor | None, role: str, step: int) -> Tensor:
        """Augment and score images; logits are float32 ``(N,)`` whatever the precision."""
        if self.config.augment:
            draws = draw(self.config.seed, role, len(images), step=step, attempt=self.attempt)
            images = augment(images, self.config.augment, draws)
        with self._autocast():
            logits: Tensor = self.discriminator(images, labels)
        return logits.float()

    def _autocast(self) -> torch.autocast:
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.config.precision == "bf16")


def _optimizer(config: GANConfig, network: nn.Module, rate: float) -> torch.optim.Optimizer:
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(network.parameters(), lr=rate)
    return torch.optim.Adam(network.parameters(), lr=rate, betas=config.betas, fused=True)


def _descend(optimizer: Any, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
