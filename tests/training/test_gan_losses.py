import pytest
import torch
import torch.nn.functional as F

from synthetyk.training.gan_losses import LOSSES, squared_gradients

REAL = torch.linspace(-6, 9, 7, dtype=torch.float64)
FAKE = torch.linspace(-9, 6, 7, dtype=torch.float64)


def test_bce_is_binary_cross_entropy():
    one, zero = torch.ones_like(FAKE), torch.zeros_like(FAKE)
    expected = F.binary_cross_entropy(REAL.sigmoid(), one) + F.binary_cross_entropy(FAKE.sigmoid(), zero)
    torch.testing.assert_close(LOSSES["bce"].discriminator(REAL, FAKE), expected)
    torch.testing.assert_close(LOSSES["bce"].generator(REAL, FAKE), F.binary_cross_entropy(FAKE.sigmoid(), one))


def test_hinge_asks_no_more_than_a_margin_of_one():
    margin = torch.nn.HingeEmbeddingLoss(margin=1.0)
    expected = margin(REAL, -torch.ones_like(REAL)) + margin(-FAKE, -torch.ones_like(FAKE))
    torch.testing.assert_close(LOSSES["hinge"].discriminator(REAL, FAKE), expected)
    torch.testing.assert_close(LOSSES["hinge"].generator(REAL, FAKE), -FAKE.mean())


def test_the_relativistic_loss_is_the_cross_entropy_of_telling_a_pair_apart():
    one = torch.ones_like(FAKE)
    loss = LOSSES["relativistic"]
    pairs = F.binary_cross_entropy((REAL - FAKE).sigmoid(), one)
    torch.testing.assert_close(loss.discriminator(REAL, FAKE), pairs)
    torch.testing.assert_close(loss.generator(REAL, FAKE), F.binary_cross_entropy((FAKE - REAL).sigmoid(), one))


@pytest.mark.parametrize("name", LOSSES)
def test_the_generator_still_has_a_gradient_when_the_discriminator_is_sure(name):
    fake = torch.full((4,), -40.0, requires_grad=True)
    LOSSES[name].generator(torch.full((4,), 40.0), fake).backward()
    torch.testing.assert_close(fake.grad, torch.full((4,), -0.25))


def test_squared_gradients_are_those_of_each_image_and_can_be_differentiated_again():
    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    images = torch.tensor([[1.0, 3.0], [0.5, -1.0]]).view(2, 2, 1, 1).requires_grad_()
    logits = (images.flatten(1).square() * weight).sum(dim=1)  # gradient 2 w x
    found = squared_gradients(logits, images)
    torch.testing.assert_close(found, torch.tensor([4.0 + 144.0, 1.0 + 16.0]))
    found.sum().backward()
    torch.testing.assert_close(weight.grad, torch.tensor([8.0 * (1 + 0.25), 16.0 * (9 + 1)]))
