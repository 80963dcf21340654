import pytest
import torch

from synthetyk.core.errors import ConfigError
from synthetyk.models.gan_network import NetworkConfig, build_discriminator
from synthetyk.models.per_class import score_all, score_own

CONFIG = NetworkConfig(
    architecture="spectral", resolution=28, classes=3, width=8, width_limit=16, discriminator="per_class"
)


def built(**changes):
    return build_discriminator(CONFIG.replace(**changes), 0, "discriminator").eval()


def images(count):
    return torch.randn(count, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def test_every_image_is_scored_by_the_part_of_its_class():
    network, x, labels = built(), images(7), torch.tensor([2, 0, 1, 1, 0, 2, 2])
    each = [network.parts[label](x[row : row + 1]).item() for row, label in enumerate(labels)]
    torch.testing.assert_close(network(x, labels), torch.tensor(each))


def test_a_batch_may_lack_a_class():
    network, x = built(), images(3)
    torch.testing.assert_close(network(x, torch.tensor([2, 0, 2]))[::2], network.parts[2](x[::2]))


def test_what_is_recorded_on_a_gpu_gives_the_same_logits_and_gradients():
    network, labels = built(), torch.tensor([2, 0, 1, 1, 0, 2, 2])
    found = []
    for way in (score_own, score_all):
        x = images(7).requires_grad_()
        logits = way(network.parts, x, labels)
        found.append((logits, *torch.autograd.grad(logits.square().sum(), [x, *network.parameters()])))
    torch.testing.assert_close(found[0], found[1])


def test_a_class_teaches_only_its_own_part():
    network = built()
    network(images(4), torch.tensor([1, 1, 1, 1])).sum().backward()
    assert [any(p.grad is not None for p in part.parameters()) for part in network.parts] == [False, True, False]


def test_no_two_parts_begin_alike():
    one, two, _ = (torch.cat([p.flatten() for p in part.parameters()]) for part in built().parts)
    assert not torch.equal(one, two)


def test_without_classes_it_is_refused():
    with pytest.raises(ConfigError, match="classes for a discriminator per class"):
        NetworkConfig.parse({"discriminator": "per_class"})


def test_with_batch_normalisation_it_is_refused():
    with pytest.raises(ConfigError, match="upconv, whose batch normalisation"):
        built(architecture="upconv")
