import pytest
import torch
from torch import nn

from synthetyk.core.errors import ConfigError
from synthetyk.models.dcgan import Discriminator, Generator, NetworkConfig, initialise


def small(**changes):
    return NetworkConfig(**{"resolution": 28, "classes": 2, "width": 8, "latent": 16, **changes})


def made(kind, config, seed=0):
    network = kind(config)
    initialise(network, seed, "test")
    return network


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def test_width_128_at_64_pixels_is_the_network_of_the_paper():
    config = NetworkConfig(resolution=64, width=128)
    channels = [100, 1024, 512, 256, 128]
    assert config.widths == tuple(channels[1:])
    convolutions = 1024 * 512 * 16 + 512 * 256 * 16 + 256 * 128 * 16
    projection, image, norms = 100 * 1024 * 16, 128 * 16 + 1, 2 * sum(channels[1:])
    assert sum(p.numel() for p in Generator(config).parameters()) == projection + convolutions + image + norms
    image_and_score = 128 * 16 + 128 + 1024 * 16 + 1
    assert sum(p.numel() for p in Discriminator(config).parameters()) == (
        convolutions + image_and_score + 2 * (1024 + 512 + 256)
    )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("resolution", [28, 32, 64, 128])
def test_every_size_draws_and_scores_images_of_that_size(resolution, channels):
    config = small(resolution=resolution, channels=channels, width=4)
    labels = torch.tensor([0, 1])
    images = made(Generator, config)(torch.randn(2, 16), labels)
    assert images.shape == (2, channels, resolution, resolution)
    assert images.abs().max() <= 1
    assert made(Discriminator, config)(images, labels).shape == (2,)


@pytest.mark.parametrize(("resolution", "base", "blocks"), [(28, 7, 2), (32, 4, 3), (64, 4, 4), (128, 4, 5)])
def test_other_sizes_adapt_base_and_number_of_blocks(resolution, base, blocks):
    config = small(resolution=resolution)
    assert (config.base, len(config.widths)) == (base, blocks)
    assert base * 2**blocks == resolution


def test_batch_normalisation_leaves_out_generator_output_and_discriminator_input():
    generator, discriminator = Generator(small(resolution=64)), Discriminator(small(resolution=64))
    assert [type(layer) for layer in generator.blocks[-2:]] == [nn.ConvTranspose2d, nn.Tanh]
    assert [type(layer) for layer in discriminator.blocks[:3]] == [nn.Conv2d, nn.LeakyReLU, nn.Conv2d]
    assert sum(isinstance(m, nn.BatchNorm2d) for m in generator.modules()) == 4
    assert sum(isinstance(m, nn.BatchNorm2d) for m in discriminator.modules()) == 3


def test_weights_begin_normal_with_deviation_2_percent():
    generator = made(Generator, NetworkConfig(resolution=64, width=16))
    for module in generator.modules():
        if isinstance(module, nn.Linear | nn.ConvTranspose2d) and module.weight.numel() > 10_000:
            assert module.weight.mean().item() == pytest.approx(0, abs=1e-3)
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_weights_depend_on_the_address_and_not_on_torchs_own_generator():
    torch.manual_seed(1)
    first = weights(made(Generator, small(), seed=5))
    torch.manual_seed(2)
    assert torch.equal(first, weights(made(Generator, small(), seed=5)))
    assert not torch.equal(first, weights(made(Generator, small(), seed=6)))


def test_noise_and_label_both_change_the_image():
    generator = made(Generator, small())
    z = torch.randn(4, 16)
    first = generator(z, torch.zeros(4, dtype=torch.int64))
    assert not torch.allclose(first, generator(z, torch.ones(4, dtype=torch.int64)))
    assert not torch.allclose(first, generator(-z, torch.zeros(4, dtype=torch.int64)))


def test_discriminator_adds_the_inner_product_with_the_class_embedding():
    discriminator = made(Discriminator, small()).eval()
    images, labels = torch.randn(3, 1, 28, 28), torch.tensor([0, 1, 1])
    pooled = discriminator.blocks(images).sum(dim=(2, 3))
    embedding = discriminator.project.weight[labels]
    expected = discriminator(images) + torch.einsum("nc,nc->n", embedding, pooled)
    torch.testing.assert_close(discriminator(images, labels), expected)


def test_unconditional_networks_take_no_labels():
    config = small(classes=0)
    assert made(Discriminator, config)(made(Generator, config)(torch.randn(2, 16))).shape == (2,)


def test_a_size_that_is_not_supported_is_refused():
    with pytest.raises(ConfigError, match="resolution"):
        NetworkConfig.parse({"resolution": 48})
