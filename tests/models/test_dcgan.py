import pytest
import torch
from torch import nn

from synthetyk.core.errors import ConfigError
from synthetyk.models.dcgan import DCGAN, Discriminator, Generator
from synthetyk.models.gan_network import NetworkConfig, initialise


def small(**changes):
    return NetworkConfig(**{"resolution": 28, "classes": 2, "width": 8, "latent": 16, **changes})


def made(kind, config, seed=0):
    network = kind(config)
    initialise(network, DCGAN.deviation, seed, "test")
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


def test_discriminator_adds_the_inner_product_with_the_class_embedding():
    discriminator = made(Discriminator, small()).eval()
    images, labels = torch.randn(3, 1, 28, 28), torch.tensor([0, 1, 1])
    pooled = discriminator.blocks(images).sum(dim=(2, 3))
    embedding = discriminator.by_class.project.weight[labels]
    expected = discriminator(images) + torch.einsum("nc,nc->n", embedding, pooled)
    torch.testing.assert_close(discriminator(images, labels), expected)


def test_unconditional_networks_take_no_labels():
    config = small(classes=0)
    assert made(Discriminator, config)(made(Generator, config)(torch.randn(2, 16))).shape == (2,)


def test_a_size_that_is_not_supported_is_refused():
    with pytest.raises(ConfigError, match="resolution"):
        NetworkConfig.parse({"resolution": 48})
