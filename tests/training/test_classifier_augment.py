import math

import pytest
import torch

from synthetyk.core import seeding
from synthetyk.training import classifier_augment
from synthetyk.training.classifier_augment import affine, augment, view


@pytest.fixture
def geometry_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ROTATION", "SCALE", "SHIFT", "BRIGHTNESS", "CONTRAST", "NOISE"):
        monkeypatch.setattr(classifier_augment, name, 0.0)


def test_the_same_address_changes_images_the_same_way() -> None:
    x = torch.rand(4, 1, 12, 12)
    first, again, other = (augment(x, seeding.generator(0, "test", step=step)) for step in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_images_are_changed_each_in_its_own_way_and_stay_in_range() -> None:
    x = torch.rand(1, 3, 16, 16).repeat(8, 1, 1, 1) * 2 - 1
    y = augment(x, seeding.generator(0, "test"))
    assert y.shape == x.shape
    assert y.abs().max() <= 1
    assert len({tuple(image.flatten().tolist()) for image in y}) == 8


@pytest.mark.usefixtures("geometry_only")
def test_nothing_is_mirrored_unless_asked_for() -> None:
    x = torch.linspace(-1, 1, 36).reshape(1, 1, 6, 6).repeat(32, 1, 1, 1)
    torch.testing.assert_close(augment(x, seeding.generator(0, "test")), x)
    flipped = augment(x, seeding.generator(0, "test"), flips=True)
    wanted = [x[0], x[0].flip(1), x[0].flip(2), x[0].flip(1, 2)]
    kinds = [next(i for i, w in enumerate(wanted) if torch.allclose(image, w, atol=1e-5)) for image in flipped]
    assert set(kinds) == {0, 1, 2, 3}


def test_a_view_changes_every_image_alike_and_the_first_none() -> None:
    x = torch.rand(1, 1, 12, 12, generator=torch.Generator().manual_seed(0)).repeat(4, 1, 1, 1) * 2 - 1
    assert torch.equal(view(x, 0, seed=3), x)
    first, again, other = (view(x, number, seed=3) for number in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(first[0], first[3])
    torch.testing.assert_close(view(x[:1], 1, seed=3), first[:1])
    assert not torch.equal(view(x, 1, seed=4), first)
    assert other.abs().max() <= 1


@pytest.mark.usefixtures("geometry_only")
def test_a_view_is_mirrored_only_where_that_is_allowed() -> None:
    x = torch.linspace(-1, 1, 36).reshape(1, 1, 6, 6)
    plain = [view(x, number, seed=0) for number in range(1, 9)]
    assert all(torch.allclose(each, x, atol=1e-5) for each in plain)
    mirrored = [view(x, number, seed=0, flips=True) for number in range(1, 9)]
    assert not all(torch.allclose(each, x, atol=1e-5) for each in mirrored)


def test_affine_is_rotation_over_scale_with_shift() -> None:
    angle, scale = 0.3, 1.5
    matrix = affine(torch.tensor([angle]), torch.tensor([scale]), torch.tensor([[0.1, 0.2]]))[0]
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    torch.testing.assert_close(matrix, torch.tensor([[cos, -sin, 0.1], [sin, cos, 0.2]]))
