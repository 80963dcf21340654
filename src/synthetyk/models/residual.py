"""Residual networks without normalisation, for a GPU.

Huang et al., "The GAN is dead; long live the GAN! A modern GAN baseline", NeurIPS 2024, sections 3.1 to 3.5: with the
relativistic loss and both gradient penalties a GAN needs no normalisation and no tricks, so its networks can be those
of a modern classifier: blocks of 1x1, grouped 3x3 and 1x1 convolutions (Xie et al., "Aggregated residual
transformations", CVPR 2017), the last of each block beginning at 0 and the others scaled for the depth (Zhang, Dauphin
and Ma, "Fixup initialization", ICLR 2019), generator and discriminator mirrored: bilinear enlarging, and means of four
pixels, since a bilinear filter that reaches further took longer than the convolutions.
"""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synthetyk.models.condition import ClassInput, ClassScore
from synthetyk.models.gan_network import EMBEDDING_DEVIATION, Architecture, NetworkConfig

BLOCKS = 2  # per size
GROUP = 16  # channels of one group of the 3x3 convolutions
EXPANSION = 2


class Layer(nn.Conv2d):
    """A convolution that knows with how much gain its weights begin."""

    def __init__(self, before: int, after: int, size: int, *, groups: int = 1, gain: float = 1.0) -> None:
        super().__init__(before, after, size, padding=size // 2, groups=groups)
        self.gain = gain


class Block(nn.Module):
    """Adds to ``(N, c, H, W)`` what three convolutions make of it; at the beginning nothing.

    Args:
        width: Channels c.
        depth: Blocks of the whole network.
    """

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        inner = EXPANSION * width
        gain = math.sqrt(2) * depth ** (-1 / 4)  # Fixup, for the two of three layers that do not begin at 0
        self.expand = Layer(width, inner, 1, gain=gain)
        self.mix = Layer(inner, inner, 3, groups=max(1, inner // GROUP), gain=gain)
        self.reduce = Layer(inner, width, 1, gain=0)

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the same shape."""
        h = F.leaky_relu(self.mix(F.leaky_relu(self.expand(x), 0.2)), 0.2)
        return x + self.reduce(h)  # type: ignore[no-any-return]


class Stage(nn.Module):
    """Resamples to another size, changes the number of channels if need be, then mixes.

    Args:
        before: Channels that come in.
        after: Channels that go out.
        resample: Doubles or halves the size.
        depth: Blocks of the whole network.
    """

    def __init__(self, before: int, after: int, resample: nn.Module, depth: int) -> None:
        super().__init__()
        self.resample = resample
        self.change = Layer(before, after, 1) if before != after else nn.Identity()
        self.blocks = nn.Sequential(*(Block(after, depth) for _ in range(BLOCKS)))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, before, H, W)`` to ``(N, after, 2 H, 2 W)`` or ``(N, after, H / 2, W / 2)``."""
        return self.blocks(self.change(self.resample(x)))  # type: ignore[no-any-return]


class Generator(nn.Module):
    """Maps noise ``(N, latent)`` and labels ``(N,)`` to images ``(N, C, R, R)`` in [-1, 1]."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.base, widths = config.base, (*config.widths, config.width)
        depth = BLOCKS * len(widths)
        self.condition = ClassInput(config)
        self.project = nn.Linear(self.condition.size, widths[0] * self.base**2)
        self.first = nn.Sequential(*(Block(widths[0], depth) for _ in range(BLOCKS)))
        self.stages = nn.Sequential(
            *(
                Stage(before, after, nn.Upsample(scale_factor=2, mode="bilinear"), depth)
                for before, after in pairwise(widths)
            )
        )
        self.image = Layer(widths[-1], config.channels, 1)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Draw images; see the class."""
        h = self.project(self.condition(z, labels)).unflatten(1, (self.base, self.base, -1)).permute(0, 3, 1, 2)
        images: Tensor = torch.tanh(self.image(self.stages(self.first(h))))
        return images


class Discriminator(nn.Module):
    """Maps images ``(N, C, R, R)`` and labels ``(N,)`` to logits ``(N,)``: above 0 it says real."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        widths = (config.width, *config.widths[::-1])
        depth = BLOCKS * len(widths)
        self.image = Layer(config.channels, widths[0], 1)
        self.stages = nn.Sequential(
            *(Stage(before, after, nn.AvgPool2d(2), depth) for before, after in pairwise(widths))
        )
        self.last = nn.Sequential(*(Block(widths[-1], depth) for _ in range(BLOCKS)))
        self.gather = nn.Conv2d(widths[-1], widths[-1], config.base, groups=widths[-1])  # each map by its own weights
        self.score = nn.Linear(widths[-1], 1)
        self.by_class = ClassScore(config, widths[-1])

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Score images; see the class."""
        h = self.gather(self.last(self.stages(self.image(images)))).flatten(1)  # (N, w)
        logits: Tensor = self.score(h).squeeze(1) + self.by_class(h, labels)
        return logits


def _deviation(module: nn.Module) -> float:
    """Keep the signal's size through every layer."""
    if isinstance(module, nn.Embedding):
        return EMBEDDING_DEVIATION
    weight = module.weight
    assert isinstance(weight, Tensor)
    return float(getattr(module, "gain", 1.0)) / math.sqrt(weight[0].numel())


RESIDUAL = Architecture(
    Generator, Discriminator, _deviation, generator_normalises=False, discriminator_normalises=False
)
