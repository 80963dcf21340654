"""The study's statistics: a joint bootstrap over GAN seeds, classifier seeds and test groups.

Seeds on one test set are no independent samples, and images of one patient are none either. So one resample draws

- test *groups* with replacement, every image as often as its group was drawn: the same draw for every arm, which makes
  comparisons paired by test image;
- classifier seeds with replacement, for every arm on its own, since its classifiers were trained on their own;
- GAN seeds with replacement, where an arm has more than one; classifier seeds are then drawn within each GAN.

What each draw changes in the mean AUC adds up. Multiplying the draws instead ("pigeonhole bootstrap", Owen, Annals of
Applied Statistics 2007) counts the chance agreement of one classifier with one test image three times instead of the
two times here; either way the interval is rather too wide than too narrow.

Draws of few seeds spread too little, by (S - 1) / S in the variance. They are stretched about their mean by
sqrt(S / (S - 1)) (Rao and Wu, "Resampling inference with complex survey data", JASA 1988), which makes the variance
right. A single seed cannot be resampled: the interval then holds for this one GAN or this one classifier. Two GAN seeds
that differ by more than everything else does give an interval that holds in about 80% of studies, not 95% (simulated).

A resample that leaves a class without an image has no AUC; its groups are drawn again. The intervals are thus those
given that every class is seen, which matters only where a class has a handful of groups.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.core.errors import MetricError
from synthetyk.metrics.auc import weighted_macro_auc
from synthetyk.metrics.checks import Floats, Rows, as_labels, as_probabilities, blocks
from synthetyk.metrics.interval import Interval, percentile_interval

Statistic = Callable[[Floats, NDArray[np.int64], Rows], Floats]
# How often each of n things is drawn in n draws: about once, and never anywhere near 65,536 times.
Draws = NDArray[np.uint16]

# Resamples that are drawn and scored at a time; those of a large test split together take gigabytes.
BLOCK = 256

# A class in one group of many vanishes from 37% of the resamples; 100 rounds leave none of them.
REDRAWS = 100


@dataclass(frozen=True)
class ArmSamples:
    """The AUC, or another score, of one arm and its bootstrap samples; arms share the draws of test groups.

    Attributes:
        value: Mean over the seeds.
        samples: float64 ``(B,)``.
    """

    value: float
    samples: Floats

    @property
    def interval(self) -> Interval:
        """The 95% percentile interval."""
        return percentile_interval(self.value, self.samples)


@dataclass(frozen=True)
class Difference:
    """How much higher one arm's AUC is than another's.

    Attributes:
        mean: Difference of the mean AUCs.
        low: Lower end of the 95% percentile interval.
        high: Upper end.
        p_value: Two-sided: twice the smaller share of resampled differences on one side of 0, never 0 itself.
        standard_error: Standard deviation of the resampled differences.
        resamples: How many there were.
    """

    mean: float
    low: float
    high: float
    p_value: float
    standard_error: float
    resamples: int


def auc_samples(
    probabilities: Rows, labels: Rows, groups: Rows, *, arm: str, resamples: int = 2000, seed: int
) -> ArmSamples:
    """Bootstrap the AUC (macro, one against the rest) of one arm.

    Arms with the same labels, groups, resamples and seed share their draws of test groups.

    Args:
        probabilities: ``(S, N, K)`` of S classifier seeds, or ``(G, S, N, K)`` of G GAN seeds with S classifiers each.
        labels: ``(N,)``, every class present.
        groups: ``(N,)``, test images of one patient or slide share a number.
        arm: The arm's name; arms of different names draw their seeds independently.
        resamples: How many resamples.
        seed: The study's seed.

    Raises:
        MetricError: Shapes that do not fit, rows that are no distributions, a class without an image or in too few
            groups to be resampled.
    """
    return joint_samples(weighted_macro_auc, probabilities, labels, groups, arm=arm, resamples=resamples, seed=seed)


def joint_samples(
    statistic: Statistic,
    probabilities: Rows,
    labels: Rows,
    groups: Rows,
    *,
    arm: str,
    resamples: int = 2000,
    seed: int,
) -> ArmSamples:
    """Bootstrap any score of one arm as `auc_samples` does its AUC.

    Args:
        statistic: From probabilities ``(N, K)``, labels ``(N,)`` and weights ``(B, N)`` to a score for each row of
            weights, ``(B,)``.
        probabilities: As `auc_samples`.
        labels: As `auc_samples`.
        groups: As `auc_samples`.
        arm: As `auc_samples`.
        resamples: How many resamples.
        seed: The study's seed.

    Raises:
        MetricError: As `auc_samples`.
    """
    trained, count, classes = _shape(probabilities)
    flat = [as_probabilities(p) for p in np.asarray(probabilities).reshape(-1, count, classes)]
    labels = as_labels(labels, flat[0])
    numbers = group_numbers(groups, count)
    draws = group_draws(numbers, labels, resamples, seeding.generator(seed, "bootstrap/groups"))
    chosen = seed_draws(trained, resamples, seeding.generator(seed, f"bootstrap/seeds/{arm}"))
    of_each = np.array([statistic(p, labels, np.ones((1, count)))[0] for p in flat])
    value = float(of_each.mean())
    by_groups = np.empty((len(flat), resamples))
    for part, weights in image_weights(draws, numbers):
        by_groups[:, part] = [statistic(p, labels, weights) for p in flat]
    return ArmSamples(value, by_groups.mean(axis=0) + (chosen @ of_each - value))


def difference(a: ArmSamples, b: ArmSamples) -> Difference:
    """Return the AUC of `a` minus that of `b`, paired by the test groups that both drew."""
    samples = a.samples - b.samples
    interval = percentile_interval(a.value - b.value, samples)
    resamples = len(samples)
    tail = min(int((samples <= 0).sum()), int((samples >= 0).sum()))
    p_value = min(2 * (tail + 1) / (resamples + 1), 1.0)
    return Difference(interval.value, interval.low, interval.high, p_value, float(samples.std(ddof=1)), resamples)


def paired_difference(a: Rows, b: Rows, labels: Rows, groups: Rows, *, resamples: int = 2000, seed: int) -> Difference:
    """Return how much higher arm `a`'s AUC is than arm `b`'s, with interval and p-value.

    Args:
        a: Probabilities ``(S, N, K)`` or ``(G, S, N, K)``.
        b: The same of the other arm, on the same test images; the numbers of seeds may differ.
        labels: ``(N,)``.
        groups: ``(N,)``, test images of one patient or slide share a number.
        resamples: How many resamples.
        seed: The study's seed.

    Raises:
        MetricError: As `auc_samples`.
    """
    first, second = (
        auc_samples(p, labels, groups, arm=arm, resamples=resamples, seed=seed) for arm, p in (("a", a), ("b", b))
    )
    return difference(first, second)


def smallest_detectable_effect(difference: Difference, *, power: float = 0.8) -> float:
    """Return the smallest true difference that this study would have called significant with the given power.

    ``(z_0.975 + z_power) * standard_error``: with a smaller true difference the 95% interval would have left 0 out in
    less than `power` of such studies, so *no difference shown* says nothing about smaller ones.
    """
    normal = NormalDist()
    return (normal.inv_cdf(0.975) + normal.inv_cdf(power)) * difference.standard_error


def holm(p_values: Rows | list[float]) -> Floats:
    """Return p-values corrected for their number, in the given order.

    Holm, "A simple sequentially rejective multiple test procedure", 1979: the i-th smallest of m times m - i + 1, never
    below the one before, at most 1.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1)
    return corrected


