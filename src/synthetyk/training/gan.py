"""A GAN in training: both networks, the average, both optimisers, and what one step does to them."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from synthetyk.core.errors import ConfigError
from synthetyk.models.condition import renewed, set_strength
from synthetyk.models.gan_network import Architecture, architecture, build_discriminator, build_generator
from synthetyk.training.augment import augment
from synthetyk.training.captured import CapturedSteps, Compute, CudaGraphs
from synthetyk.training.checkpoint import load_optimizer, optimizer_tensors, tensors_under
from synthetyk.training.ema import EMA, ema_decay
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.gan_losses import LOSSES, squared_gradients
from synthetyk.training.selection import Weights
from synthetyk.training.spread import spread_loss
from synthetyk.training.step_inputs import ROLES, StepInputs, step_inputs
from synthetyk.training.world import ALONE, World

SHORTER = 5  # times the half-life of the short average: which of both draws better images differs from data to data
VALUES = ("d_loss", "g_loss", "d_real_accuracy", "d_fake_accuracy", "g_gradient")


class GAN:
    """Everything that a training step changes.

    Args:
        config: How to train.
        attempt: Rollbacks so far: each draws other random numbers and lowers the learning rates.
        world: Who trains along.

    Raises:
        ConfigError: The settings ask for what batch normalisation, or a part of a batch, cannot do.
    """

    def __init__(self, config: GANConfig, attempt: int = 0, world: World = ALONE) -> None:
        self.config, self.attempt, self.world, self.loss = config, attempt, world, LOSSES[config.loss]
        self.kind = architecture(config.network.architecture)
        _check(config, world, self.kind)
        rate = config.rollback_rate**attempt
        self.learning_rates = config.learning_rate_g * rate, config.learning_rate_d * rate
        self.generator = build_generator(config.network, config.seed, f"train/generator/{attempt}")
        self.discriminator = build_discriminator(config.network, config.seed, f"train/discriminator/{attempt}")
        self.generator.to(config.device)
        self.discriminator.to(config.device)
        kinds: tuple[Weights, ...] = ("ema", "short") if config.ema_half_life_kimg else ("ema",)
        self.averages = {kind: EMA(self.generator) for kind in kinds}
        self.optimizer_g = _optimizer(config, self.generator, self.learning_rates[0])
        self.optimizer_d = _optimizer(config, self.discriminator, self.learning_rates[1])
        self._pulls: dict[Weights, float | Tensor] = {
            kind: torch.zeros((), device=config.device) if self._on_gpu else 0.0 for kind in self.averages
        }
        self._compute = self._computing()

    def train_step(self, real: Tensor, labels: Tensor | None, step: int, done: float = 0) -> dict[str, Tensor]:
        """Show one batch of real images to both networks.

        Args:
            real: This process's share ``(n, C, H, W)`` of the step's batch.
            labels: Their labels ``(n,)``, None if unconditional.
            step: Number of the step.
            done: Part of the training that is behind.

        Returns:
            `VALUES`: this process's part of the global mean of losses and accuracies, and the generator's gradient.
        """
        self._cool(done)
        self._fade_in(done)
        self._set_pulls(ema_decay(self.config.batch_size, self.config.ema_half_life_kimg, step))
        given = step_inputs(self.config, self.world, real, labels, step=step, attempt=self.attempt)
        return self._compute(given, self.penalised(step))

    def compute_step(self, given: StepInputs, penalised: bool) -> dict[str, Tensor]:
        """Compute a step from what is given alone, so that it can be recorded; see `train_step`."""
        with self._autocast():
            fake = self.generator(given.noise, given.labels).float()
        values, real_logits = self.discriminator_step(given, fake.detach(), penalised=penalised)
        values |= self.generator_step(given, fake, real_logits)
        for kind, average in self.averages.items():
            average.pull(self.generator, self._pulls[kind])
        return values

    def discriminator_step(
        self, given: StepInputs, fake: Tensor, *, penalised: bool
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Teach the discriminator to tell real from generated images; return values and the logits of the real."""
        images = torch.cat([self._augmented(given.real, "real", given), self._augmented(fake, "fake", given)])
        logits = self._score_both(images.requires_grad_(penalised), given.labels, precise=penalised)
        real_logits, fake_logits = logits.chunk(2)
        loss = self.loss.discriminator(real_logits, fake_logits)
        self._descend(self.optimizer_d, self.discriminator, loss + self._penalty(logits, images) if penalised else loss)
        values = {
            "d_loss": loss.detach(),
            "d_real_accuracy": (real_logits > 0).float().mean(),
            "d_fake_accuracy": (fake_logits < 0).float().mean(),
        }
        return {name: value * self._part for name, value in values.items()}, real_logits.detach()

    def generator_step(self, given: StepInputs, fake: Tensor, real_logits: Tensor) -> dict[str, Tensor]:
        """Teach the generator to pass as real; `real_logits` are those of before the discriminator's last step."""
        self.discriminator.requires_grad_(False)  # its gradients are not needed here: a fifth of the time
        with self._autocast():
            logits = self.discriminator(self._augmented(fake, "generator", given), given.labels).float()
        loss = self.loss.generator(real_logits, logits)
        alike = self.config.spread * spread_loss(fake, given.real) if self.config.spread else 0
        self._descend(self.optimizer_g, self.generator, loss + alike)
        self.discriminator.requires_grad_(True)
        gradients = [p.grad for p in self.generator.parameters() if p.grad is not None]
        gradient = nn.utils.get_total_norm(gradients) / self.world.size  # the same in every process
        return {"g_loss": loss.detach() * self._part, "g_gradient": gradient}

    def generators(self) -> dict[Weights, nn.Module]:
        """Return the generators that can be chosen between: the averages, or the raw weights if there are none."""
        if not self.config.ema_half_life_kimg:
            return {"raw": self.generator}
        return {kind: average.network for kind, average in self.averages.items()}

    @property
    def ema(self) -> EMA[nn.Module]:
        """The average of the configured half-life."""
        return self.averages["ema"]

    def penalised(self, step: int) -> bool:
        """Tell whether gradient penalties are paid at a step."""
        return (self.config.r1 > 0 or self.config.r2 > 0) and step % self.config.penalty_every == 0

    def finite(self) -> bool:
        """Tell whether every weight is a number."""
        return all(bool(p.isfinite().all()) for network in self._networks() for p in network.parameters())

    def tensors(self) -> dict[str, Tensor]:
        """Return everything that lasts over steps."""
        return {f"{part}.{name}": tensor for part, group in self._parts().items() for name, tensor in group.items()}

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `tensors` returned."""
        self.generator.load_state_dict(renewed(self.generator, tensors_under("generator", tensors)))
        self.discriminator.load_state_dict(renewed(self.discriminator, tensors_under("discriminator", tensors)))
        for kind, average in self.averages.items():
            kept = tensors_under(kind, tensors) or tensors_under("generator", tensors)  # once there was no short one
            average.network.load_state_dict(renewed(average.network, kept))
        load_optimizer(self.optimizer_g, tensors_under("optimizer_g", tensors))
        load_optimizer(self.optimizer_d, tensors_under("optimizer_d", tensors))
        self._compute = self._computing()  # what was recorded worked on other tensors

    def _parts(self) -> dict[str, dict[str, Tensor]]:
        return {
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            **{kind: average.network.state_dict() for kind, average in self.averages.items()},
            "optimizer_g": optimizer_tensors(self.optimizer_g),
            "optimizer_d": optimizer_tensors(self.optimizer_d),
        }

    @property
    def _on_gpu(self) -> bool:
        return self.config.device == "cuda"

    def _computing(self) -> Compute:
        """Return what computes a step: on one GPU by itself, a record of it."""
        if self._on_gpu and self.world.size == 1:
            return CapturedSteps(self.compute_step, self._weights, CudaGraphs())
        return self.compute_step

    def _weights(self) -> Iterator[Tensor]:
        for network in self._networks():
            yield from network.parameters()
            yield from network.buffers()

    def _networks(self) -> list[nn.Module]:
        return [self.generator, self.discriminator, *(average.network for average in self.averages.values())]

    @property
    def _part(self) -> float:
        """Weight of this process's mean in the mean of all."""
        share = self.world.share(self.config.batch_size)
        return float(share.stop - share.start) / self.config.batch_size

    def _cool(self, done: float) -> None:
        """Lower the learning rates to 0 over the last part of the training."""
        if self.config.cooldown:
            factor = min(1.0, max(0.0, (1 - done) / self.config.cooldown))
            for optimizer, rate in zip((self.optimizer_g, self.optimizer_d), self.learning_rates, strict=True):
                _set_rate(optimizer, rate * factor)

    def _fade_in(self, done: float) -> None:
        """Let the class count as much as it is to at this part of the training."""
        if self.config.ramp:
            strength = min(1.0, max(0.0, 2 * done / self.config.ramp - 1))
            set_strength(self.generator, strength)
            set_strength(self.discriminator, strength)

    def _set_pulls(self, decay: float) -> None:
        """Say how far the averages move toward the generator in this step, on a GPU where a record reads it."""
        for kind, pull in self._pulls.items():
            weight = 1 - (decay**SHORTER if kind == "short" else decay)
            if isinstance(pull, Tensor):
                pull.fill_(weight)
            else:
                self._pulls[kind] = weight

    def _augmented(self, images: Tensor, role: str, given: StepInputs) -> Tensor:
        if given.draws is None:
            return images
        return augment(images, self.config.augment, given.draws[ROLES.index(role)])

    def _score_both(self, images: Tensor, labels: Tensor | None, *, precise: bool) -> Tensor:
        """Score real images and as many generated ones after them; logits are float32 ``(2n,)``.

        Batch normalisation must see each kind by itself; without it one pass is faster than two. What is
        differentiated twice is computed in fp32.
        """
        with self._autocast(enabled=not precise):
            if self.kind.discriminator_normalises:
                logits = torch.cat([self.discriminator(half, labels) for half in images.chunk(2)])
            else:
                logits = self.discriminator(images, None if labels is None else labels.repeat(2))
        return logits.float()

    def _penalty(self, logits: Tensor, images: Tensor) -> Tensor:
        """Return R1 on the first half of the images and R2 on the second, for all steps since the last time."""
        on_real, on_fake = squared_gradients(logits, images).chunk(2)
        return self.config.penalty_every / 2 * (self.config.r1 * on_real.mean() + self.config.r2 * on_fake.mean())

    def _descend(self, optimizer: Any, network: nn.Module, loss: Tensor) -> None:
        optimizer.zero_grad()
        (loss * self._part).backward()  # type: ignore[no-untyped-call]
        self.world.sum_gradients(network)
        optimizer.step()

    def _autocast(self, *, enabled: bool = True) -> torch.autocast:
        mixed = enabled and self.config.precision == "bf16"
        return torch.autocast(self.config.device, dtype=torch.bfloat16, enabled=mixed)


