"""Weights in torchvision's names give the function that torchvision's network has with them."""

import re

import pytest
import torch
from tests.models import torchvision_networks as theirs
from torch import nn

from synthetyk.models.encoder import (
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    EncoderShape,
    build_encoder,
    from_published,
)
from synthetyk.models.encoders.squeezenet import from_caffe
from synthetyk.models.squeezenet import SqueezeNet
from synthetyk.models.weights import load_strictly

NETWORKS = {
    "resnet18": lambda: theirs.ResNet(theirs.BasicBlock, (2, 2, 2, 2)),
    "resnet50": lambda: theirs.ResNet(theirs.Bottleneck, (3, 4, 6, 3)),
    "densenet121": theirs.DenseNet,
    "efficientnet-b0": theirs.EfficientNet,
}


@torch.no_grad()
def published(network: nn.Module) -> nn.Module:
    """Return a network whose weights and statistics are all different, as after a training."""
    random = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor, low, high in ((module.weight, 0.5, 1.5), (module.bias, -0.2, 0.2)):
                tensor.uniform_(low, high, generator=random)
            module.running_mean.uniform_(-0.2, 0.2, generator=random)
            module.running_var.uniform_(0.5, 1.5, generator=random)
        elif isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, generator=random)
    return network.eval()


def colours() -> torch.Tensor:
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def standardised(rgb: torch.Tensor) -> torch.Tensor:
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_DEVIATION))
    return (rgb - mean) / deviation


@pytest.mark.parametrize("name", NETWORKS)
@torch.no_grad()
def test_the_maps_are_torchvisions(name) -> None:
    network = published(NETWORKS[name]())
    mine = build_encoder(name, EncoderShape(3, 64, 64), 0).eval()
    load_strictly(mine, from_published(name, network.state_dict(), 3, "theirs"), "theirs")
    expected = network(standardised(colours()))
    found = mine(2 * colours() - 1)
    assert found.shape == expected.shape
    assert (found - expected).norm() < 1e-4 * expected.norm()


def test_old_names_of_densenets_layers_are_known_too() -> None:
    new = published(theirs.DenseNet()).state_dict()
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)", r"\1.\2", key): value for key, value in new.items()}
    assert old.keys() != new.keys()
    assert from_published("densenet121", old, 3, "w").keys() == from_published("densenet121", new, 3, "w").keys()


@torch.no_grad()
def test_caffes_squeezenet_computes_the_same_from_standardised_colours() -> None:
    caffe = SqueezeNet()
    random = torch.Generator().manual_seed(0)
    for parameter in caffe.parameters():
        parameter.normal_(0, 0.05, generator=random)
    mine = build_encoder("squeezenet", EncoderShape(3, 64, 64), 0).eval()
    load_strictly(mine, from_published("squeezenet", from_caffe(caffe.state_dict()), 3, "caffe"), "caffe")
    pooled, _ = caffe.eval()(255 * colours())
    found = mine(2 * colours() - 1).mean(dim=(2, 3))
    assert (found - pooled).norm() < 1e-4 * pooled.norm()
