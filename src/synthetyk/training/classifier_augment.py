"""Classical augmentation: the small changes that a second take of the same image could have shown.

The mixture is the usual one for medical images (Chlap et al., "A review of medical image data augmentation techniques",
JMIRO 2021): rotation, scale and shift, brightness and contrast, noise. Nothing is mirrored unless asked for: a heart on
the right side is another finding.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from synthetyk.core import seeding

ROTATION = math.radians(10)
SCALE = 0.1
SHIFT = 0.08  # of the image's size
BRIGHTNESS = 0.2  # of half the range from black to white
CONTRAST = 0.2
NOISE = 0.05  # standard deviation, of half the range


def augment(images: Tensor, random: np.random.Generator, *, flips: bool = False) -> Tensor:
    """Return changed copies of images, each with random numbers of its own.

    Args:
        images: float32 ``(N, C, H, W)`` in [-1, 1].
        random: Where the random numbers come from.
        flips: Also mirror and turn upside down, for tissue and cells, which have no sides.
    """
    changed = _changed(images, *_drawn(len(images), random, flips=flips))
    noise = torch.from_numpy(random.standard_normal(changed.shape, dtype=np.float32)) * NOISE
    return (changed + noise).clamp(-1, 1)


def view(images: Tensor, number: int, seed: int, *, flips: bool = False) -> Tensor:
    """Return images as one of several looks at them: all changed alike, without noise, whatever the batch.

    Args:
        images: float32 ``(N, C, H, W)`` in [-1, 1].
        number: Which look; 0 is the images as they are.
        seed: Where the changes come from.
        flips: As in `augment`.
    """
    if number == 0:
        return images
    numbers, mirror = _drawn(1, seeding.generator(seed, "classifier/view", index=number), flips=flips)
    return _changed(images, numbers.expand(-1, len(images)), mirror.expand(len(images), -1, -1)).clamp(-1, 1)


def _drawn(count: int, random: np.random.Generator, *, flips: bool) -> tuple[Tensor, Tensor]:
    """Return what is changed how much, ``(6, count)`` from -1 to 1, and which sides are swapped, ``(count, 2, 1)``."""
    numbers = torch.from_numpy(random.uniform(-1, 1, (6, count)).astype(np.float32))
    if not flips:
        return numbers, torch.ones(count, 2, 1)
    return numbers, torch.from_numpy(random.choice(np.array([-1, 1], dtype=np.float32), (count, 2, 1)))


def _changed(images: Tensor, numbers: Tensor, mirror: Tensor) -> Tensor:
    angle, scale, right, down, bright, contrast = numbers
    matrices = affine(angle * ROTATION, 1 + scale * SCALE, 2 * SHIFT * torch.stack([right, down], dim=1)) * mirror
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    factor, offset = 1 + contrast[:, None, None, None] * CONTRAST, bright[:, None, None, None] * BRIGHTNESS
    changed: Tensor = moved * factor + offset
    return changed


def affine(angle: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Return the matrices ``(N, 2, 3)`` that `affine_grid` takes.

    Args:
        angle: Rotation in radians, ``(N,)``.
        scale: Factor of size, ``(N,)``.
        shift: Right and down, in halves of the image's size, ``(N, 2)``.
    """
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    rows = torch.stack([torch.stack([cos, -sin], dim=1), torch.stack([sin, cos], dim=1)], dim=1)
    return torch.cat([rows, shift[:, :, None]], dim=2)
