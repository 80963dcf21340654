"""Nearest neighbours, exact and block by block, and the ratio that tells copying from learning."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.core.errors import MetricError
from synthetyk.metrics.checks import Floats, Rows, as_rows, blocks, same_dimension

# Below this ratio a distance to the training set rewards copying and is void.
VOID_BELOW = 0.9


@dataclass(frozen=True)
class NeighbourRatio:
    """How much closer synthetic images lie to the training images than held-out real ones do.

    Attributes:
        ratio: Synthetic median over held-out median: near 0 for copies, about 1 for new images of the same kind.
        synthetic: Median distance from a synthetic image to its nearest training image.
        held_out: Median distance from a held-out real image to its nearest training image.
        count: Images on each side.
    """

    ratio: float
    synthetic: float
    held_out: float
    count: int

    @property
    def void(self) -> bool:
        """Whether distances to the training set say nothing, because they reward copying."""
        return self.ratio < VOID_BELOW


def nearest(x: Rows, y: Rows, k: int = 1) -> tuple[Floats, NDArray[np.int64]]:
    """Return the Euclidean distances and indices ``(M, k)`` of each row's `k` nearest rows of `y`, nearest first.

    Args:
        x: Features ``(M, D)`` or images ``(M, C, H, W)`` of any type.
        y: The same, ``(N, ...)``.
        k: How many neighbours, at most N.

    Raises:
        MetricError: Differing dimensions, k out of range, or values that are not finite.
    """
    x, y = as_rows(x), as_rows(y)
    same_dimension(x.shape[1], y.shape[1])
    if not 1 <= k <= len(y):
        raise MetricError(f"Found k = {k} neighbours of {len(y)}", expected=f"from 1 to {len(y)}")
    centre = y.mean(axis=0, dtype=np.float64)
    parts = [_nearest_block(x[part], y, k, centre) for part in blocks(len(x))]
    distances, indices = (np.concatenate(column) for column in zip(*parts, strict=True))
    return distances, indices


def squared_distances(x: Floats, y: Floats) -> Floats:
    """Return the squared Euclidean distances ``(M, N)``; rounding is of the order of 1e-15 times the squared norms."""
    squared = np.square(x).sum(axis=1)[:, None] + np.square(y).sum(axis=1) - 2 * (x @ y.T)
    result: Floats = np.maximum(squared, 0)
    return result


def nearest_neighbour_ratio(synthetic: Rows, train: Rows, held_out: Rows, *, seed: int) -> NeighbourRatio:
    """Return the median nearest distance synthetic to train over the median nearest distance held-out to train.

    Both sides are random subsets of the same count, that of the smaller side. Take features rather than pixels: a
    smooth image lies nearer to everything in pixels, up to a ratio of 0.71 where noise fills the distance.

    Args:
        synthetic: ``(M, D)``.
        train: ``(N, D)``, what the generator was trained on.
        held_out: ``(H, D)``, real images that the generator never met, of other patients.
        seed: The run's seed.

    Raises:
        MetricError: Differing dimensions, or at least half of the held-out images are copies of training images.
    """
    count = min(len(synthetic), len(held_out))
    medians = []
    for name, side in (("synthetic", synthetic), ("held_out", held_out)):
        chosen = seeding.generator(seed, f"neighbours/{name}").permutation(len(side))[:count]
        medians.append(float(np.median(nearest(np.asarray(side)[np.sort(chosen)], train)[0])))
    if medians[1] == 0:
        raise MetricError(
            "Found that at least half of the held-out images are copies of training images",
            expected="held-out images of their own",
            action="Split the data by patient and remove copies across splits",
        )
    return NeighbourRatio(medians[0] / medians[1], medians[0], medians[1], count)


def _nearest_block(x: Rows, y: Rows, k: int, centre: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Choose by fast squared distances around `centre`, then measure the chosen exactly, so that a copy is at 0."""
    centred = x.astype(np.float64) - centre
    squared, indices = np.empty((len(x), 0)), np.empty((len(x), 0), dtype=np.int64)
    for part in blocks(len(y), 2048):
        new = squared_distances(centred, y[part].astype(np.float64) - centre)
        numbers = np.broadcast_to(np.arange(part.start, part.stop), new.shape)
        squared, indices = np.hstack([squared, new]), np.hstack([indices, numbers])
        if k < squared.shape[1]:
            kept = np.argpartition(squared, k - 1, axis=1)[:, :k]
            squared, indices = np.take_along_axis(squared, kept, 1), np.take_along_axis(indices, kept, 1)
    exact = np.stack([_distance(x, y[column]) for column in indices.T], axis=1)
    order = np.argsort(exact, axis=1, kind="stable")
    return np.take_along_axis(exact, order, 1), np.take_along_axis(indices, order, 1)


def _distance(x: Rows, y: Rows) -> Floats:
    result: Floats = np.linalg.norm(x.astype(np.float64) - y, axis=1)
    return result
