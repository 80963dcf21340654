"""How near to the training images others lie: what is asked often, with the training images kept ready."""

import numpy as np
from numpy.typing import NDArray

from synthetyk.metrics.checks import Floats, Rows, blocks
from synthetyk.metrics.copies import NEAR_FRACTION


class Nearness:
    """One notion of likeness: how far images lie from the nearest training image, and how far innocent ones do.

    Args:
        train: Rows of the training images ``(N, ...)``.
        train_groups: Their patients ``(N,)``.
        real: Rows of real images ``(M, ...)``.
        real_groups: Their patients ``(M,)``; no image is compared with images of its own.

    Attributes:
        innocent: Median distance of real images, copies apart; 0 if all are copies.
        near: The distance that counts as near, half of the 5th percentile, as in `metrics.copies`.
    """

    def __init__(self, train: Rows, train_groups: Rows, real: Rows, real_groups: Rows) -> None:
        self.centre = _rows(train).mean(axis=0)
        self.rows, self.groups = _rows(train) - self.centre, train_groups
        self.norms = np.square(self.rows).sum(axis=1)
        own = self.distances(real, real_groups)
        own = own[(own > 0) & np.isfinite(own)]
        self.innocent = float(np.median(own)) if len(own) else 0.0
        self.near = NEAR_FRACTION * float(np.percentile(own, 5)) if len(own) else 0.0

    def distances(self, rows: Rows, groups: Rows | None = None) -> Floats:
        """Return the distance of each row ``(M, ...)`` to the nearest training image, infinite where there is none.

        The nearest is chosen in float32 and then measured in float64, so that a copy is at 0.
        """
        x = _rows(rows) - self.centre
        return np.concatenate(
            [self._nearest(x[part], None if groups is None else groups[part]) for part in blocks(len(x))]
        )

    def _nearest(self, x: NDArray[np.float32], groups: Rows | None) -> Floats:
        apart = self.norms - 2 * (x @ self.rows.T)
        if groups is not None:
            apart[groups[:, None] == self.groups] = np.inf
        nearest = apart.argmin(axis=1)
        exact = np.linalg.norm(x.astype(np.float64) - self.rows[nearest], axis=1)
        found: Floats = np.where(np.isinf(apart.min(axis=1)), np.inf, exact)
        return found


def _rows(images: Rows) -> NDArray[np.float32]:
    return np.asarray(images, dtype=np.float32).reshape(len(images), -1)
