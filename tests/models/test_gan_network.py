import pytest
import torch

from synthetyk.core.errors import ConfigError, UnknownNameError
from synthetyk.models.gan_network import (
    ARCHITECTURES,
    NetworkConfig,
    architecture,
    build_discriminator,
    build_generator,
)

NAMES = ARCHITECTURES.names()


def small(name, **changes):
    return NetworkConfig(
        **{"architecture": name, "resolution": 28, "classes": 2, "width": 8, "width_limit": 16, "latent": 16, **changes}
    )


def both(config, seed=0):
    return build_generator(config, seed, "generator"), build_discriminator(config, seed, "discriminator")


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("resolution", [28, 32, 64, 128, 256])
def test_every_architecture_draws_and_scores_images_of_every_size(name, resolution, channels):
    generator, discriminator = both(small(name, resolution=resolution, channels=channels, width=4))
    labels = torch.tensor([0, 1])
    images = generator(torch.randn(2, 16), labels)
    assert images.shape == (2, channels, resolution, resolution)
    assert images.abs().max() <= 1
    assert discriminator(images, labels).shape == (2,)


@pytest.mark.parametrize("name", NAMES)
def test_noise_and_label_both_change_image_and_score(name):
    generator, discriminator = (network.eval() for network in both(small(name)))
    z, labels = torch.randn(4, 16), torch.tensor([0, 0, 1, 1])
    images = generator(z, labels)
    assert not torch.allclose(images, generator(z, 1 - labels))
    assert not torch.allclose(images, generator(z.flip(0), labels))
    scores = discriminator(images, labels)
    assert not torch.allclose(scores, discriminator(images, 1 - labels))
    assert not torch.allclose(scores, discriminator(-images, labels))


@pytest.mark.parametrize("name", NAMES)
def test_an_unconditional_pair_needs_no_labels(name):
    generator, discriminator = both(small(name, classes=0))
    assert discriminator(generator(torch.randn(3, 16))).shape == (3,)


@pytest.mark.parametrize("name", NAMES)
def test_weights_depend_on_the_address_and_not_on_torchs_own_generator(name):
    torch.manual_seed(1)
    first = [weights(network) for network in both(small(name), seed=5)]
    torch.manual_seed(2)
    again = [weights(network) for network in both(small(name), seed=5)]
    other = [weights(network) for network in both(small(name), seed=6)]
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert not any(torch.equal(one, two) for one, two in zip(first, other, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_an_architecture_says_truly_whether_it_normalises_batches(name):
    generator, discriminator = both(small(name))
    z, images, labels = torch.randn(4, 16), torch.randn(4, 1, 28, 28), torch.tensor([0, 1, 0, 1])
    for _ in range(50):
        discriminator(images, labels)  # until spectral norms have settled
    kind = architecture(name)
    alone, together = discriminator(images[:2], labels[:2]), discriminator(images, labels)[:2]
    assert torch.allclose(alone, together, atol=1e-5) is not kind.discriminator_normalises
    alone, together = generator(z[:2], labels[:2]), generator(z, labels)[:2]
    assert torch.allclose(alone, together, atol=1e-5) is not kind.generator_normalises


@pytest.mark.parametrize(("resolution", "base", "blocks"), [(28, 7, 2), (32, 4, 3), (64, 4, 4), (128, 4, 5)])
def test_the_size_decides_base_and_number_of_blocks(resolution, base, blocks):
    config = NetworkConfig(resolution=resolution)
    assert (config.base, len(config.widths)) == (base, blocks)
    assert base * 2**blocks == resolution


def test_widths_double_to_their_limit_unless_layers_are_given():
    assert NetworkConfig(resolution=64, width=48, width_limit=200).widths == (200, 192, 96, 48)
    assert NetworkConfig(resolution=64, layers=(256, 256, 128, 128)).widths == (256, 256, 128, 128)


def test_layers_that_do_not_fit_the_size_are_refused():
    with pytest.raises(ConfigError, match="4 layers at 64 pixels, found 2"):
        NetworkConfig.parse({"resolution": 64, "layers": (256, 128)})


def test_an_unknown_architecture_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="dcgan"):
        build_generator(NetworkConfig(architecture="dcgam"))
