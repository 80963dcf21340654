"""DCGAN with a generator that enlarges and then convolves.

Fractionally strided convolutions draw a checkerboard where their windows overlap unevenly (Odena, Dumoulin and Olah,
"Deconvolution and checkerboard artifacts", Distill 2016), and int8 does not make them faster. Enlarging by repetition
before a 3x3 convolution has neither fault. The discriminator is DCGAN's.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synthetyk.models.condition import ClassInput
from synthetyk.models.dcgan import DCGAN
from synthetyk.models.gan_network import Architecture, NetworkConfig


class UpConv2d(nn.Conv2d):
    """Doubles the size by repeating every pixel, then convolves with 3x3.

    Both together are one transposed convolution whose 4x4 kernel sums neighbouring weights of the 3x3 one: the same
    numbers from less than half of the multiplications, since no pixel is multiplied twice for being repeated.
    """

    sums: Tensor

    def __init__(self, before: int, after: int, *, bias: bool) -> None:
        super().__init__(before, after, 3, padding=1, bias=bias)
        along = torch.tensor([[0.0, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0]])  # where each of 3 weights counts among 4
        self.register_buffer("sums", torch.kron(along, along), persistent=False)  # (9, 16)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, before, H, W)`` to ``(N, after, 2 H, 2 W)``."""
        with torch.autocast(x.device.type, enabled=False):
            kernel = (self.weight.flatten(2) @ self.sums).view(*self.weight.shape[:2], 4, 4)  # (after, before, 4, 4)
        return F.conv_transpose2d(x, kernel.transpose(0, 1), self.bias, stride=2, padding=1)


class Generator(nn.Module):
    """Maps noise ``(N, latent)`` and labels ``(N,)`` to images ``(N, C, R, R)`` in [-1, 1]."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.base, widths = config.base, config.widths
        self.condition = ClassInput(config)
        self.project = nn.Linear(self.condition.size, widths[0] * self.base**2, bias=False)
        layers: list[nn.Module] = [nn.BatchNorm2d(widths[0]), nn.ReLU()]
        for before, after in pairwise(widths):
            layers += [UpConv2d(before, after, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.blocks = nn.Sequential(*layers, UpConv2d(widths[-1], config.channels, bias=True), nn.Tanh())

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Draw images.

        Args:
            z: float32 ``(N, latent)``, standard normal.
            labels: int64 ``(N,)``; None if unconditional.
        """
        z = self.condition(z, labels)  # (N, 2 latent)
        h = self.project(z).unflatten(1, (self.base, self.base, -1)).permute(0, 3, 1, 2)  # (N, 8w, 4, 4)
        images: Tensor = self.blocks(h)  # (N, 4w, 8, 8), (N, 2w, 16, 16), (N, w, 32, 32), (N, C, 64, 64)
        return images


UPCONV = Architecture(
    Generator, DCGAN.discriminator, DCGAN.deviation, generator_normalises=True, discriminator_normalises=True
)
