"""What evaluation asks of a generator."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class ImageSampler(Protocol):
    """Draws numbered images; `training.sampler.Sampler` is one.

    Attributes:
        classes: Number of classes; 0 if unconditional.
    """

    classes: int

    def sample(self, label: int | None, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return images uint8 ``(n, C, H, W)`` of a class (None if unconditional), by their number within it."""
        ...


def proportional(counts: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Share `total` out in proportion to `counts`, the largest remainders rounded up.

    Args:
        counts: int64 ``(K,)``, not all 0.
        total: What the shares add up to.
    """
    exact = counts * total / counts.sum()
    shares: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    most = np.argsort(shares - exact, kind="stable")
    shares[most[: total - shares.sum()]] += 1
    return shares
