import numpy as np
import pytest

from synthetyk.core.errors import MetricError
from synthetyk.metrics.copies import exact_copies, find_copies

RNG = np.random.default_rng(0)
TRAIN, HELD_OUT, OTHER = RNG.integers(0, 256, size=(3, 120, 1, 8, 8), dtype=np.uint8)


def nearly(images: np.ndarray) -> np.ndarray:
    return np.clip(images.astype(int) + RNG.integers(-3, 4, size=images.shape), 0, 255).astype(np.uint8)


def test_exact_and_near_copies_are_told_apart_and_named():
    synthetic = np.concatenate([OTHER[:50], TRAIN[:3], nearly(TRAIN[10:14])])
    copies = find_copies(synthetic, TRAIN, HELD_OUT)
    assert copies.exact.tolist() == [50, 51, 52]
    assert copies.near.tolist() == [53, 54, 55, 56]
    assert copies.count == 57


def test_independent_images_are_no_copies():
    copies = find_copies(OTHER, TRAIN, HELD_OUT)
    assert (len(copies.exact), len(copies.near), copies.held_out_near) == (0, 0, 0)


def test_smooth_images_are_no_copies():
    smooth = np.full((20, 1, 8, 8), 128, dtype=np.uint8)
    assert len(find_copies(smooth, TRAIN, HELD_OUT).near) == 0


def test_a_leak_between_the_splits_does_not_hide_copies():
    leaking = np.concatenate([HELD_OUT[:60], TRAIN[:60]])
    copies = find_copies(nearly(TRAIN[:5]), TRAIN, leaking)
    assert len(copies.near) == 5
    assert copies.held_out_near == 60


def test_held_out_images_that_are_all_copies_are_refused():
    with pytest.raises(MetricError, match="every held-out image"):
        find_copies(OTHER, TRAIN, TRAIN[:10])


def test_exact_copies_work_on_features_too():
    features = RNG.normal(size=(10, 4))
    assert exact_copies(features[[3, 4]] + [[0.0], [1e-9]], features).tolist() == [True, False]