def multiplicities(count: int, resamples: int, rng: np.random.Generator) -> Draws:
    """Return how often each of `count` things is drawn with replacement, resample by resample: ``(B, count)``."""
    draws = np.empty((resamples, count), dtype=np.uint16)
    for part in blocks(resamples, BLOCK):
        rows = draws[part]
        drawn = rng.integers(count, size=rows.shape)
        drawn += count * np.arange(len(rows))[:, None]
        rows[:] = np.bincount(drawn.ravel(), minlength=rows.size).reshape(rows.shape)
    return draws


def group_numbers(groups: Rows, count: int) -> NDArray[np.int64]:
    """Return the groups ``(N,)`` numbered from 0.

    Raises:
        MetricError: There is not one group number per image.
    """
    groups = np.asarray(groups)
    if groups.shape != (count,):
        raise MetricError(f"Found groups of shape {groups.shape}", expected=f"({count},), one per image")
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def _shape(probabilities: Rows) -> tuple[tuple[int, int], int, int]:
    """Return ((G, S), N, K)."""
    shape = np.shape(probabilities)
    if len(shape) not in (3, 4) or not all(shape):
        raise MetricError(f"Found probabilities of shape {shape}", expected="(S, N, K) or (G, S, N, K)")
    gans, seeds, count, classes = shape if len(shape) == 4 else (1, *shape)
    return (gans, seeds), count, classes


def group_draws(
    numbers: NDArray[np.int64], labels: NDArray[np.int64], resamples: int, rng: np.random.Generator
) -> Draws:
    """Return how often each group is drawn ``(B, groups)``, every class with at least one image in every resample."""
    count = int(numbers.max()) + 1
    holds = np.zeros((count, int(labels.max()) + 1))
    np.add.at(holds, (numbers, labels), 1)
    draws = multiplicities(count, resamples, rng)
    for _ in range(REDRAWS):
        lacking = ~np.concatenate([_holding_all(draws[part], holds) for part in blocks(resamples, BLOCK)])
        if not lacking.any():
            return draws
        draws[lacking] = multiplicities(count, int(lacking.sum()), rng)
    raise MetricError(
        f"Found {count} test groups, too few to resample with every class",
        expected="every class in several groups",
        action="Use a larger test split",
    )


def image_weights(draws: Draws, numbers: NDArray[np.int64]) -> Iterator[tuple[slice, NDArray[np.int64]]]:
    """Yield how often each image is drawn ``(b, N)``, block by block of the resamples, and which of them these are.

    Args:
        draws: How often each group is drawn ``(B, groups)``.
        numbers: Group of each image ``(N,)``.
    """
    for part in blocks(len(draws), BLOCK):
        yield part, draws[part].take(numbers, axis=1).astype(np.int64)


def seed_draws(trained: tuple[int, int], resamples: int, rng: np.random.Generator) -> Floats:
    """Return each trained classifier's share in each resample's mean, float64 ``(B, G * S)``, rows summing to 1."""
    gans, seeds = trained
    outer = _stretched(multiplicities(gans, resamples, rng))
    inner = _stretched(multiplicities(seeds, resamples * gans, rng)).reshape(resamples, gans, seeds)
    return (outer[:, :, None] + inner - 1).reshape(resamples, -1) / (gans * seeds)


def _holding_all(draws: Draws, holds: Floats) -> NDArray[np.bool_]:
    """Tell which resamples hold an image of every class; whole numbers stay exact in float64, and are quicker."""
    holding: NDArray[np.bool_] = np.all(draws.astype(np.float64) @ holds, axis=1)
    return holding


def _stretched(drawn: Draws) -> Floats:
    count = drawn.shape[1]
    return np.ones(drawn.shape) if count == 1 else 1 + np.sqrt(count / (count - 1)) * (drawn.astype(np.float64) - 1)
