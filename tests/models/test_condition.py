import pytest
import torch

from synthetyk.models.condition import ClassInput, ClassScore, renewed, set_strength
from synthetyk.models.gan_network import NetworkConfig, build_discriminator, build_generator

CONFIG = NetworkConfig(classes=3, latent=5)
LABELS = torch.tensor([0, 2, 1])


def test_the_class_stands_beside_the_noise():
    condition, z = ClassInput(CONFIG), torch.randn(3, 5)
    out = condition(z, LABELS)
    assert out.shape == (3, condition.size)
    assert torch.equal(out, torch.cat([z, condition.embed.weight[LABELS]], dim=1))


def test_the_score_is_the_inner_product_with_the_embedding_of_the_class():
    score, h = ClassScore(CONFIG, 4), torch.randn(3, 4)
    torch.testing.assert_close(score(h, LABELS), (h * score.project.weight[LABELS]).sum(dim=1))


def test_without_classes_nothing_is_added():
    config = CONFIG.replace(classes=0)
    z = torch.randn(3, 5)
    assert torch.equal(ClassInput(config)(z, None), z)
    assert torch.equal(ClassScore(config, 5)(z, None), torch.zeros(3))


@pytest.mark.parametrize("architecture", ["dcgan", "upconv", "spectral", "residual"])
def test_at_strength_0_a_pair_is_unconditional_and_the_strength_is_saved(architecture):
    config = NetworkConfig(architecture=architecture, resolution=28, classes=3, width=8, width_limit=16, latent=5)
    generator, discriminator = build_generator(config, 0, "g").eval(), build_discriminator(config, 0, "d").eval()
    z, others = torch.randn(3, 5), torch.tensor([1, 0, 2])
    for network in (generator, discriminator):
        set_strength(network, 0.0)
    images = generator(z, LABELS)
    assert torch.equal(images, generator(z, others))
    assert torch.equal(discriminator(images, LABELS), discriminator(images, others))
    set_strength(generator, 0.5)
    other = build_generator(config, 0, "g").eval()
    other.load_state_dict(generator.state_dict())
    assert torch.equal(other(z, LABELS), generator(z, LABELS))


@pytest.mark.parametrize("build", [build_generator, build_discriminator])
def test_a_state_from_before_the_modules_had_names_is_read(build):
    network = build(NetworkConfig(resolution=28, classes=3, width=8, latent=5), 0, "old")
    state = network.state_dict()
    old = {
        name.removeprefix("condition.").removeprefix("by_class."): tensor
        for name, tensor in state.items()
        if not name.endswith(".strength")
    }
    assert old.keys() != state.keys()
    found = renewed(network, old)
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], state[name]) for name in state)
    assert renewed(network, found).keys() == state.keys()
    plain = torch.nn.Linear(2, 2)
    assert renewed(plain, plain.state_dict()).keys() == plain.state_dict().keys()
