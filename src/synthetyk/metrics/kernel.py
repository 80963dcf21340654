"""The kernel distance (KID): squared maximum mean discrepancy with a cubic polynomial kernel."""

import numpy as np

from synthetyk.core import seeding
from synthetyk.metrics.bootstrap import multiplicities
from synthetyk.metrics.checks import Floats, Rows, as_features, blocks, same_dimension
from synthetyk.metrics.interval import Interval, percentile_interval


def kernel_distance(x: Rows, y: Rows) -> float:
    """Return the unbiased squared MMD between features ``(M, D)`` and ``(N, D)``, over all pairs.

    The kernel is ``(⟨a, b⟩ / D + 1)³`` (Bińkowski et al., "Demystifying MMD GANs", ICLR 2018, section 3 and appendix D;
    the estimator is eq. 4 of Gretton et al., JMLR 2012). Unbiased at every count, so it may fall below 0.

    Raises:
        MetricError: Fewer than 2 samples on a side, differing dimensions, or values that are not finite.
    """
    x, y = _pair(x, y)
    return float(_weighted(x, y, np.ones((1, len(x))), np.ones((1, len(y))))[0])


def kernel_distance_interval(x: Rows, y: Rows, *, resamples: int = 500, seed: int) -> Interval:
    """Return the kernel distance with a 95% percentile bootstrap interval.

    Each resample draws the images of both sides anew, with replacement; pairs of one image with itself stay left out,
    so that the resampled distances keep the unbiased distance as their mean. Exact over all pairs, no subsets. A
    resample of one image only, which occurs where there are few, has no pair and is left out.
    Where both sides are of one distribution the statistic is degenerate and the interval is too wide rather than too
    narrow (Arcones and Giné, "On the bootstrap of U and V statistics", 1992).

    Args:
        x: Features ``(M, D)``.
        y: Features ``(N, D)``.
        resamples: How many bootstrap resamples.
        seed: The run's seed.

    Raises:
        MetricError: As `kernel_distance`.
    """
    x, y = _pair(x, y)
    weights = [
        multiplicities(len(side), resamples, seeding.generator(seed, f"kernel/{name}")).astype(np.float64)
        for name, side in (("x", x), ("y", y))
    ]
    paired = np.logical_and(*((side > 0).sum(axis=1) > 1 for side in weights))
    return percentile_interval(kernel_distance(x, y), _weighted(x, y, *(side[paired] for side in weights)))


def _pair(x: Rows, y: Rows) -> tuple[Floats, Floats]:
    x, y = as_features(x, minimum=2), as_features(y, minimum=2)
    same_dimension(x.shape[1], y.shape[1])
    return x, y


def _kernel(products: Floats, dimension: int) -> Floats:
    kernel: Floats = (products / dimension + 1) ** 3
    return kernel


def _weighted(x: Floats, y: Floats, u: Floats, v: Floats) -> Floats:
    """Return the squared MMD ``(B,)`` with multiplicities `u` ``(B, M)`` of the rows of x and `v` ``(B, N)`` of y."""
    cross = _quadratic(x, y, u, v) / (u.sum(axis=1) * v.sum(axis=1))
    distance: Floats = _within(x, u) + _within(y, v) - 2 * cross
    return distance


def _within(x: Floats, u: Floats) -> Floats:
    """Return the weighted mean kernel ``(B,)`` over pairs of different rows."""
    itself = np.square(u) @ _kernel(np.square(x).sum(axis=1), x.shape[1])
    pairs = np.square(u.sum(axis=1)) - np.square(u).sum(axis=1)
    result: Floats = (_quadratic(x, x, u, u) - itself) / pairs
    return result


def _quadratic(x: Floats, y: Floats, u: Floats, v: Floats) -> Floats:
    """Return ``Σ_ij u_i k(x_i, y_j) v_j`` of every resample, float64 ``(B,)``."""
    total = np.zeros(len(u))
    for part in blocks(len(x)):
        total += ((u[:, part] @ _kernel(x[part] @ y.T, x.shape[1])) * v).sum(axis=1)
    return total
