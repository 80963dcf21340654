"""The floor under a distance: what it reads between real images and real images."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from synthetyk.core import seeding
from synthetyk.core.errors import MetricError
from synthetyk.metrics.checks import Floats, Rows, as_features


@dataclass(frozen=True)
class Floor:
    """A distance between random disjoint halves of the real training set.

    Attributes:
        mean: Mean over the halvings.
        std: Standard deviation over the halvings.
        values: One distance per halving.
        count: Images in each half.
    """

    mean: float
    std: float
    values: tuple[float, ...]
    count: int


def halving_floor(
    features: Rows, distance: Callable[[Floats, Floats], float], count: int, *, repeats: int = 10, seed: int
) -> Floor:
    """Return `distance` between two random disjoint parts of the real images, `count` images each.

    Args:
        features: Features of real training images, of all or of one class, ``(N, D)``.
        distance: For example `frechet_distance` or `kernel_distance`.
        count: Images on each side: the same as on each side of the distance that the floor stands beside.
        repeats: How many halvings, at least 2.
        seed: The run's seed.

    Raises:
        MetricError: There are fewer than ``2 count`` images, or the distance is not defined at this count.
    """
    x = as_features(features)
    if repeats < 2:
        raise MetricError(f"Found {repeats} halvings", expected="at least 2, for their spread")
    if count < 1 or 2 * count > len(x):
        raise MetricError(
            f"Found {len(x)} real images for two halves of {count}",
            expected=f"a count from 1 to {len(x) // 2}",
            action="Compute the distance and its floor at a smaller count",
        )
    values = []
    for repeat in range(repeats):
        order = seeding.generator(seed, "floor/halving", step=repeat).permutation(len(x))
        values.append(distance(x[order[:count]], x[order[count : 2 * count]]))
    return Floor(float(np.mean(values)), float(np.std(values, ddof=1)), tuple(values), count)
