"""Sets whose verdict is known, over all the image metrics together."""

import numpy as np
import pytest

from synthetyk.metrics.copies import find_copies
from synthetyk.metrics.floor import halving_floor
from synthetyk.metrics.frechet import frechet_distance
from synthetyk.metrics.kernel import kernel_distance, kernel_distance_interval
from synthetyk.metrics.manifold import precision_recall
from synthetyk.metrics.membership import membership_auc
from synthetyk.metrics.neighbours import nearest_neighbour_ratio

COUNT, DIMENSION = 300, 16


def images(purpose: int, count: int = COUNT) -> np.ndarray:
    """Features of three kinds of image; each purpose is an independent draw of the same distribution."""
    centres = np.random.default_rng(99).normal(size=(3, DIMENSION)) * 3
    rng = np.random.default_rng(purpose)
    return centres[rng.integers(3, size=count)] + rng.normal(size=(count, DIMENSION))


TRAIN, HELD_OUT = images(1, 2 * COUNT), images(2)
FLOOR = halving_floor(TRAIN, frechet_distance, COUNT, seed=0)


def test_identical_sets_are_at_distance_zero_and_wholly_covered():
    x = images(3)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    assert kernel_distance(x, x) <= 0
    assert precision_recall(x, x).coverage == 1


def test_a_perfect_generator_stands_at_the_floor():
    fresh = images(4)
    assert frechet_distance(fresh, TRAIN[:COUNT]) < FLOOR.mean + 4 * FLOOR.std
    interval = kernel_distance_interval(fresh, TRAIN[:COUNT], resamples=200, seed=0)
    assert interval.low < 0 < interval.high
    assert nearest_neighbour_ratio(fresh, TRAIN, HELD_OUT, seed=0).ratio == pytest.approx(1, abs=0.07)
    attack = membership_auc(TRAIN, HELD_OUT, fresh, seed=0)
    assert attack.low < 0.5 < attack.high


def test_a_collapsed_set_is_far_off_and_covers_nothing():
    collapsed = TRAIN[:1] + 0.01 * np.random.default_rng(5).normal(size=(COUNT, DIMENSION))
    shares = precision_recall(TRAIN[:COUNT], collapsed)
    assert shares.precision == 1
    assert shares.recall < 0.02
    assert shares.coverage < 0.05
    assert frechet_distance(collapsed, TRAIN[:COUNT]) > 20 * FLOOR.mean
    assert kernel_distance_interval(collapsed, TRAIN[:COUNT], resamples=200, seed=0).low > 0


def test_a_copied_set_looks_perfect_and_is_found_out():
    copied = TRAIN[:COUNT]
    assert frechet_distance(copied, TRAIN) < FLOOR.mean
    ratio = nearest_neighbour_ratio(copied, TRAIN, HELD_OUT, seed=0)
    assert ratio.ratio == 0
    assert ratio.void
    assert len(find_copies(copied, TRAIN, HELD_OUT).exact) == COUNT
    assert membership_auc(TRAIN[:COUNT], HELD_OUT, copied, seed=0).low > 0.95


def test_a_nearly_copied_set_is_found_out_too():
    nearly = TRAIN[:COUNT] + 0.05 * np.random.default_rng(6).normal(size=(COUNT, DIMENSION))
    assert nearest_neighbour_ratio(nearly, TRAIN, HELD_OUT, seed=0).void
    copies = find_copies(nearly, TRAIN, HELD_OUT)
    assert (len(copies.exact), len(copies.near)) == (0, COUNT)


def test_distances_rise_with_noise():
    noise = np.random.default_rng(7).normal(size=(COUNT, DIMENSION))
    noised = [images(4) + scale * noise for scale in (0, 1, 2, 4)]
    for distance in (frechet_distance, kernel_distance):
        assert (np.diff([distance(x, TRAIN[:COUNT]) for x in noised]) > 0).all()
    shares = [precision_recall(TRAIN[:COUNT], x) for x in noised]
    assert shares[-1].precision < 0.2 < shares[0].precision
    assert (np.diff([s.density for s in shares]) < 0).all()
