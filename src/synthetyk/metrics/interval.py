"""95% intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthetyk.core.errors import MetricError
from synthetyk.metrics.checks import Floats

NORMAL_975 = 1.959963984540054  # 95% of the standard normal distribution lie between it and its negative


@dataclass(frozen=True)
class Interval:
    """A measured value and its 95% interval."""

    value: float
    low: float
    high: float


def percentile_interval(value: float, samples: Floats) -> Interval:
    """Return `value` with the 2.5th and 97.5th percentile of its bootstrap samples ``(B,)``."""
    low, high = np.percentile(samples, [2.5, 97.5])
    return Interval(float(value), float(low), float(high))


def mean_interval(values: Sequence[float] | Floats) -> Interval:
    """Return the mean of one number per seed with Student's t interval.

    A bootstrap over five seeds would be too narrow; Student's t knows that the spread itself is uncertain.

    Raises:
        MetricError: Fewer than two values.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or len(x) < 2:
        raise MetricError(f"Found values of shape {x.shape}", expected="one number of each of at least 2 seeds")
    mean = float(x.mean())
    half = student_quantile(len(x) - 1) * float(x.std(ddof=1)) / math.sqrt(len(x))
    return Interval(mean, mean - half, mean + half)


def wilson_interval(successes: int, trials: int) -> Interval:
    """Return the share of successes with Wilson's score interval.

    It keeps its promise for small counts and shares near 0 and 1, where the usual interval does not (Wilson, "Probable
    inference, the law of succession, and statistical inference", JASA 22, 1927; Brown, Cai, DasGupta, "Interval
    estimation for a binomial proportion", Statistical Science 16, 2001).

    Raises:
        MetricError: There is no trial, or there are more successes than trials.
    """
    if not 0 <= successes <= trials or trials < 1:
        raise MetricError(f"Found {successes} successes in {trials} trials", expected="at least 1 trial")
    share, square = successes / trials, NORMAL_975**2
    centre = (share + square / (2 * trials)) / (1 + square / trials)
    half = NORMAL_975 * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2)) / (1 + square / trials)
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def student_quantile(freedom: int) -> float:
    """Return the t with 95% of Student's distribution between -t and t.

    Args:
        freedom: Degrees of freedom, a whole number of at least 1.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _student_mass(middle, freedom) < 0.95 else (low, middle)
    return math.sqrt(freedom) * math.tan((low + high) / 2)


def _student_mass(theta: float, freedom: int) -> float:
    """P(|T| <= t) at t = sqrt(freedom) tan(theta) (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    odd = freedom % 2
    term, total = (math.cos(theta), 0.0) if odd else (1.0, 0.0)
    for power in range(odd, freedom - 1, 2):
        total += term
        term *= math.cos(theta) ** 2 * (power + 1) / (power + 2)
    mass = math.sin(theta) * total
    return 2 / math.pi * (theta + mass) if odd else mass
