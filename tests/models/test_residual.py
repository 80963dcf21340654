import torch
import torch.nn.functional as F

from synthetyk.models.gan_network import NetworkConfig, build_discriminator, build_generator
from synthetyk.models.residual import Block

CONFIG = NetworkConfig(architecture="residual", resolution=32, classes=2, width=16, width_limit=32, latent=16)


def test_a_block_changes_nothing_at_the_beginning():
    generator = build_generator(CONFIG, 0, "test")
    block = next(module for module in generator.modules() if isinstance(module, Block))
    x = torch.randn(2, 32, 4, 4)
    assert torch.equal(block(x), x)


def test_signals_begin_of_the_order_of_one_at_any_depth():
    for resolution in (32, 128):
        config = CONFIG.replace(resolution=resolution)
        images = build_generator(config, 0, "test")(torch.randn(8, 16), torch.arange(8) % 2)
        smooth = F.interpolate(torch.randn(8, 1, 4, 4), resolution)
        scores = build_discriminator(config, 0, "test")(smooth, torch.arange(8) % 2)
        assert 0.1 < images.std().item() < 0.9
        assert 0.05 < scores.std().item() < 5


def test_every_weight_is_reached_by_the_gradient_of_a_penalty():
    discriminator = build_discriminator(CONFIG, 0, "test")
    with torch.no_grad():
        for module in discriminator.modules():
            if isinstance(module, Block):
                module.reduce.weight.normal_(0, 0.1)
    images = torch.randn(2, 1, 32, 32, requires_grad=True)
    (gradient,) = torch.autograd.grad(discriminator(images, torch.tensor([0, 1])).sum(), images, create_graph=True)
    gradient.square().sum().backward()
    touched = [name for name, p in discriminator.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0]
    assert {name for name, _ in discriminator.named_parameters() if name.endswith("weight")} <= set(touched)
