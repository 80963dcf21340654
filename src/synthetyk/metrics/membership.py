"""A membership-inference attack: can one tell from the synthetic images who was in the training set?"""

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.metrics.auc import weighted_auc
from synthetyk.metrics.bootstrap import Draws, group_numbers, multiplicities
from synthetyk.metrics.checks import Rows
from synthetyk.metrics.interval import Interval, percentile_interval
from synthetyk.metrics.neighbours import nearest


def membership_auc(
    members: Rows,
    non_members: Rows,
    synthetic: Rows,
    *,
    member_groups: NDArray[np.int64] | None = None,
    non_member_groups: NDArray[np.int64] | None = None,
    resamples: int = 1000,
    seed: int,
) -> Interval:
    """Return the AUC of an attack that calls an image a member the nearer its nearest synthetic image lies.

    The black-box attack of Chen et al., "GAN-Leaks", CCS 2020, section 4.2. 0.5 is chance: nothing leaks by this way.
    The interval is a percentile bootstrap over the groups of each side.

    Args:
        members: Features ``(M, D)`` of images that the generator was trained on.
        non_members: Features ``(N, D)`` of real images that it never met.
        synthetic: Features ``(S, D)``.
        member_groups: Patient or slide of each member ``(M,)``; by default each image stands for itself.
        non_member_groups: The same of the others ``(N,)``.
        resamples: How many bootstrap resamples.
        seed: The run's seed.

    Raises:
        MetricError: Differing dimensions, or values that are not finite.
    """
    scores = -np.concatenate([nearest(side, synthetic)[0][:, 0] for side in (members, non_members)])
    is_member = np.arange(len(scores)) < len(members)
    weights = [
        _image_weights(len(side), groups, resamples, seeding.generator(seed, f"membership/{name}"))
        for name, side, groups in (
            ("members", members, member_groups),
            ("non_members", non_members, non_member_groups),
        )
    ]
    value = weighted_auc(scores, is_member, np.ones((1, len(scores))))[0]
    return percentile_interval(value, weighted_auc(scores, is_member, np.hstack(weights)))


def _image_weights(count: int, groups: NDArray[np.int64] | None, resamples: int, rng: np.random.Generator) -> Draws:
    numbers = group_numbers(np.arange(count) if groups is None else groups, count)
    return multiplicities(int(numbers.max()) + 1, resamples, rng)[:, numbers]
