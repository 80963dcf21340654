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
    last = UpConv2d(5, 1, bias=False)
    expected = last(layer(x))
    torch.testing.assert_close(written(nn.Sequential(layer, last))(x), expected, atol=1e-5, rtol=1e-5)


def test_only_the_layer_that_draws_the_image_stays_a_transposed_convolution():
    inner = nn.Sequential(nn.ConvTranspose2d(4, 4, 4, 2, 1))
    network = as_convolution(nn.Sequential(UpConv2d(3, 4, bias=False), inner, UpConv2d(4, 1, bias=True)))
    assert [layer.out_channels for layer in network.modules() if doubles(layer)] == [1]


def test_a_layer_of_another_kind_stays():
    layer = nn.ConvTranspose2d(3, 5, 2, 2)
    assert as_convolution(nn.Sequential(layer))[0] is layer


@pytest.mark.parametrize("layer", [UpConv2d(3, 5, bias=False), nn.ConvTranspose2d(3, 5, 4, 2, 1)])
def test_normalisation_is_folded_into_the_layer_before_it(layer):
    random = torch.Generator().manual_seed(0)
    norm = nn.BatchNorm2d(5).eval()
    for tensor in (norm.running_mean, norm.running_var, norm.weight.data, norm.bias.data):
        tensor.uniform_(0.5, 1.5, generator=random)
    x = torch.randn(2, 3, 6, 5, generator=random)
    network = nn.Sequential(layer, norm, nn.ReLU(), UpConv2d(5, 1, bias=True), nn.Tanh())
    expected = network(x)
    written = as_convolution(network)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in written.modules())
    torch.testing.assert_close(written(x), expected, atol=1e-5, rtol=1e-5)
