"""EdgeNet: the encoder that Synthetyk trains itself, small enough for one CPU thread and kind to int8.

Residual blocks of plain 3x3 convolutions (He et al., "Deep residual learning for image recognition", CVPR 2016, section
3.3, option B), each followed by batch normalisation and ReLU. Depthwise convolutions,
squeeze-and-excitation and swish are left out on purpose: they lose most from eight-bit weights.
"""

import math

import torch
from torch import Tensor, nn

from synthetyk.models.encoder import EncoderKind, EncoderShape

# The residual blocks work on maps of about this side, whatever the size of the image: bigger ones cost too much time.
FIRST_MAP = 16


class EdgeNet(nn.Module):
    """A small residual network for images of any size.

    Args:
        shape: Of the images, and how many channels the first block has; the two after it have twice and four times as
            many.
    """

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        base = shape.base
        self.stem = _stem(shape.channels, base, halvings_for(shape.height, shape.width))
        self.blocks = nn.Sequential(
            Block(base, base, stride=1), Block(base, 2 * base, stride=2), Block(2 * base, 4 * base, stride=2)
        )
        self.dimension = 4 * base

    def forward(self, x: Tensor) -> Tensor:
        """Map float32 images ``(N, C, H, W)`` in [-1, 1] to maps ``(N, dimension, h, w)``, h and w about 4."""
        maps: Tensor = self.blocks(self.stem(x))
        return maps


class Block(nn.Module):
    """Two 3x3 convolutions around a shortcut.

    Args:
        before: Channels that come in.
        after: Channels that go out.
        stride: Stride of the first convolution; 2 halves the map.
    """

    def __init__(self, before: int, after: int, *, stride: int) -> None:
        super().__init__()
        self.first = nn.Sequential(*_conv(before, after, stride), nn.ReLU())
        self.second = nn.Sequential(*_conv(after, after, 1))
        same = stride == 1 and before == after
        self.shortcut = nn.Identity() if same else nn.Sequential(*_conv(before, after, stride, kernel=1))
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, before, H, W)`` to ``(N, after, H / stride, W / stride)``."""
        y: Tensor = self.relu(self.second(self.first(x)) + self.shortcut(x))
        return y


def halvings_for(height: int, width: int) -> int:
    """Return how many stride-2 convolutions bring an image down to blocks of about `FIRST_MAP` pixels a side."""
    return max(1, round(math.log2(max(height, width) / FIRST_MAP)))


@torch.no_grad()
def initialise(network: nn.Module, random: torch.Generator) -> None:
    """Draw the weights: He's normal for convolutions, every block at first its own shortcut."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=random)
        elif isinstance(module, Block):
            norm = module.second[1]
            assert isinstance(norm, nn.BatchNorm2d)
            nn.init.zeros_(norm.weight)


def _stem(channels: int, width: int, halvings: int) -> nn.Sequential:
    """Narrow where the map is large: each halving doubles the channels until the blocks' width is reached."""
    layers: list[nn.Module] = []
    for left in reversed(range(halvings)):
        after = max(width // 2**left, 8)
        layers += [*_conv(channels, after, 2), nn.ReLU()]
        channels = after
    return nn.Sequential(*layers)


def _conv(before: int, after: int, stride: int, *, kernel: int = 3) -> list[nn.Module]:
    conv = nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False)
    return [conv, nn.BatchNorm2d(after)]


EDGENET = EncoderKind(summary="small, for one CPU thread and for int8", build=EdgeNet, initialise=initialise)
