"""Everything that decides how a GAN is trained."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from synthetyk.core.config import Config
from synthetyk.models.gan_network import NetworkConfig
from synthetyk.training.augment import POLICIES
from synthetyk.training.gan_losses import LossName
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
        batch_size: Images per step, of all processes together; it may exceed the number of images.
        optimizer: ``adam`` or ``rmsprop``.
        learning_rate_g: Learning rate of the generator.
        learning_rate_d: Learning rate of the discriminator.
        betas: Adam's betas.
        loss: Name of a loss in `gan_losses.LOSSES`.
        r1: Weight gamma of the gradient penalty on real images; 0: none. Only for networks without batch normalisation.
        r2: Weight gamma of the gradient penalty on generated images; 0: none.
        penalty_every: Steps between two penalties, each of which then weighs as much as all that were left out.
        spread: Weight of what holds generated images as varied as real ones, see `spread_loss`; 0: nothing does.
        ramp: Part of the training after which the classes are fully told apart: for the first half of it the networks
            learn what all classes have in common, then the condition is faded in. 0: from the beginning.
        cooldown: Part of the training, at its end, over which the learning rates fall to 0.
        ema_half_life_kimg: Thousand images after which a step counts half in the averaged generator; a second, brief
            average has a fifth of it; 0: no average.
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
        device: Where the networks live.
        max_rollbacks: How often the training may go back to the last good checkpoint and try again.
        rollback_rate: What each rollback multiplies the learning rates by.
    """

    network: NetworkConfig = NetworkConfig()
    batch_size: int = Field(default=128, ge=2)
    optimizer: Literal["adam", "rmsprop"] = "adam"
    learning_rate_g: float = Field(default=2e-4, gt=0)
    learning_rate_d: float = Field(default=2e-4, gt=0)
    betas: tuple[float, float] = (0.5, 0.999)
    loss: LossName = "bce"
    r1: float = Field(default=0, ge=0)
    r2: float = Field(default=0, ge=0)
    penalty_every: int = Field(default=8, ge=1)
    spread: float = Field(default=0, ge=0)
    ramp: float = Field(default=0, ge=0, lt=1)
    cooldown: float = Field(default=0, ge=0, le=1)
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
    device: Literal["cpu", "cuda"] = "cpu"
    max_rollbacks: int = Field(default=3, ge=0)
    rollback_rate: float = Field(default=0.5, gt=0, le=1)

    @model_validator(mode="after")
    def _condition_can_fade_in(self) -> Self:
        if self.ramp and self.network.discriminator == "per_class":
            raise ValueError("a ramp of 0: a discriminator per class has no condition that could be faded in")
        return self
