import pytest
import torch
from torch import nn

from synthetyk.models.edgenet import Block, EdgeNet, halvings_for


@pytest.mark.parametrize(("side", "channels"), [(20, 1), (28, 1), (64, 3), (97, 3)])
def test_one_network_takes_images_of_any_size(side: int, channels: int) -> None:
    network = EdgeNet(channels, 3, 8, halvings=halvings_for(side, side)).eval()
    x = torch.zeros(2, channels, side, side)
    assert network(x).shape == (2, 3)
    assert network.features(x).shape == (2, network.dimension) == (2, 32)


@pytest.mark.parametrize(("side", "halvings"), [(8, 1), (28, 1), (32, 1), (64, 2), (128, 3), (224, 4)])
def test_larger_images_are_halved_more_often_before_the_blocks(side: int, halvings: int) -> None:
    assert halvings_for(side, side) == halvings
    assert EdgeNet(1, 2, 16, halvings=halvings).stem(torch.zeros(1, 1, side, side)).shape[2] <= 22


def test_logits_are_the_head_on_the_features() -> None:
    network = EdgeNet(1, 2, 8).eval()
    x = torch.rand(3, 1, 28, 28)
    torch.testing.assert_close(network(x), network.head(network.features(x)))


def test_initial_weights_come_from_the_seed_alone() -> None:
    torch.manual_seed(1)
    first = EdgeNet(1, 2, 8, seed=5)
    torch.manual_seed(2)
    again, other = EdgeNet(1, 2, 8, seed=5), EdgeNet(1, 2, 8, seed=6)
    same = [torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True)]
    assert all(same)
    assert not torch.equal(first.head.weight, other.head.weight)


def test_a_fresh_block_passes_its_shortcut_on() -> None:
    network = EdgeNet(1, 2, 8).eval()
    x = torch.rand(2, 8, 6, 6)
    torch.testing.assert_close(network.blocks[0](x), x)


def test_only_layers_that_int8_handles_well() -> None:
    kinds = {type(module) for module in EdgeNet(3, 2, 8).modules() if not list(module.children())}
    assert kinds == {nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.Identity, nn.Linear}
    convolutions = [m for m in EdgeNet(3, 2, 8).modules() if isinstance(m, nn.Conv2d)]
    assert all(convolution.groups == 1 for convolution in convolutions)


def test_a_block_with_stride_two_halves_the_map() -> None:
    assert Block(4, 6, stride=2)(torch.zeros(1, 4, 7, 7)).shape == (1, 6, 4, 4)
