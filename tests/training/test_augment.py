import numpy as np
import pytest
import torch

from synthetyk.training.augment import DRAWS, augment, color, cutout, draw, translation


@pytest.fixture
def images():
    return torch.rand(16, 3, 32, 32) * 2 - 1


def numbers(**fixed):
    values = torch.full((1, DRAWS), 0.5)
    for index, value in fixed.items():
        values[0, int(index[1:])] = value
    return values


def test_an_empty_policy_changes_nothing(images):
    assert torch.equal(augment(images, "", draw(0, "real", 16, step=0)), images)


def test_the_middle_of_the_range_changes_no_colour(images):
    torch.testing.assert_close(color(images, torch.full((16, DRAWS), 0.5)), images)


def test_brightness_adds_and_contrast_scales_about_the_mean(images):
    one = images[:1]
    torch.testing.assert_close(color(one, numbers(d0=0.75)), one + 0.25)
    contrasted = color(one, numbers(d2=0.0))
    torch.testing.assert_close(contrasted - contrasted.mean(), (one - one.mean()) / 2)


def test_no_saturation_makes_grey(images):
    grey = color(images[:1], numbers(d1=0.0))
    torch.testing.assert_close(grey[:, 0], grey[:, 2])
    torch.testing.assert_close(grey.mean(), images[:1].mean())


@pytest.mark.parametrize(("uniform", "shift"), [(0.0, -4), (0.5, 0), (0.999, 4)])
def test_translation_moves_whole_pixels_and_fills_with_zero(images, uniform, shift):
    one = images[:1]
    moved = translation(one, numbers(d3=uniform, d4=0.5))
    expected = torch.roll(one, shift, dims=2)
    rows = slice(0, shift) if shift > 0 else slice(32 + shift, 32)
    expected[:, :, rows] = 0
    assert torch.equal(moved, expected)


def test_translation_reaches_an_eighth_both_ways_and_no_further():
    single = torch.zeros(500, 1, 32, 32)
    single[:, :, 16, 16] = 1
    places = translation(single, draw(0, "real", 500, step=0)).nonzero()[:, 2:] - 16
    assert len(places) == 500
    assert sorted(set(places[:, 0].tolist())) == sorted(set(places[:, 1].tolist())) == list(range(-4, 5))


def test_cutout_clears_at_most_a_square_of_half_the_size():
    cleared = (cutout(torch.ones(500, 1, 32, 32), draw(0, "real", 500, step=0)) == 0).sum(dim=(1, 2, 3))
    assert cleared.max() == 16 * 16
    assert cleared.min() >= 8 * 8


def test_gradients_pass_through_every_transform(images):
    images.requires_grad_(True)
    augment(images, "color,translation,cutout", draw(0, "fake", 16, step=0)).sum().backward()
    assert (images.grad.flatten(1).abs().sum(dim=1) > 0).all()


def test_numbers_depend_on_role_step_and_attempt_only():
    first = draw(3, "real", 4, step=7)
    assert torch.equal(first, draw(3, "real", 4, step=7))
    others = [draw(3, "fake", 4, step=7), draw(3, "real", 4, step=8), draw(3, "real", 4, step=7, attempt=1)]
    assert not any(torch.equal(first, other) for other in others)


def test_each_image_has_numbers_of_its_own():
    values = draw(0, "real", 1000, step=0).numpy()
    assert len(np.unique(values)) > 6900
