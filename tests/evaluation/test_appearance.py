import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from synthetyk.evaluation.appearance import Appearance, CommonScale
from synthetyk.evaluation.detail import detail
from synthetyk.evaluation.likeness import averaged
from synthetyk.metrics.kernel import kernel_distance

RANDOM = np.random.default_rng(0)


def seen(count, *, features=3, side=4, details=16):
    pixels = RANDOM.normal(size=(count, 1, side, side))
    return Appearance(RANDOM.normal(3, 5, (count, features)), pixels, RANDOM.normal(-2, 3, (count, details)))


def test_the_scale_is_scikit_learns():
    train = seen(60)
    rows = CommonScale(train, 0)(train)
    assert rows[:, :3] == pytest.approx(StandardScaler().fit_transform(train.features))
    assert rows[:, 3:19] == pytest.approx(StandardScaler().fit_transform(train.detail))
    components = PCA(whiten=True).fit_transform(train.pixels.reshape(60, -1)) * np.sqrt(60 / 59)
    assert np.abs(rows[:, 19:]) == pytest.approx(np.abs(components))  # the sign of a component is anybody's


def test_at_most_32_components_of_the_pixels_count():
    assert CommonScale(seen(99, side=8), 0)(seen(2, side=8)).shape == (2, 3 + 16 + 32)


def test_what_is_the_same_in_all_training_images_stays_finite():
    same = Appearance(np.ones((9, 3)), np.ones((9, 1, 4, 4)), np.ones((9, 16)))
    assert np.isfinite(CommonScale(same, 0)(seen(5))).all()


def test_images_too_small_for_detail_are_scaled_all_the_same():
    small = seen(20, details=0)
    assert CommonScale(small, 0)(small).shape == (20, 3 + 16)


def test_a_subset_looks_as_its_images_do(blobs, projection):
    images = blobs.val.all()
    both = Appearance.of(projection, images), Appearance.of_subset(projection, blobs.val)
    for one in both:
        assert np.array_equal(one.features, projection.features(images))
        assert np.array_equal(one.pixels, averaged(images))
        assert np.array_equal(one.detail, detail(images))


class Halves:
    """An extractor that sees how bright each half is, and no detail."""

    name, dimension = "halves", 2

    def features(self, images):
        return np.stack([half.mean(axis=(1, 2, 3)) for half in np.split(images, 2, axis=3)], axis=1)

    def probabilities(self, images):
        return None


def test_blur_that_features_do_not_see_is_seen(blobs):
    train, images = Appearance.of_subset(Halves(), blobs.train), blobs.val.all()
    scale = CommonScale(train, 0)
    sharp = Appearance.of(Halves(), images)
    blunt = Appearance.of(Halves(), gaussian_filter(images.astype(float), (0, 0, 1, 1)).round().astype(np.uint8))
    assert blunt.features == pytest.approx(sharp.features, abs=2)
    assert kernel_distance(scale(train), scale(blunt)) > 10 * kernel_distance(scale(train), scale(sharp))
