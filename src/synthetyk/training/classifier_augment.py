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
    count = len(images)
    angle, scale, right, down, bright, contrast = torch.from_numpy(random.uniform(-1, 1, (6, count)).astype(np.float32))
    matrices = affine(angle * ROTATION, 1 + scale * SCALE, 2 * SHIFT * torch.stack([right, down], dim=1))
    if flips:
        mirror = torch.from_numpy(random.choice(np.array([-1, 1], dtype=np.float32), (count, 2, 1)))
        matrices = matrices * mirror
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    noise = torch.from_numpy(random.standard_normal(moved.shape, dtype=np.float32)) * NOISE
    factor, offset = 1 + contrast[:, None, None, None] * CONTRAST, bright[:, None, None, None] * BRIGHTNESS
    changed: Tensor = moved * factor + offset + noise
    return changed.clamp(-1, 1)


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
