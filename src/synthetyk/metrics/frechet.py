"""The Fréchet distance between two sets of features, each taken for a Gaussian."""

import numpy as np

from synthetyk.core.errors import MetricError
from synthetyk.metrics.checks import Floats, Rows, as_features, same_dimension


class FeatureStatistics:
    """Count, mean and covariance of features that arrive in batches, in float64.

    Batches are joined by the pairwise update of Chan, Golub and LeVeque ("Updating formulae and a pairwise algorithm
    for computing sample variances", 1979, eq. 1.5), so a large mean costs no accuracy.

    Attributes:
        count: Rows seen.
        mean: float64 ``(D,)``; empty before the first batch.
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean: Floats = np.empty(0)
        self._scatter: Floats = np.empty((0, 0))

    @classmethod
    def of(cls, features: Rows) -> "FeatureStatistics":
        """Return the statistics of features ``(N, D)``."""
        statistics = cls()
        statistics.update(features)
        return statistics

    def update(self, features: Rows) -> None:
        """Take in a batch of features ``(N, D)``.

        Raises:
            MetricError: The dimension differs from the batches before, or values are not finite.
        """
        x = as_features(features)
        batch = FeatureStatistics()
        batch.count, batch.mean = len(x), x.mean(axis=0)
        centred = x - batch.mean
        batch._scatter = centred.T @ centred
        self.merge(batch)

    def merge(self, other: "FeatureStatistics") -> None:
        """Take in everything that `other` has seen.

        Raises:
            MetricError: The dimensions differ.
        """
        if not other.count:
            return
        if not self.count:
            self.count, self.mean, self._scatter = other.count, other.mean.copy(), other._scatter.copy()
            return
        same_dimension(len(self.mean), len(other.mean))
        total = self.count + other.count
        shift = other.mean - self.mean
        self._scatter = self._scatter + other._scatter + np.outer(shift, shift) * (self.count * other.count / total)
        self.mean = self.mean + shift * (other.count / total)
        self.count = total

    @property
    def covariance(self) -> Floats:
        """Unbiased covariance, float64 ``(D, D)``.

        Raises:
            MetricError: Fewer than two rows were seen.
        """
        if self.count < 2:
            raise MetricError(f"Found {self.count} samples", expected="at least 2 for a covariance")
        return self._scatter / (self.count - 1)


def frechet_distance(a: Rows | FeatureStatistics, b: Rows | FeatureStatistics) -> float:
    """Return the squared Fréchet distance between the Gaussians fitted to `a` and `b`.

    ``|μa - μb|² + Tr(Σa + Σb - 2 (Σa Σb)^½)`` (Heusel et al., "GANs trained by a two time-scale update rule", NeurIPS
    2017, eq. 6). With factors ``Σ = FᵀF`` the last trace is the sum of the singular values of ``Fa Fbᵀ``, which stays
    real and accurate where a covariance is singular, as it is below D+1 samples.

    Args:
        a: Features ``(N, D)`` or their statistics.
        b: The same of the other side, at the same count: the distance is biased upwards by small counts.

    Raises:
        MetricError: Fewer than 2 samples on a side, differing dimensions, or values that are not finite.
    """
    mean_a, factor_a = _gaussian(a)
    mean_b, factor_b = _gaussian(b)
    same_dimension(len(mean_a), len(mean_b))
    overlap = np.linalg.svd(factor_a @ factor_b.T, compute_uv=False).sum()
    squared = np.square(mean_a - mean_b).sum() + np.square(factor_a).sum() + np.square(factor_b).sum() - 2 * overlap
    return max(float(squared), 0.0)


def _gaussian(side: Rows | FeatureStatistics) -> tuple[Floats, Floats]:
    """Return the mean ``(D,)`` and a factor ``(R, D)`` with ``covariance = factorᵀ factor``."""
    if not isinstance(side, FeatureStatistics):
        x = as_features(side, minimum=2)
        if len(x) <= x.shape[1]:
            # The centred rows are a factor already: exact, and much smaller than (D, D) for few images.
            mean = x.mean(axis=0)
            return mean, (x - mean) / np.sqrt(len(x) - 1)
        side = FeatureStatistics.of(x)
    values, vectors = np.linalg.eigh(side.covariance)
    # What lies below rounding is no variance; its square root would be 1e-8 of the largest standard deviation.
    kept = values > values[-1] * len(values) * np.finfo(np.float64).eps
    return side.mean, (vectors[:, kept] * np.sqrt(values[kept])).T
