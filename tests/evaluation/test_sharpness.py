import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from synthetyk.evaluation.detail import detail
from synthetyk.evaluation.scores import ScoreConfig
from synthetyk.evaluation.sharpness import energy_ratio, sharpness

CONFIG = ScoreConfig(halvings=4)
RANDOM = np.random.default_rng(0)


def spots(count, channels=1):
    """Noise of several sizes, as images have it."""
    noise = RANDOM.normal(size=(count, channels, 32, 32))
    smooth = gaussian_filter(noise, (0, 0, 2, 2)) * 8
    return np.clip(128 + 12 * noise + 40 * smooth, 0, 255).astype(np.uint8)


REAL = spots(120)


def judged(images, real=REAL):
    return sharpness(detail(real), detail(images), images.shape[1], CONFIG)


def test_images_of_the_same_kind_lie_at_the_floor():
    found = judged(spots(60))
    assert [one.name for one in found.octaves] == ["detail[2px]", "detail[4px]", "detail[8px]"]
    assert [one.value for one in found.octaves] == pytest.approx([1, 1, 1], abs=0.25)
    assert [one.floor for one in found.octaves] == pytest.approx([1, 1, 1], abs=0.1)
    assert found.blurred == found.noisy == ()


def test_blur_is_told_where_it_is():
    blurred = gaussian_filter(spots(60).astype(float), (0, 0, 0.8, 0.8)).round().astype(np.uint8)
    found = judged(blurred)
    assert found.octaves[0] in found.blurred
    assert found.octaves[2] not in found.blurred
    assert found.noisy == ()


def test_noise_is_told():
    noisy = np.clip(spots(60) + RANDOM.normal(0, 30, (60, 1, 32, 32)), 0, 255).astype(np.uint8)
    found = judged(noisy)
    assert found.octaves[0] in found.noisy
    assert found.blurred == ()


def test_twice_the_amplitude_is_four_times_the_energy():
    doubled = np.clip(2 * (REAL[:60].astype(int) - 128) + 128, 0, 255).astype(np.uint8)
    narrow = np.clip(REAL, 64, 191)
    wide = np.clip(2 * (narrow[:60].astype(int) - 128) + 128, 0, 255).astype(np.uint8)
    assert judged(doubled).octaves[0].value > 2
    levels = [detail(images)[:, :16].astype(float) for images in (wide, narrow[:60])]
    assert energy_ratio(*levels) == pytest.approx(4, rel=0.02)


def test_channels_count_together():
    assert len(judged(spots(60, channels=3), spots(120, channels=3)).octaves) == 3


@pytest.mark.parametrize(("images", "reason"), [(spots(5), "only 5 images"), (spots(60)[..., :7], "smaller than 8")])
def test_what_cannot_be_measured_says_why(images, reason):
    found = judged(images, REAL[..., : images.shape[3]])
    assert reason in found.reason
    assert found.octaves == ()
