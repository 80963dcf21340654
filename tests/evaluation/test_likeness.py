import numpy as np
import pytest

from synthetyk.evaluation.likeness import AT_ONCE, averaged, averaged_subset


@pytest.mark.parametrize(("side", "expected"), [(28, 28), (32, 32), (33, 16), (64, 32), (128, 32), (100, 25)])
def test_at_most_32_blocks_are_left_on_a_side(side, expected):
    assert averaged(np.zeros((2, 1, side, side), dtype=np.uint8)).shape == (2, 1, expected, expected)


def test_blocks_hold_the_mean_of_their_pixels():
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 64, 64), dtype=np.uint8)
    assert averaged(images)[1, 2, 5, 7] == images[1, 2, 10:12, 14:16].mean()


def test_a_long_set_is_averaged_a_few_images_at_a_time():
    images = np.random.default_rng(0).integers(0, 256, (2 * AT_ONCE + 3, 1, 40, 64), dtype=np.uint8)
    assert np.array_equal(averaged(images), images.reshape(len(images), 1, 20, 2, 32, 2).mean(axis=(3, 5)))
    assert averaged(images[:0]).shape == (0, 1, 20, 32)


def test_small_images_stay_as_they_are(blobs):
    assert np.array_equal(averaged_subset(blobs.val), blobs.val.all())
