import pytest
import torch
from torch import nn

from synthetyk.models.gan_network import NetworkConfig, build_generator
from synthetyk.models.upconv import UpConv2d


@pytest.mark.parametrize("size", [(4, 4), (7, 5), (1, 1)])
def test_it_is_repeating_pixels_and_then_convolving(size):
    layer = UpConv2d(3, 5, bias=True).double()
    plain = nn.Conv2d(3, 5, 3, padding=1).double()
    plain.load_state_dict(layer.state_dict())
    x = torch.randn(2, 3, *size, dtype=torch.float64, requires_grad=True)
    there, here = plain(nn.Upsample(scale_factor=2)(x)), layer(x)
    torch.testing.assert_close(here, there)
    weights = torch.randn_like(here)
    gradients = torch.autograd.grad((here * weights).sum(), [x, layer.weight, layer.bias])
    theirs = torch.autograd.grad((there * weights).sum(), [x, plain.weight, plain.bias])
    for mine, other in zip(gradients, theirs, strict=True):
        torch.testing.assert_close(mine, other)


def test_a_flat_map_stays_flat_within_the_border_so_that_there_is_no_checkerboard():
    image = UpConv2d(4, 1, bias=True)(torch.ones(1, 4, 6, 6))[0, 0, 1:-1, 1:-1]
    torch.testing.assert_close(image, image.mean().expand_as(image))


def test_all_enlarging_is_done_that_way():
    generator = build_generator(NetworkConfig(architecture="upconv", resolution=64, width=8))
    assert sum(isinstance(module, UpConv2d) for module in generator.modules()) == 4
    assert not any(isinstance(module, nn.ConvTranspose2d) for module in generator.modules())
