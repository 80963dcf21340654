"""The ways to write down a layer that doubles the size of a map.

Enlarging by repetition before a 3x3 convolution is a transposed convolution with a 4x4 kernel, a stride of 2 and a
padding of 1 (see `models.upconv`). That in turn is one convolution that draws the four pixels of each place as four
channels, which are then laid side by side (Shi et al., "Is the deconvolution layer the same as a convolutional
layer?", 2016): in floating point it is slower, since 20 of its 36 weights are 0, but it is the form that eight bits can
speed up.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from synthetyk.models.upconv import UpConv2d

Layer = UpConv2d | nn.ConvTranspose2d
# Which rows of the 4x4 kernel the upper and the lower pixel of a place are made with, and of which 3 places around it.
PHASES = ((slice(0, 2), [3, 1]), (slice(1, 3), [2, 0]))


def as_transposed(network: nn.Module) -> nn.Module:
    """Replace every `UpConv2d` by the transposed convolution that it is; fastest in floating point."""
    return _replaced(network, _transposed, lambda layer: isinstance(layer, UpConv2d))


def as_convolution(network: nn.Module) -> nn.Module:
    """Replace every layer that doubles the size by a convolution and a shuffle of pixels; fastest in eight bits."""
    return _replaced(network, _convolution, doubles)


def doubles(layer: nn.Module) -> bool:
    """Tell whether a layer is one of those that this module can write down anew."""
    if isinstance(layer, nn.ConvTranspose2d):
        return (layer.kernel_size, layer.stride, layer.padding) == ((4, 4), (2, 2), (1, 1)) and layer.groups == 1
    return isinstance(layer, UpConv2d)


def _replaced(
    network: nn.Module, written: Callable[[Layer], nn.Module], chosen: Callable[[nn.Module], bool]
) -> nn.Module:
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if chosen(child) and isinstance(child, UpConv2d | nn.ConvTranspose2d):
                setattr(module, name, written(child))
    return network


def kernel_of(layer: Layer) -> Tensor:
    """Return the 4x4 kernel of the transposed convolution that a layer is, ``(after, before, 4, 4)``."""
    if isinstance(layer, nn.ConvTranspose2d):
        return layer.weight.transpose(0, 1)
    return (layer.weight.flatten(2) @ layer.sums).view(*layer.weight.shape[:2], 4, 4)


@torch.no_grad()
def _transposed(layer: Layer) -> nn.Module:
    plain = nn.ConvTranspose2d(
        layer.in_channels, layer.out_channels, 4, stride=2, padding=1, bias=layer.bias is not None
    )
    plain.weight.copy_(kernel_of(layer).transpose(0, 1))
    if layer.bias is not None and plain.bias is not None:
        plain.bias.copy_(layer.bias)
    return plain


@torch.no_grad()
def _convolution(layer: Layer) -> nn.Module:
    kernel = kernel_of(layer)
    after, before = kernel.shape[:2]
    weight = torch.zeros(after, 2, 2, before, 3, 3)
    for down, (rows, vertical) in enumerate(PHASES):
        for right, (columns, horizontal) in enumerate(PHASES):
            weight[:, down, right, :, rows, columns] = kernel[:, :, vertical][:, :, :, horizontal]
    plain = nn.Conv2d(before, 4 * after, 3, padding=1, bias=layer.bias is not None)
    plain.weight.copy_(weight.view(4 * after, before, 3, 3))
    if layer.bias is not None and plain.bias is not None:
        plain.bias.copy_(layer.bias.repeat_interleave(4))
    return nn.Sequential(plain, nn.PixelShuffle(2))
