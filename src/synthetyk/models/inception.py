"""InceptionV3 as the Fréchet Inception Distance uses it.

Architecture: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", arXiv:1512.00567, in the
TensorFlow graph of 2015-12-05 with which Heusel et al. (arXiv:1706.08500) and Salimans et al. (arXiv:1606.03498)
measure. That graph differs from the later published network: 1008 classes, average pools that do not count their
padding, and a max pool in the last block. Parameter names are those of the file ``pt_inception-2015-12-05``.
"""

from collections.abc import Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FEATURES = 2048
CLASSES = 1008
SIDE = 299

Size = int | tuple[int, int]


class ConvNorm(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(self, channels: int, out: int, size: Size, *, stride: int = 1, padding: Size = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, size, stride=stride, padding=padding, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels, H, W)`` to ``(N, out, H', W')``."""
        y: Tensor = self.bn(self.conv(x))
        return y.relu()


_same_average = partial(F.avg_pool2d, kernel_size=3, stride=1, padding=1, count_include_pad=False)
_same_max = partial(F.max_pool2d, kernel_size=3, stride=1, padding=1)
_halve = partial(F.max_pool2d, kernel_size=3, stride=2)


def _chain(x: Tensor, layers: Sequence[nn.Module]) -> Tensor:
    for layer in layers:
        x = layer(x)
    return x


class BlockA(nn.Module):
    """35x35 block (figure 5): 1x1, 5x5, double 3x3 and average pool side by side."""

    def __init__(self, channels: int, pooled: int) -> None:
        super().__init__()
        self.branch1x1 = ConvNorm(channels, 64, 1)
        self.branch5x5_1 = ConvNorm(channels, 48, 1)
        self.branch5x5_2 = ConvNorm(48, 64, 5, padding=2)
        self.branch3x3dbl_1 = ConvNorm(channels, 64, 1)
        self.branch3x3dbl_2 = ConvNorm(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = ConvNorm(96, 96, 3, padding=1)
        self.branch_pool = ConvNorm(channels, pooled, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels, H, W)`` to ``(N, 224 + pooled, H, W)``."""
        five = _chain(x, [self.branch5x5_1, self.branch5x5_2])
        three = _chain(x, [self.branch3x3dbl_1, self.branch3x3dbl_2, self.branch3x3dbl_3])
        return torch.cat([self.branch1x1(x), five, three, self.branch_pool(_same_average(x))], dim=1)


class BlockB(nn.Module):
    """35x35 to 17x17 (section 5): strided 3x3, double 3x3 and max pool side by side."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch3x3 = ConvNorm(channels, 384, 3, stride=2)
        self.branch3x3dbl_1 = ConvNorm(channels, 64, 1)
        self.branch3x3dbl_2 = ConvNorm(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = ConvNorm(96, 96, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels, H, W)`` to ``(N, 480 + channels, (H - 1) // 2, (W - 1) // 2)``."""
        double = _chain(x, [self.branch3x3dbl_1, self.branch3x3dbl_2, self.branch3x3dbl_3])
        return torch.cat([self.branch3x3(x), double, _halve(x)], dim=1)


class BlockC(nn.Module):
    """17x17 block (figure 6, n = 7): 1x1, factorised 7x7, double 7x7 and average pool side by side."""

    def __init__(self, channels: int, narrow: int) -> None:
        super().__init__()
        row = partial(ConvNorm, size=(1, 7), padding=(0, 3))
        column = partial(ConvNorm, size=(7, 1), padding=(3, 0))
        self.branch1x1 = ConvNorm(channels, 192, 1)
        self.branch7x7_1 = ConvNorm(channels, narrow, 1)
        self.branch7x7_2 = row(narrow, narrow)
        self.branch7x7_3 = column(narrow, 192)
        self.branch7x7dbl_1 = ConvNorm(channels, narrow, 1)
        self.branch7x7dbl_2 = column(narrow, narrow)
        self.branch7x7dbl_3 = row(narrow, narrow)
        self.branch7x7dbl_4 = column(narrow, narrow)
        self.branch7x7dbl_5 = row(narrow, 192)
        self.branch_pool = ConvNorm(channels, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels, H, W)`` to ``(N, 768, H, W)``."""
        seven = _chain(x, [self.branch7x7_1, self.branch7x7_2, self.branch7x7_3])
        double = _chain(
            x,
            [self.branch7x7dbl_1, self.branch7x7dbl_2, self.branch7x7dbl_3, self.branch7x7dbl_4, self.branch7x7dbl_5],
        )
        return torch.cat([self.branch1x1(x), seven, double, self.branch_pool(_same_average(x))], dim=1)


class BlockD(nn.Module):
    """17x17 to 8x8 (section 5): strided 3x3, factorised 7x7 with strided 3x3, and max pool side by side."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch3x3_1 = ConvNorm(channels, 192, 1)
        self.branch3x3_2 = ConvNorm(192, 320, 3, stride=2)
        self.branch7x7x3_1 = ConvNorm(channels, 192, 1)
        self.branch7x7x3_2 = ConvNorm(192, 192, (1, 7), padding=(0, 3))
        self.branch7x7x3_3 = ConvNorm(192, 192, (7, 1), padding=(3, 0))
        self.branch7x7x3_4 = ConvNorm(192, 192, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels, H, W)`` to ``(N, 512 + channels, (H - 1) // 2, (W - 1) // 2)``."""
        three = _chain(x, [self.branch3x3_1, self.branch3x3_2])
        seven = _chain(x, [self.branch7x7x3_1, self.branch7x7x3_2, self.branch7x7x3_3, self.branch7x7x3_4])
        return torch.cat([three, seven, _halve(x)], dim=1)


class BlockE(nn.Module):
    """8x8 block (figure 7): 1x1, two forked 3x3 branches and a pool side by side.

    Args:
        channels: Channels that come in.
        max_pool: Pool by maximum, as the last block of the 2015 graph does.
    """

    def __init__(self, channels: int, *, max_pool: bool) -> None:
        super().__init__()
        self.pool = _same_max if max_pool else _same_average
        self.branch1x1 = ConvNorm(channels, 320, 1)
        self.branch3x3_1 = ConvNorm(channels, 384, 1)
        self.branch3x3_2a = ConvNorm(384, 384, (1, 3), padding=(0, 1))
        self.branch3x3_2b = ConvNorm(384, 384, (3, 1), padding=(1, 0))
        self.branch3x3dbl_1 = ConvNorm(channels, 448, 1)
        self.branch3x3dbl_2 = ConvNorm(448, 384, 3, padding=1)
        self.branch3x3dbl_3a = ConvNorm(384, 384, (1, 3), padding=(0, 1))
        self.branch3x3dbl_3b = ConvNorm(384, 384, (3, 1), padding=(1, 0))
        self.branch_pool = ConvNorm(channels, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels, H, W)`` to ``(N, 2048, H, W)``."""
        three = self.branch3x3_1(x)
        double = _chain(x, [self.branch3x3dbl_1, self.branch3x3dbl_2])
        forks = [self.branch3x3_2a(three), self.branch3x3_2b(three)]
        forks += [self.branch3x3dbl_3a(double), self.branch3x3dbl_3b(double)]
        return torch.cat([self.branch1x1(x), *forks, self.branch_pool(self.pool(x))], dim=1)


class InceptionV3(nn.Module):
    """Images to ``pool3`` features and logits, as the graph of 2015-12-05 computes them."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = ConvNorm(3, 32, 3, stride=2)
        self.Conv2d_2a_3x3 = ConvNorm(32, 32, 3)
        self.Conv2d_2b_3x3 = ConvNorm(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1 = ConvNorm(64, 80, 1)
        self.Conv2d_4a_3x3 = ConvNorm(80, 192, 3)
        self.Mixed_5b = BlockA(192, pooled=32)
        self.Mixed_5c = BlockA(256, pooled=64)
        self.Mixed_5d = BlockA(288, pooled=64)
        self.Mixed_6a = BlockB(288)
        self.Mixed_6b = BlockC(768, narrow=128)
        self.Mixed_6c = BlockC(768, narrow=160)
        self.Mixed_6d = BlockC(768, narrow=160)
        self.Mixed_6e = BlockC(768, narrow=192)
        self.Mixed_7a = BlockD(768)
        self.Mixed_7b = BlockE(1280, max_pool=False)
        self.Mixed_7c = BlockE(2048, max_pool=True)
        self.fc = nn.Linear(FEATURES, CLASSES)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map RGB in 0..255, ``(N, 3, H, W)``, to features ``(N, 2048)`` and logits ``(N, 1008)``.

        The logits leave out the bias of the last layer, as the published Inception Score does.
        """
        x = (resize_like_graph(x, SIDE) - 128) / 128
        x = _halve(_chain(x, [self.Conv2d_1a_3x3, self.Conv2d_2a_3x3, self.Conv2d_2b_3x3]))  # (N, 64, 73, 73)
        x = _halve(_chain(x, [self.Conv2d_3b_1x1, self.Conv2d_4a_3x3]))  # (N, 192, 35, 35)
        x = _chain(x, [self.Mixed_5b, self.Mixed_5c, self.Mixed_5d, self.Mixed_6a])  # (N, 768, 17, 17)
        x = _chain(x, [self.Mixed_6b, self.Mixed_6c, self.Mixed_6d, self.Mixed_6e])
        x = _chain(x, [self.Mixed_7a, self.Mixed_7b, self.Mixed_7c])  # (N, 2048, 8, 8)
        pooled = x.mean(dim=(2, 3))
        return pooled, pooled @ self.fc.weight.T


def resize_like_graph(x: Tensor, side: int) -> Tensor:
    """Resize ``(N, C, H, W)`` to ``(N, C, side, side)`` as TensorFlow 1's ``ResizeBilinear`` did.

    Output pixel i samples the input at i * size / side, without the half-pixel centres that later libraries use.
    """
    rows, columns = (_bilinear_matrix(size, side).to(x) for size in x.shape[2:])
    return rows @ x @ columns.T


def _bilinear_matrix(size: int, side: int) -> Tensor:
    at = torch.arange(side, dtype=torch.float64) * (size / side)
    low = at.floor().long()
    matrix = torch.zeros(side, size, dtype=torch.float64)
    here = torch.arange(side)
    matrix[here, low] += 1 - (at - low)
    matrix[here, (low + 1).clamp(max=size - 1)] += at - low
    return matrix
