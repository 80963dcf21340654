import numpy as np
import pytest
from scipy.linalg import hadamard
from scipy.ndimage import gaussian_filter

from synthetyk.evaluation.detail import AT_ONCE, detail, detail_subset

RANDOM = np.random.default_rng(0)


def noise(*shape):
    return RANDOM.integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("shape", "octaves"), [((28, 28), 2), ((64, 64), 4), ((64, 40), 3), ((9, 33), 1), ((8, 8), 1), ((7, 64), 0)]
)
def test_there_are_16_cells_for_each_octave_and_channel(shape, octaves):
    assert detail(noise(3, 2, *shape)).shape == (3, octaves * 2 * 16)


def test_the_finest_octave_is_that_of_haars_wavelet():
    images = noise(1, 1, 16, 16)
    blocks = images.reshape(8, 2, 8, 2).transpose(0, 2, 1, 3).reshape(8, 8, 4).astype(float)
    bands = (blocks @ (hadamard(4) / 2))[..., 1:]  # without the mean
    energies = np.square(bands).sum(axis=2) / 4
    cells = energies.reshape(4, 2, 4, 2).mean(axis=(1, 3))
    assert detail(images)[0, :16] == pytest.approx(np.log(cells + 0.5).ravel(), rel=1e-5)


def test_a_coarser_octave_is_the_finest_one_of_the_halved_image():
    images = noise(2, 1, 32, 32)
    halved = images.reshape(2, 1, 16, 2, 16, 2).mean(axis=(3, 5))
    whole = halved.round().astype(np.uint8)
    doubled = whole.repeat(2, axis=2).repeat(2, axis=3)
    assert detail(doubled)[:, 16:] == pytest.approx(detail(whole))
    assert detail(doubled)[:, :16] == pytest.approx(np.log(0.5))  # nothing is lost by halving what was doubled


def test_blur_lowers_the_finest_octave_more_than_a_coarse_one():
    images = noise(4, 1, 64, 64)
    blurred = gaussian_filter(images.astype(float), (0, 0, 1, 1)).round().astype(np.uint8)
    lost = (detail(images) - detail(blurred)).reshape(4, 4, 16).mean(axis=(0, 2))
    assert lost[0] > 2
    assert (np.diff(lost) < 0).all()


def test_detail_is_told_where_it_is():
    images = np.full((1, 1, 32, 32), 90, dtype=np.uint8)
    images[:, :, 8:16, 24:] = noise(8, 8)
    assert detail(images)[0, :16].argmax() == 4 + 3
    assert np.isclose(detail(images)[0, :16], np.log(0.5)).sum() == 15


def test_a_long_set_is_looked_at_a_few_images_at_a_time(blobs):
    images = np.concatenate([blobs.train.all()] * 2)[: 2 * AT_ONCE + 3]
    assert np.array_equal(detail(images)[-2:], detail(images[-2:]))
    assert np.array_equal(detail_subset(blobs.val), detail(blobs.val.all()))


def test_no_images_have_no_detail():
    assert detail(noise(0, 1, 16, 16)).shape == (0, 32)
