"""Precision, recall, density and coverage: fidelity and diversity told apart by nearest neighbours."""

from dataclasses import dataclass

import numpy as np

from synthetyk.core.errors import MetricError
from synthetyk.metrics.checks import Floats, Rows, as_features, blocks, same_dimension
from synthetyk.metrics.neighbours import nearest, squared_distances


@dataclass(frozen=True)
class PrecisionRecall:
    """Four shares, each with the `k` that defines a neighbourhood.

    Attributes:
        precision: Share of synthetic images inside some real image's neighbourhood.
        recall: Share of real images inside some synthetic image's neighbourhood.
        density: Real neighbourhoods that a synthetic image lies in, over k; about 1 for the same distribution.
        coverage: Share of real images with a synthetic image in their neighbourhood.
        k: Neighbours that span a neighbourhood.
    """

    precision: float
    recall: float
    density: float
    coverage: float
    k: int


def precision_recall(real: Rows, synthetic: Rows, *, k: int = 5) -> PrecisionRecall:
    """Return precision and recall, density and coverage.

    Precision and recall: Kynkäänniemi et al., "Improved precision and recall metric", NeurIPS 2019, eq. 1 and 2 (they
    use k = 3). Density and coverage: Naeem et al., "Reliable fidelity and diversity metrics", ICML 2020, eq. 2 and 3
    (k = 5). An image's neighbourhood is the closed ball that reaches its k-th nearest of the same set, itself left out.

    Args:
        real: Features ``(N, D)``.
        synthetic: Features ``(M, D)``, at the same count if it is to be compared with another figure.
        k: Neighbours that span a neighbourhood, below both counts.

    Raises:
        MetricError: k is not below both counts, differing dimensions, or values that are not finite.
    """
    real, synthetic = as_features(real), as_features(synthetic)
    same_dimension(real.shape[1], synthetic.shape[1])
    if not 1 <= k < min(len(real), len(synthetic)):
        raise MetricError(f"Found k = {k} for {len(real)} and {len(synthetic)} images", expected="1 <= k < both counts")
    centre = real.mean(axis=0)
    around_real, around_synthetic = _squared_radii(real, k), _squared_radii(synthetic, k)
    real, synthetic = real - centre, synthetic - centre
    # Rounding must not push an image off the rim of a ball that it spans, as it would between identical sets.
    slack = 1e-12 * max(np.square(real).sum(axis=1).max(), np.square(synthetic).sum(axis=1).max())

    balls = np.empty(len(synthetic))
    covered, recalled = np.zeros(len(real), dtype=bool), np.zeros(len(real), dtype=bool)
    for part in blocks(len(synthetic)):
        squared = squared_distances(synthetic[part], real) - slack
        inside = squared <= around_real
        balls[part] = inside.sum(axis=1)
        covered |= inside.any(axis=0)
        recalled |= (squared <= around_synthetic[part, None]).any(axis=0)
    return PrecisionRecall(
        precision=float((balls > 0).mean()),
        recall=float(recalled.mean()),
        density=float(balls.mean() / k),
        coverage=float(covered.mean()),
        k=k,
    )


def _squared_radii(x: Floats, k: int) -> Floats:
    """Return the squared distance of each row to its k-th nearest other row; the row itself is the first of k + 1."""
    return np.square(nearest(x, x, k + 1)[0][:, k])