def _check(config: GANConfig, world: World, kind: Architecture) -> None:
    """Refuse what batch normalisation, or a part of a batch, cannot do."""
    name = config.network.architecture
    if kind.discriminator_normalises and (config.r1 or config.r2):
        raise ConfigError(
            f"A gradient penalty was asked of {name}, whose batch normalisation makes each logit depend on all images",
            expected="r1 and r2 of 0, or an architecture without batch normalisation",
        )
    if (kind.generator_normalises or kind.discriminator_normalises) and world.size > 1:
        raise ConfigError(
            f"{name} was asked to train in {world.size} processes, but its batch normalisation would see only a part"
            " of each batch in each of them",
            expected="one process, or a recipe without batch normalisation",
        )
    if config.spread and world.size > 1:
        raise ConfigError(
            f"A spread over the batch was asked for in {world.size} processes, each of which sees only a part of it",
            expected="one process, or a spread of 0 (gan_spread=0 in the plan)",
        )


def _optimizer(config: GANConfig, network: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Return an optimiser; on a GPU one whose steps can be recorded, with its rate where a record reads it."""
    on_gpu = config.device == "cuda"
    lr = torch.tensor(rate, device=config.device) if on_gpu else rate
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(network.parameters(), lr=lr, foreach=True, capturable=on_gpu)
    return torch.optim.Adam(network.parameters(), lr=lr, betas=config.betas, fused=True, capturable=on_gpu)


def _set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    group = optimizer.param_groups[0]
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate
