import pytest
import torch

from synthetyk.models.autoencoder import Autoencoder
from synthetyk.models.encoder import ENCODERS, EncoderShape


@pytest.mark.parametrize("name", ENCODERS.names())
@pytest.mark.parametrize(("channels", "height", "width"), [(1, 28, 28), (3, 64, 48)])
def test_what_is_drawn_has_the_shape_and_range_of_the_images(name, channels, height, width) -> None:
    network = Autoencoder.build(name, EncoderShape(channels, height, width, base=8), 0, seed=0).eval()
    drawn = network(torch.rand(2, channels, height, width) * 2 - 1)
    assert drawn.shape == (2, channels, height, width)
    assert drawn.abs().max() <= 1


def test_all_goes_through_the_narrow_place() -> None:
    network = Autoencoder.build("edgenet", EncoderShape(1, 28, 28, base=8), 3, seed=0).eval()
    assert network.code(network.encoder(torch.zeros(1, 1, 28, 28))).shape[1] == 3
    network.code.weight.data.zero_()
    x = torch.rand(2, 1, 28, 28)
    torch.testing.assert_close(network(x)[0], network(x)[1])


def test_the_seed_decides_the_first_weights() -> None:
    shape = EncoderShape(1, 28, 28, base=8)
    first, again, other = (Autoencoder.build("edgenet", shape, 0, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["decoder.0.weight"], other["decoder.0.weight"])
