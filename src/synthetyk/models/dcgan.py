"""DCGAN, conditional where the data has classes.

Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional generative adversarial
networks", ICLR 2016, section 3 and figure 1: the noise is projected to 4x4, fractionally strided convolutions double
the size, batch normalisation everywhere but on the generator's output and the discriminator's input, ReLU and tanh in
the generator, LeakyReLU 0.2 in the discriminator, weights from N(0, 0.02). Width 128 at 64x64 is the paper's network.

Adaptation at other sizes: 32x32 has one block fewer, 128x128 one more, and 28x28 starts from 7x7 (7 -> 14 -> 28). The
condition enters the generator as an embedding beside the noise, and the discriminator as a projection (Miyato and
Koyama, "cGANs with projection discriminator", ICLR 2018, equation 4).
"""

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from synthetyk.models.condition import ClassInput, ClassScore
from synthetyk.models.gan_network import EMBEDDING_DEVIATION, Architecture, NetworkConfig


class Generator(nn.Module):
    """Maps noise ``(N, latent)`` and labels ``(N,)`` to images ``(N, C, R, R)`` in [-1, 1]."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        self.condition = ClassInput(config)
        self.project = nn.Linear(self.condition.size, widths[0] * config.base**2, bias=False)
        layers: list[nn.Module] = [nn.BatchNorm2d(widths[0]), nn.ReLU()]
        for before, after in pairwise(widths):
            layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.blocks = nn.Sequential(*layers, nn.ConvTranspose2d(widths[-1], config.channels, 4, 2, 1), nn.Tanh())

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Draw images.

        Args:
            z: float32 ``(N, latent)``, standard normal.
            labels: int64 ``(N,)``; None if unconditional.
        """
        z = self.condition(z, labels)  # (N, 2 latent)
        base = self.config.base
        h = self.project(z).unflatten(1, (base, base, -1)).permute(0, 3, 1, 2)  # (N, 8w, 4, 4), channels last in memory
        images: Tensor = self.blocks(h)  # (N, 4w, 8, 8), (N, 2w, 16, 16), (N, w, 32, 32), (N, C, 64, 64)
        return images


class Discriminator(nn.Module):
    """Maps images ``(N, C, R, R)`` and labels ``(N,)`` to logits ``(N,)``: above 0 it says real."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        widths = config.widths[::-1]
        layers: list[nn.Module] = [nn.Conv2d(config.channels, widths[0], 4, 2, 1), nn.LeakyReLU(0.2)]
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
        self.blocks = nn.Sequential(*layers)
        self.score = nn.Linear(widths[-1] * config.base**2, 1)
        self.by_class = ClassScore(config, widths[-1])

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Score images.

        Args:
            images: float32 ``(N, C, R, R)`` in [-1, 1].
            labels: int64 ``(N,)``; None if unconditional.
        """
        h = self.blocks(images)  # (N, w, 32, 32), (N, 2w, 16, 16), (N, 4w, 8, 8), (N, 8w, 4, 4)
        logits: Tensor = self._flat_score(h) + self.by_class(h.sum(dim=(2, 3)), labels)  # (N,)
        return logits

    def _flat_score(self, h: Tensor) -> Tensor:
        """Score maps ``(N, 8w, 4, 4)`` as they lie in memory: to turn the weights is cheaper than to turn the maps."""
        weight = self.score.weight.view(1, *h.shape[1:]).permute(0, 2, 3, 1).flatten(1)
        return F.linear(h.permute(0, 2, 3, 1).flatten(1), weight, self.score.bias).squeeze(1)


def _deviation(module: nn.Module) -> float:
    return EMBEDDING_DEVIATION if isinstance(module, nn.Embedding) else 0.02


DCGAN = Architecture(Generator, Discriminator, _deviation, generator_normalises=True, discriminator_normalises=True)
