"""The ways to write down a layer that doubles the size of a map.

Enlarging by repetition before a 3x3 convolution is a transposed convolution with a 4x4 kernel, a stride of 2 and a
padding of 1 (see `models.upconv`). That in turn is one convolution that draws the four pixels of each place as four
channels, its *cell*, which are then laid side by side (Shi et al., "Is the deconvolution layer the same as a
convolutional layer?", 2016): in floating point it is slower, since 20 of its 36 weights are 0, but it is the form that
eight bits can speed up.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from synthetyk.models.upconv import UpConv2d

Layer = UpConv2d | nn.ConvTranspose2d
# Which rows of the 4x4 kernel the upper and the lower pixel of a place are made with, and of which 3 places around it.
PHASES = ((slice(0, 2), [3, 1]), (slice(1, 3), [2, 0]))


def as_transposed(network: nn.Module) -> nn.Module:
    """Replace every `UpConv2d` by the transposed convolution that it is; fastest in floating point."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, UpConv2d):
                setattr(module, name, _transposed(child))
    return network


def as_convolution(network: nn.Module) -> nn.Module:
    """Replace every layer that doubles the size, but the last, by a convolution of cells; fastest in eight bits.

    The last, which draws the image, stays in floating point and so becomes a transposed convolution. Normalisation and
    ReLU are taken before the cells are laid out, where both melt into the convolution.
    """
    last = [module for module in network.modules() if doubles(module)][-1:]
    for module in list(network.modules()):
        names = list(module._modules) if isinstance(module, nn.Sequential) else []
        for place, name in enumerate(names):
            layer = module._modules[name]
            if isinstance(layer, Layer) and doubles(layer) and layer not in last:
                _write_cells(module, layer, names[place : place + 3])
    return as_transposed(network)


def _write_cells(module: nn.Module, layer: Layer, names: list[str]) -> None:
    """Write a layer, and what of normalisation and ReLU follows it, as one convolution and cells.

    Args:
        module: What holds them.
        layer: The first of them.
        names: What it and the next two are called.
    """
    plain, cells = _transposed(layer).eval(), Cells(layer.out_channels)
    after: list[nn.Module] = [cells]
    for name in names[1:]:
        follower = getattr(module, name)
        if isinstance(follower, nn.BatchNorm2d) and after == [cells]:
            plain = fuse_conv_bn_eval(plain, follower.eval(), transpose=True)
        elif isinstance(follower, nn.ReLU) and after == [cells]:
            after = [follower, cells]
        else:
            break
        setattr(module, name, nn.Identity())
    setattr(module, names[0], nn.Sequential(_convolution(plain), *after))


def doubles(layer: nn.Module) -> bool:
    """Tell whether a layer is one of those that this module can write down anew."""
    if isinstance(layer, nn.ConvTranspose2d):
        shape = (layer.kernel_size, layer.stride, layer.padding, layer.output_padding, layer.dilation)
        return shape == ((4, 4), (2, 2), (1, 1), (0, 0), (1, 1)) and layer.groups == 1
    return isinstance(layer, UpConv2d)


def kernel_of(layer: Layer) -> Tensor:
    """Return the 4x4 kernel of the transposed convolution that a layer is, ``(after, before, 4, 4)``."""
    if isinstance(layer, nn.ConvTranspose2d):
        return layer.weight.transpose(0, 1)
    return (layer.weight.flatten(2) @ layer.sums).view(*layer.weight.shape[:2], 4, 4)


@torch.no_grad()
def _transposed(layer: Layer) -> nn.ConvTranspose2d:
    plain = nn.ConvTranspose2d(
        layer.in_channels, layer.out_channels, 4, stride=2, padding=1, bias=layer.bias is not None
    )
    plain.weight.copy_(kernel_of(layer).transpose(0, 1))
    if layer.bias is not None and plain.bias is not None:
        plain.bias.copy_(layer.bias)
    return plain


@torch.no_grad()
def _convolution(layer: Layer) -> nn.Conv2d:
    kernel = kernel_of(layer)
    after, before = kernel.shape[:2]
    weight = torch.zeros(2, 2, after, before, 3, 3)
    for down, (rows, vertical) in enumerate(PHASES):
        for right, (columns, horizontal) in enumerate(PHASES):
            weight[down, right, :, :, rows, columns] = kernel[:, :, vertical][:, :, :, horizontal]
    plain = nn.Conv2d(before, 4 * after, 3, padding=1, bias=layer.bias is not None)
    plain.weight.copy_(weight.view(4 * after, before, 3, 3))
    if layer.bias is not None and plain.bias is not None:
        plain.bias.copy_(layer.bias.repeat(4))
    return plain


class Cells(nn.Module):
    """Lays four channels side by side as the pixels of a place.

    It works on channels that lie last in memory, as eight-bit convolutions leave them, and moves whole rows of them.

    Args:
        channels: Of the map that comes out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, 4 channels, H, W)``, channels by row, column and then number, to ``(N, channels, 2 H, 2 W)``."""
        last = x.permute(0, 2, 3, 1)  # (N, H, W, 4 C)
        pairs: Tensor = last.unflatten(3, (2, 2 * self.channels))  # type: ignore[no-untyped-call]  # (N, H, W, 2, 2 C)
        rows = pairs.permute(0, 1, 3, 2, 4).flatten(1, 2)  # (N, 2 H, W, 2 C)
        apart: Tensor = rows.unflatten(3, (2, self.channels))  # type: ignore[no-untyped-call]  # (N, 2 H, W, 2, C)
        return apart.flatten(2, 3).permute(0, 3, 1, 2)
