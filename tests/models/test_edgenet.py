import pytest
import torch
from torch import nn

from synthetyk.models.edgenet import EDGENET, Block, EdgeNet, halvings_for
from synthetyk.models.encoder import EncoderShape


@pytest.mark.parametrize(("side", "halvings"), [(8, 1), (28, 1), (32, 1), (64, 2), (128, 3), (224, 4)])
def test_larger_images_are_halved_more_often_before_the_blocks(side: int, halvings: int) -> None:
    assert halvings_for(side, side) == halvings
    assert EdgeNet(EncoderShape(1, side, side, base=16)).stem(torch.zeros(1, 1, side, side)).shape[2] <= 22


def test_a_fresh_block_passes_its_shortcut_on() -> None:
    network = EDGENET.build(EncoderShape(1, 28, 28, base=8))
    EDGENET.initialise(network, torch.Generator().manual_seed(0))
    x = torch.rand(2, 8, 6, 6)
    torch.testing.assert_close(network.eval().blocks[0](x), x)


def test_only_layers_that_int8_handles_well() -> None:
    modules = list(EdgeNet(EncoderShape(3, 28, 28, base=8)).modules())
    kinds = {type(module) for module in modules if not list(module.children())}
    assert kinds == {nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.Identity}
    assert all(module.groups == 1 for module in modules if isinstance(module, nn.Conv2d))


def test_a_block_with_stride_two_halves_the_map() -> None:
    assert Block(4, 6, stride=2)(torch.zeros(1, 4, 7, 7)).shape == (1, 6, 4, 4)
