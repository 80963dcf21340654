import pytest
import torch
from torch import nn

from synthetyk.compression.upsampling import as_convolution, as_transposed, doubles
from synthetyk.models.upconv import UpConv2d


@pytest.mark.parametrize("layer", [UpConv2d(3, 5, bias=True), nn.ConvTranspose2d(3, 5, 4, 2, 1)])
@pytest.mark.parametrize("written", [as_transposed, as_convolution])
@pytest.mark.parametrize("size", [(4, 4), (7, 5), (1, 1)])
def test_the_layer_written_otherwise_draws_the_same(layer, written, size):
    x = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    expected = layer(x)
    torch.testing.assert_close(written(nn.Sequential(layer))(x), expected, atol=1e-5, rtol=1e-5)


def test_nothing_that_enlarges_is_left_in_eight_bit_form():
    network = as_convolution(
        nn.Sequential(UpConv2d(3, 4, bias=False), nn.Sequential(nn.ConvTranspose2d(4, 1, 4, 2, 1)))
    )
    assert not any(doubles(module) for module in network.modules())


def test_a_layer_of_another_kind_stays():
    layer = nn.ConvTranspose2d(3, 5, 2, 2)
    assert as_convolution(nn.Sequential(layer))[0] is layer
