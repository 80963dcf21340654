"""Synthetic images that are training images, or nearly so."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.errors import MetricError
from synthetyk.metrics.checks import Rows, as_rows
from synthetyk.metrics.neighbours import nearest

# An independent image can be nearer than held-out ones only because it is smooth: it lacks its own half of the noise,
# which brings the distance down to 0.71 of theirs. Half of it needs another explanation: the training image itself.
NEAR_FRACTION = 0.5


@dataclass(frozen=True)
class Copies:
    """Which synthetic images are copies of training images.

    Attributes:
        exact: int64, rows whose bytes are those of a training image.
        near: int64, other rows that lie within `threshold` of a training image.
        threshold: `NEAR_FRACTION` of the 5th percentile of the distances from held-out real images to training images.
        held_out_near: How many held-out real images lie within the same threshold: what innocence looks like.
        count: Synthetic images looked at.
    """

    exact: NDArray[np.int64]
    near: NDArray[np.int64]
    threshold: float
    held_out_near: int
    count: int


def find_copies(synthetic: Rows, train: Rows, held_out: Rows) -> Copies:
    """Return the exact and near copies of training images among synthetic ones.

    The 5th percentile is that of the held-out images that are no copies themselves (distance above 0), so that a few
    images that leak between the splits do not hide what a generator memorised. In pixels a shifted or mirrored copy is
    not near; features see it as far as their network does.

    Args:
        synthetic: uint8 images ``(M, C, H, W)``, or features ``(M, D)``.
        train: ``(N, ...)`` of the same shape and type, what the generator was trained on.
        held_out: ``(H, ...)``, real images that the generator never met.

    Raises:
        MetricError: Differing dimensions, or every held-out image is a copy of a training image.
    """
    natural = nearest(held_out, train)[0][:, 0]
    if not natural.any():
        raise MetricError("Found that every held-out image is a copy of a training image", expected="other images")
    threshold = NEAR_FRACTION * float(np.percentile(natural[natural > 0], 5))
    exact = exact_copies(synthetic, train)
    near = nearest(synthetic, train)[0][:, 0] <= threshold
    return Copies(
        exact=np.flatnonzero(exact),
        near=np.flatnonzero(near & ~exact),
        threshold=threshold,
        held_out_near=int((natural <= threshold).sum()),
        count=len(exact),
    )


def exact_copies(images: Rows, train: Rows) -> NDArray[np.bool_]:
    """Return ``(N,)``, whether each image's bytes are those of some training image."""
    known = set(_digests(train))
    return np.array([digest in known for digest in _digests(images)], dtype=np.bool_)


def _digests(images: Rows) -> list[bytes]:
    return [hashlib.sha256(row.tobytes()).digest() for row in as_rows(images)]
