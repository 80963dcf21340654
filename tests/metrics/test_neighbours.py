import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from synthetyk.core.errors import MetricError
from synthetyk.metrics.neighbours import nearest, nearest_neighbour_ratio

RNG = np.random.default_rng(0)


def test_neighbours_are_those_of_sklearn_over_several_blocks():
    x, y = RNG.normal(size=(600, 6)), RNG.normal(size=(2300, 6)) + 100
    distances, indices = NearestNeighbors(n_neighbors=4, algorithm="brute").fit(y).kneighbors(x)
    ours = nearest(x, y, 4)
    np.testing.assert_allclose(ours[0], distances, rtol=1e-9)
    np.testing.assert_array_equal(ours[1], indices)


def test_bytes_are_measured_without_overflow():
    x = np.array([[0, 255], [255, 0]], dtype=np.uint8)
    distances, indices = nearest(x[:1], x[1:])
    assert distances[0, 0] == pytest.approx(255 * np.sqrt(2))
    assert indices.tolist() == [[0]]


def test_images_are_flattened():
    images = RNG.integers(0, 256, size=(5, 3, 4, 4), dtype=np.uint8)
    distances, indices = nearest(images, images[::-1])
    assert not distances.any()
    assert indices[:, 0].tolist() == [4, 3, 2, 1, 0]


@given(st.integers(0, 2**31), st.floats(-1e6, 1e6))
@settings(max_examples=20, deadline=None)
def test_a_copy_is_at_distance_zero_wherever_it_lies(seed: int, offset: float):
    y = np.random.default_rng(seed).normal(size=(50, 7)) + offset
    assert not nearest(y[::2], y)[0].any()


def test_as_many_neighbours_as_rows_come_in_order():
    distances, _ = nearest(RNG.normal(size=(3, 2)), RNG.normal(size=(4, 2)), 4)
    assert (np.diff(distances, axis=1) >= 0).all()


def test_more_neighbours_than_rows_are_refused():
    with pytest.raises(MetricError, match="from 1 to 4"):
        nearest(RNG.normal(size=(3, 2)), RNG.normal(size=(4, 2)), 5)


def test_ratio_of_new_images_of_the_same_kind_is_about_one():
    ratio = nearest_neighbour_ratio(*np.random.default_rng(1).normal(size=(3, 500, 10)), seed=0)
    assert ratio.ratio == pytest.approx(1, abs=0.05)
    assert not ratio.void


def test_ratio_of_copies_is_zero_and_void():
    train, held_out = RNG.normal(size=(2, 100, 5))
    ratio = nearest_neighbour_ratio(train[:40], train, held_out, seed=0)
    assert ratio.ratio == 0
    assert ratio.void
    assert ratio.count == 40


def test_ratio_takes_the_same_subsets_for_the_same_seed():
    synthetic, held_out = RNG.normal(size=(300, 4)), RNG.normal(size=(50, 4))
    train = RNG.normal(size=(200, 4))
    first, second, other = (nearest_neighbour_ratio(synthetic, train, held_out, seed=seed) for seed in (1, 1, 2))
    assert first == second
    assert first.synthetic != other.synthetic


def test_ratio_without_held_out_images_of_their_own_is_refused():
    train = RNG.normal(size=(100, 5))
    with pytest.raises(MetricError, match="copies of training images"):
        nearest_neighbour_ratio(train, train, train[:60], seed=0)
