import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from synthetyk.data.phantom import LABELS, draw, sample_factors


def disc_mask(factors, size: int) -> NDArray[np.bool_]:
    """The core of an unrotated lesion, drawn independently of the phantom's own code."""
    axis = (np.arange(size) + 0.5) * 2 / size - 1
    x, y = np.meshgrid(axis, axis)
    return (x - factors.lesion.center[0]) ** 2 + (y - factors.lesion.center[1]) ** 2 <= factors.lesion.radius**2


def unposed(factors):
    pose = dataclasses.replace(factors.acquisition, rotation=0.0, scale=1.0, shift=(0.0, 0.0))
    return dataclasses.replace(factors, acquisition=pose)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [28, 64, 97])
def test_an_image_has_the_size_and_channels_asked_for(size, channels):
    image, mask = draw(sample_factors(0, 1, "benign"), size, channels)
    assert image.shape == (size, size, channels) and image.dtype == np.uint8
    assert mask.shape == (size, size) and mask.dtype == np.bool_


def test_the_same_factors_give_the_same_bits():
    first, second = (draw(sample_factors(3, 5, "malignant"), 64) for _ in range(2))
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])


def test_another_index_is_another_image():
    assert not np.array_equal(draw(sample_factors(0, 0, "normal"), 64)[0], draw(sample_factors(0, 1, "normal"), 64)[0])


def test_the_label_changes_nothing_but_the_lesion():
    normal, benign = (sample_factors(0, 4, label) for label in ("normal", "benign"))
    assert normal.anatomy == benign.anatomy and normal.acquisition == benign.acquisition
    assert normal.lesion is None and benign.lesion is not None


def test_images_of_one_patient_share_anatomy_and_lesion_but_not_the_acquisition():
    first, second = (sample_factors(0, index, "malignant", patient=7) for index in (1, 2))
    assert first.anatomy == second.anatomy and first.lesion == second.lesion
    assert first.acquisition != second.acquisition


def test_a_normal_image_has_an_empty_mask():
    assert not draw(sample_factors(0, 2, "normal"), 64)[1].any()


@pytest.mark.parametrize("index", range(5))
def test_the_mask_covers_the_core_of_the_lesion(index):
    factors = unposed(sample_factors(0, index, "malignant"))
    mask = draw(factors, 128)[1]
    disc = disc_mask(factors, 128)
    assert (mask & disc).sum() / disc.sum() > 0.8
    assert mask.sum() > 1.1 * disc.sum()  # the spikes reach out of it


@pytest.mark.parametrize("index", range(5))
def test_a_benign_nodule_fills_its_circle_and_little_more(index):
    factors = unposed(sample_factors(0, index, "benign"))
    mask, disc = draw(factors, 128)[1], disc_mask(factors, 128)
    assert (mask & disc).sum() / (mask | disc).sum() > 0.85


def test_the_lesion_brightens_exactly_where_the_mask_is():
    benign, normal = (sample_factors(0, 3, label) for label in ("benign", "normal"))
    image, mask = draw(benign, 128)
    difference = image.astype(int) - draw(normal, 128)[0]
    assert difference[mask].mean() > 15
    far = ~mask & ~np.roll(mask, 8, 0) & ~np.roll(mask, -8, 0) & ~np.roll(mask, 8, 1) & ~np.roll(mask, -8, 1)
    assert abs(difference[far]).mean() < 2


def test_a_malignant_outline_is_longer_for_its_area_than_a_benign_one():
    def roughness(label):
        values = []
        for index in range(20):
            mask = draw(sample_factors(1, index, label), 128)[1]
            border = sum((mask & ~np.roll(mask, step, axis)).sum() for step in (1, -1) for axis in (0, 1))
            values.append(border / np.sqrt(mask.sum()))
        return np.array(values)

    assert roughness("malignant").min() > roughness("benign").max()


def test_lesions_lie_in_the_lungs():
    for index in range(50):
        factors = sample_factors(2, index, "benign")
        x, y = factors.lesion.center
        assert abs(abs(x) - factors.anatomy.lung_center[0]) < factors.anatomy.lung_width
        assert y + factors.lesion.radius < factors.anatomy.diaphragm[0]


def test_the_same_patient_looks_the_same_at_every_resolution():
    factors = sample_factors(0, 6, "benign")
    coarse, fine = draw(factors, 32)[0][..., 0], draw(factors, 128)[0][..., 0]
    shrunk = fine.reshape(32, 4, 32, 4).mean(axis=(1, 3))
    assert np.corrcoef(shrunk.ravel(), coarse.ravel())[0, 1] > 0.98
    strangers = draw(sample_factors(0, 7, "benign"), 32)[0][..., 0]
    assert np.corrcoef(shrunk.ravel(), strangers.ravel())[0, 1] < 0.98


def test_three_channels_are_tinted_and_one_channel_is_not_a_third_of_them():
    colour = draw(sample_factors(0, 1, "normal"), 64, 3)[0]
    assert not np.array_equal(colour[..., 0], colour[..., 2])


def test_lungs_are_darker_than_the_middle_and_the_background_is_dark():
    for index in range(10):
        factors = unposed(sample_factors(0, index, "normal"))
        image = draw(factors, 64)[0][..., 0].astype(float)
        middle, lung, corner = image[30:40, 29:35].mean(), image[20:34, 12:20].mean(), image[:3, :3].mean()
        assert corner < lung < middle - 40


def test_no_image_is_burnt_out():
    for label in LABELS:
        for index in range(10):
            image = draw(sample_factors(5, index, label), 64)[0]
            assert (image == 255).mean() < 0.02 and (image == 0).mean() < 0.05 and image.std() > 25
