import numpy as np
import pytest

from synthetyk.core.errors import MetricError
from synthetyk.metrics.floor import halving_floor
from synthetyk.metrics.frechet import frechet_distance
from synthetyk.metrics.kernel import kernel_distance

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 6))


def test_floor_is_what_independent_sets_of_that_count_read():
    floor = halving_floor(X, frechet_distance, 100, seed=0)
    rng = np.random.default_rng(1)
    independent = [frechet_distance(*rng.normal(size=(2, 100, 6))) for _ in range(50)]
    assert floor.mean == pytest.approx(np.mean(independent), rel=0.3)
    assert (len(floor.values), floor.count) == (10, 100)


def test_floor_falls_with_the_count():
    assert halving_floor(X, frechet_distance, 200, seed=0).mean < halving_floor(X, frechet_distance, 30, seed=0).mean


def test_floor_of_the_unbiased_distance_is_about_zero():
    floor = halving_floor(X, kernel_distance, 200, seed=0)
    assert abs(floor.mean) < 2 * floor.std


def test_halves_are_disjoint_and_of_the_count():
    def shared(a: np.ndarray, b: np.ndarray) -> float:
        return float(len(np.intersect1d(a, b)) + abs(len(a) - 50) + abs(len(b) - 50))

    assert halving_floor(np.arange(101.0)[:, None], shared, 50, seed=0).values == (0.0,) * 10


def test_halvings_differ_and_repeat_with_the_seed():
    first, second = (halving_floor(X, frechet_distance, 50, repeats=4, seed=3) for _ in range(2))
    assert first == second
    assert len(set(first.values)) == 4
    assert first.std == pytest.approx(np.std(first.values, ddof=1))


@pytest.mark.parametrize(("count", "repeats"), [(201, 10), (0, 10), (50, 1)])
def test_halves_that_do_not_exist_are_refused(count: int, repeats: int):
    with pytest.raises(MetricError):
        halving_floor(X, frechet_distance, count, repeats=repeats, seed=0)
