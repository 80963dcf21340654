"""What every registered encoder keeps, whatever it is inside."""

import pytest
import torch
from torch import nn

from synthetyk.core.errors import ArtifactError, UnknownNameError
from synthetyk.models.encoder import (
    ENCODERS,
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    EncoderShape,
    Standardised,
    build_encoder,
    encoder_kind,
    from_published,
)

NAMES = ENCODERS.names()
PUBLISHED = [name for name in NAMES if encoder_kind(name).published]


def test_the_encoders_that_users_are_told_of_are_there() -> None:
    assert {"edgenet", "squeezenet", "resnet18", "resnet50", "densenet121", "efficientnet-b0"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("side", "channels"), [(28, 1), (64, 3)])
def test_images_become_maps_of_more_than_one_pixel(name, side, channels) -> None:
    network = build_encoder(name, EncoderShape(channels, side, side, base=8), 0).eval()
    maps = network(torch.zeros(2, channels, side, side))
    assert maps.shape[:2] == (2, network.dimension)
    assert min(maps.shape[2:]) >= 2


@pytest.mark.parametrize("name", NAMES)
def test_first_weights_come_from_the_seed_alone(name) -> None:
    shape = EncoderShape(1, 28, 28, base=8)
    torch.manual_seed(1)
    first = build_encoder(name, shape, 5).state_dict()
    torch.manual_seed(2)
    again, other = (build_encoder(name, shape, seed).state_dict() for seed in (5, 6))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not all(torch.equal(first[key], other[key]) for key in first)


@pytest.mark.parametrize("name", NAMES)
def test_training_draws_nothing_from_torchs_own_generator(name) -> None:
    network = build_encoder(name, EncoderShape(1, 28, 28, base=8), 5).train()
    before = torch.random.get_rng_state()
    network(torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))).sum().backward()
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("name", NAMES)
def test_every_weight_learns(name) -> None:
    network = build_encoder(name, EncoderShape(1, 28, 28, base=8), 5).train()
    x = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    network(x).square().sum().backward()
    assert all(p.grad is not None for p in network.parameters())


@pytest.mark.parametrize("name", PUBLISHED)
def test_colour_weights_fit_a_grey_network_and_see_grey_as_equal_colours(name) -> None:
    shape = EncoderShape(3, 64, 64)
    colour, grey = build_encoder(name, shape, 1).eval(), build_encoder(name, EncoderShape(1, 64, 64), 2).eval()
    kind = encoder_kind(name)
    state = {**colour.state_dict(), kind.first: colour.state_dict()[kind.first].sum(dim=1, keepdim=True)}
    grey.load_state_dict(state)
    for network in (colour, grey):
        network.standardised = nn.Identity()
    x = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    expected = colour(x.expand(-1, 3, -1, -1))
    assert (grey(x) - expected).norm() < 1e-3 * expected.norm()


def test_colour_weights_are_added_for_one_channel() -> None:
    state = {"conv1.weight": torch.arange(3.0).view(1, 3, 1, 1), "fc.weight": torch.ones(1, 1)}
    grey, colour = (from_published("resnet18", state, channels, "w.pth") for channels in (1, 3))
    assert grey["body.conv1.weight"].tolist() == [[[[3.0]]]]
    assert list(colour) == ["body.conv1.weight"]
    assert torch.equal(colour["body.conv1.weight"], state["conv1.weight"])


def test_weights_that_are_not_for_colour_are_refused() -> None:
    with pytest.raises(ArtifactError, match=r"w\.pth is not for colour images"):
        from_published("resnet18", {"conv1.weight": torch.ones(1, 1, 7, 7)}, 1, "w.pth")


def test_an_encoder_without_published_weights_says_so() -> None:
    with pytest.raises(ArtifactError, match="No weights are published for the encoder edgenet"):
        from_published("edgenet", {}, 1, "w.pth")


def test_an_unknown_encoder_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="resnet18"):
        encoder_kind("resnet-18")


def test_images_are_brought_to_imagenets_mean_and_deviation() -> None:
    x = torch.rand(2, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    mean, deviation = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_DEVIATION)
    expected = (x.permute(0, 2, 3, 1) - mean) / deviation
    torch.testing.assert_close(Standardised(3)(2 * x - 1).permute(0, 2, 3, 1), expected)
    assert Standardised(1)(torch.zeros(1, 1, 1, 1)).item() == pytest.approx((0.5 - 0.449) / 0.226)
