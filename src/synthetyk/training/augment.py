"""Differentiable augmentation of real and generated images alike, so that few images train a GAN.

Zhao et al., "Differentiable augmentation for data-efficient GAN training", NeurIPS 2020, section 3.2 and appendix:
colour (brightness, saturation, contrast), translation by up to an eighth of the size, cutout of half the size.
Every image has its own random numbers; the whole batch is transformed at once.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from synthetyk.core import seeding

DRAWS = 7  # random numbers per image: brightness, saturation, contrast, two of translation, two of cutout
POLICIES = ("color", "translation", "cutout")


def draw(seed: int, role: str, batch_size: int, *, step: int, attempt: int = 0) -> Tensor:
    """Return uniform numbers in [0, 1), float32 ``(batch_size, 7)``, for one role (real, fake, ...) at one step."""
    generator = seeding.generator(seed, f"train/augment/{role}", step=step, attempt=attempt)
    return torch.from_numpy(generator.random((batch_size, DRAWS), dtype=np.float32))


def augment(images: Tensor, policy: str, draws: Tensor) -> Tensor:
    """Transform images; gradients pass through.

    Args:
        images: float32 ``(N, C, H, W)`` in [-1, 1].
        policy: Names from `POLICIES` separated by commas; empty changes nothing.
        draws: Uniform numbers ``(N, 7)`` from `draw`.
    """
    for name in filter(None, policy.split(",")):
        images = _TRANSFORMS[name](images, draws)
    return images.contiguous(memory_format=torch.channels_last)


def color(images: Tensor, draws: Tensor) -> Tensor:
    """Add brightness in [-0.5, 0.5), scale saturation by [0, 2) and contrast by [0.5, 1.5)."""
    brightness, saturation, contrast = (draws[:, i, None, None, None] for i in range(3))
    images = images + (brightness - 0.5)
    if images.shape[1] == 3:
        grey = images.mean(dim=1, keepdim=True)
        images = grey + (images - grey) * (saturation * 2)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (images - mean) * (contrast + 0.5)


def translation(images: Tensor, draws: Tensor) -> Tensor:
    """Shift by whole pixels, up to an eighth of the size; what comes in is 0."""
    height, width = images.shape[2:]
    down, right = _shift_matrix(height, draws[:, 3]), _shift_matrix(width, draws[:, 4])
    return down @ images @ right.transpose(2, 3)


def _shift_matrix(size: int, uniform: Tensor) -> Tensor:
    """Return ``(N, 1, size, size)`` whose product with a column of pixels is that column, shifted."""
    reach = round(size / 8)
    shift = (uniform * (2 * reach + 1)).long() - reach
    place = torch.arange(size, device=uniform.device)
    moved = place[None, :, None] == place[None, None, :] + shift[:, None, None]
    return moved.to(torch.float32)[:, None]


def cutout(images: Tensor, draws: Tensor) -> Tensor:
    """Set a square of half the size to 0; its centre lies anywhere in the image."""
    height, width = images.shape[2:]
    rows, columns = _inside(height, draws[:, 5]), _inside(width, draws[:, 6])
    hole = rows[:, None, :, None] & columns[:, None, None, :]
    return images.masked_fill(hole, 0)


def _inside(size: int, uniform: Tensor) -> Tensor:
    """Return bool ``(N, size)``: which pixels of one axis lie in the hole."""
    start = (uniform * size).long() - size // 4
    place = torch.arange(size, device=uniform.device)[None]
    return (place >= start[:, None]) & (place < start[:, None] + size // 2)


_TRANSFORMS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "color": color,
    "translation": translation,
    "cutout": cutout,
}
