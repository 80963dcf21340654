import pytest
import torch
from torch import nn

from synthetyk.compression.channels import groups_of, with_fewer_channels
from synthetyk.core.errors import NotApplicableError


def weights(network):
    return sum(tensor.numel() for tensor in network.parameters())


@pytest.mark.parametrize(("encoder", "shape"), [("edgenet", (1, 28, 28)), ("edgenet", (3, 96, 64))])
def test_half_of_the_channels_are_a_quarter_of_the_weights(untrained, encoder, shape):
    network = untrained(encoder, shape, width=32).network
    smaller = with_fewer_channels(network, 0.5)
    assert weights(smaller) < 0.3 * weights(network)
    assert smaller.dimension == network.dimension // 2
    assert smaller(torch.zeros(2, *shape)).shape == (2, 3)
    assert (
        smaller.activation_maps(torch.zeros(2, *shape)).shape == network.activation_maps(torch.zeros(2, *shape)).shape
    )


@pytest.mark.parametrize("encoder", ["resnet18", "resnet50"])
def test_blocks_of_a_resnet_become_narrower_within(untrained, encoder):
    network = untrained(encoder).network
    smaller = with_fewer_channels(network, 0.5)
    assert weights(smaller) < 0.62 * weights(network)
    assert smaller(torch.zeros(2, 1, 28, 28)).shape == (2, 3)


@pytest.mark.parametrize("encoder", ["edgenet", "resnet18"])
def test_channels_that_are_silent_can_go_without_a_change(untrained, encoder):
    network = untrained(encoder, width=16).network
    with torch.no_grad():
        for group in groups_of(network):
            for _, norm in group.writers:
                norm.weight[1::2] = 0
                norm.bias[1::2] = 0
    images = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    smaller = with_fewer_channels(network, 0.5)
    assert weights(smaller) < weights(network)
    torch.testing.assert_close(smaller(images), network(images), atol=1e-4, rtol=1e-4)


def test_the_original_stays_as_it_was(untrained):
    network = untrained(width=16).network
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with_fewer_channels(network, 0.5)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_channels_stay_a_multiple_of_eight(untrained):
    smaller = with_fewer_channels(untrained(width=24).network, 0.4)
    counts = {module.out_channels for module in smaller.modules() if isinstance(module, nn.Conv2d)}
    assert all(count % 8 == 0 for count in counts)
    assert min(counts) == 8


def test_an_encoder_whose_channels_cannot_be_told_apart_is_refused_with_the_reason(untrained):
    with pytest.raises(NotApplicableError, match=r"SqueezeNet.*Expected EdgeNet or a ResNet"):
        with_fewer_channels(untrained("squeezenet").network, 0.5)
