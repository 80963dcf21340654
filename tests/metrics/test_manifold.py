import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from synthetyk.core.errors import MetricError
from synthetyk.metrics.manifold import precision_recall

RNG = np.random.default_rng(0)


def by_loops(real: np.ndarray, synthetic: np.ndarray, k: int) -> tuple[float, float, float, float]:
    def radii(x: np.ndarray) -> np.ndarray:
        return NearestNeighbors(n_neighbors=k).fit(x).kneighbors()[0][:, -1]

    around_real, around_synthetic = radii(real), radii(synthetic)
    inside = np.array([[np.linalg.norm(s - r) <= d for r, d in zip(real, around_real, strict=True)] for s in synthetic])
    balls = list(zip(synthetic, around_synthetic, strict=True))
    recalled = [any(np.linalg.norm(r - s) <= d for s, d in balls) for r in real]
    return inside.any(1).mean(), float(np.mean(recalled)), inside.sum() / k / len(synthetic), inside.any(0).mean()


@pytest.mark.parametrize("k", [3, 5])
def test_shares_are_those_of_a_plain_loop_over_several_blocks(k: int):
    real, synthetic = RNG.normal(size=(60, 3)) + 50, RNG.normal(size=(530, 3)) * 0.8 + 50.3
    found = precision_recall(real, synthetic, k=k)
    expected = by_loops(real, synthetic, k)
    assert (found.precision, found.recall, found.density, found.coverage) == pytest.approx(expected, abs=1e-12)


def test_identical_sets_are_wholly_covered():
    x = RNG.normal(size=(200, 5)) * 1e3 + 1e5
    found = precision_recall(x, x)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    assert found.density == pytest.approx(6 / 5)  # each image lies on the rim of five balls and in its own


def test_sets_of_one_image_many_times_are_wholly_covered():
    x = np.full((20, 4), 0.1)
    assert precision_recall(x, x).coverage == 1


def test_distant_sets_share_nothing():
    found = precision_recall(RNG.normal(size=(50, 4)), RNG.normal(size=(50, 4)) + 100)
    assert (found.precision, found.recall, found.density, found.coverage) == (0, 0, 0, 0)


def test_density_of_the_same_distribution_is_about_one():
    assert precision_recall(*np.random.default_rng(1).normal(size=(2, 1000, 4))).density == pytest.approx(1, abs=0.08)


@given(st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_precision_and_recall_swap_with_the_sides(seed: int):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(40, 3)), rng.normal(size=(30, 3)) * rng.uniform(0.2, 2)
    one, other = precision_recall(a, b, k=3), precision_recall(rng.permutation(b), a, k=3)
    assert (one.precision, one.recall) == (other.recall, other.precision)
    assert 0 <= one.coverage <= 1
    assert one.density >= 0


@pytest.mark.parametrize("k", [0, 10])
def test_neighbourhoods_larger_than_the_set_are_refused(k: int):
    with pytest.raises(MetricError):
        precision_recall(RNG.normal(size=(10, 2)), RNG.normal(size=(50, 2)), k=k)
