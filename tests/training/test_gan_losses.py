import torch
import torch.nn.functional as F

from synthetyk.training.gan_losses import discriminator_loss, generator_loss


def test_losses_are_binary_cross_entropies():
    real, fake = torch.linspace(-6, 9, 7, dtype=torch.float64), torch.linspace(-9, 6, 9, dtype=torch.float64)
    one, zero = torch.ones_like(fake), torch.zeros_like(fake)
    expected = F.binary_cross_entropy(real.sigmoid(), one[:7]) + F.binary_cross_entropy(fake.sigmoid(), zero)
    torch.testing.assert_close(discriminator_loss(real, fake), expected)
    torch.testing.assert_close(generator_loss(fake), F.binary_cross_entropy(fake.sigmoid(), one))


def test_generator_still_has_a_gradient_when_the_discriminator_is_sure():
    logits = torch.full((4,), -40.0, requires_grad=True)
    generator_loss(logits).backward()
    torch.testing.assert_close(logits.grad, torch.full((4,), -0.25))
