import pytest
import torch

from synthetyk.training.spread import spread, spread_loss


def noise(seed, size=28, scale=1.0):
    return scale * torch.randn(8, 1, size, size, generator=torch.Generator().manual_seed(seed))


def test_batches_as_varied_as_each_other_cost_nothing_wherever_their_mean_lies():
    assert spread_loss(noise(0), noise(0)) == 0
    assert spread_loss(noise(0) + 3, noise(0)).item() == pytest.approx(0, abs=1e-9)


def test_identical_images_cost_the_whole_of_what_real_ones_vary():
    assert spread_loss(noise(0)[:1].expand(8, -1, -1, -1), noise(1)).item() == pytest.approx(1)


@pytest.mark.parametrize(("scale", "cost"), [(0.5, 0.25), (1.5, 0.25), (3.0, 4.0)])
def test_too_little_and_too_much_variety_cost_the_square_of_the_difference(scale, cost):
    assert spread_loss(noise(0, scale=scale), noise(0)).item() == pytest.approx(cost, rel=1e-5)


def test_only_coarse_pixels_count_from_32_pixels_on():
    checkered = noise(0, 64)[:1].repeat(8, 1, 1, 1)
    sign = torch.tensor([1.0, -1.0]).repeat(4)[:, None, None, None]
    flicker = sign * torch.tensor([1.0, -1.0]).repeat(32)[None, None, None]
    assert spread(checkered + flicker).max() < 1e-5
    assert spread(torch.zeros(8, 1, 28, 28) + flicker[..., :28]).min() > 1


def test_the_gradient_leads_to_more_variety_and_leaves_real_images_alone():
    fake, real = noise(0, scale=0.5).requires_grad_(), noise(1).requires_grad_()
    spread_loss(fake, real).backward()
    assert real.grad is None
    with torch.no_grad():
        assert spread(fake - 100 * fake.grad).mean() > spread(fake).mean()


def test_real_images_without_any_variety_are_no_division_by_zero():
    assert spread_loss(noise(0), torch.zeros(8, 1, 28, 28)).isfinite()
