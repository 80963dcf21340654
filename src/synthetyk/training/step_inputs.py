"""What one step of a GAN's training takes from outside: images, and every random number."""

from typing import NamedTuple

import torch
from torch import Tensor

from synthetyk.core import seeding
from synthetyk.training.augment import draw
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.world import World

ROLES = ("real", "fake", "generator")  # what is augmented in a step, each by its own random numbers


class StepInputs(NamedTuple):
    """What one step of a GAN's training takes from outside; n images of its batch are this process's own.

    Attributes:
        real: float32 ``(n, C, H, W)`` in [-1, 1].
        labels: int64 ``(n,)``; None if unconditional.
        noise: float32 ``(n, latent)``, standard normal.
        draws: float32 ``(3, n, 7)`` in [0, 1), by `ROLES`, see `augment.draw`; None if nothing is augmented.
    """

    real: Tensor
    labels: Tensor | None
    noise: Tensor
    draws: Tensor | None


def step_inputs(
    config: GANConfig, world: World, real: Tensor, labels: Tensor | None, *, step: int, attempt: int
) -> StepInputs:
    """Return a step's images together with its random numbers, which its address alone decides."""
    share = world.share(config.batch_size)
    noise = seeding.generator(config.seed, "train/noise", step=step, attempt=attempt).standard_normal(
        (config.batch_size, config.network.latent), dtype="float32"
    )
    draws = None
    if config.augment:
        each = [draw(config.seed, role, config.batch_size, step=step, attempt=attempt)[share] for role in ROLES]
        draws = torch.stack(each).to(config.device)
    return StepInputs(real, labels, torch.from_numpy(noise[share]).to(config.device), draws)
