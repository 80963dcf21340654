import numpy as np
import pytest
from scipy import stats

from synthetyk.core.errors import MetricError
from synthetyk.metrics.interval import mean_interval, percentile_interval, student_quantile, wilson_interval


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 10, 100, 101])
def test_students_quantile_is_scipys(freedom: int):
    assert student_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-9)


def test_mean_interval_is_scipys():
    values = [0.91, 0.93, 0.9, 0.95, 0.92]
    low, high = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    interval = mean_interval(values)
    assert (interval.value, interval.low, interval.high) == pytest.approx((np.mean(values), low, high))


def test_percentile_interval_leaves_a_fortieth_on_each_side():
    interval = percentile_interval(500, np.arange(1001.0))
    assert (interval.value, interval.low, interval.high) == (500, 25, 975)


def test_one_seed_has_no_interval():
    with pytest.raises(MetricError, match="at least 2 seeds"):
        mean_interval([0.9])


@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (1, 1), (7, 20), (10, 20), (20, 20), (0, 35), (613, 1000)])
def test_wilsons_interval_is_scipys(successes: int, trials: int):
    found = wilson_interval(successes, trials)
    expected = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.value == successes / trials


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (-1, 3), (4, 3)])
def test_no_share_without_trials(successes: int, trials: int):
    with pytest.raises(MetricError, match="trials"):
        wilson_interval(successes, trials)
