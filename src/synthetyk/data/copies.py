"""Exact and near copies within a data set.

Exact copies have the same decoded pixels. Near copies are the same picture stored again: other compression, brightness,
contrast or size. They are found by correlating 16x16 thumbnails after the set's mean picture is taken out of each,
since two chests look alike wherever all chests do. At the default threshold no pair of different pictures was hit among
20,000 images of five sets; a crop, a shift or a strong change of gamma is not found.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAR = 0.985
MEAN_PRIOR = 16  # The mean of a handful of pictures is mostly the pictures themselves: trust it little.
BLOCK = 2048
FLAT = 1e-3  # Length of a thumbnail's deviation from its own mean that is rounding and no picture.


@dataclass(frozen=True)
class Copies:
    """The copies of a data set.

    Attributes:
        exact: Rows of each group of images with the same pixels.
        near: Rows of each group of images that show one picture in different pixels, exact copies of them included.
        exact_clusters: First row that each row is an exact copy of (itself if it is none), int64 ``(N,)``.
        near_clusters: The same for exact and near copies.
    """

    exact: list[tuple[int, ...]]
    near: list[tuple[int, ...]]
    exact_clusters: NDArray[np.int64]
    near_clusters: NDArray[np.int64]


def find_copies(thumbs: NDArray[np.float32], digests: NDArray[np.str_]) -> Copies:
    """Find exact and near copies; see `exact_copies` and `near_copies`."""
    exact, links = exact_copies(digests), near_copies(thumbs, digests)
    near_clusters = clusters(len(digests), [*exact, *links])
    near_firsts = {int(near_clusters[first]) for first, _ in links}
    near = [rows for rows in _rows_by(near_clusters.tolist()) if rows[0] in near_firsts]
    return Copies(exact, near, clusters(len(digests), exact), near_clusters)


def exact_copies(digests: Sequence[str] | NDArray[np.str_]) -> list[tuple[int, ...]]:
    """Return the rows of every group of images with the same digest, groups in the order of their first row."""
    return [rows for rows in _rows_by(digests) if len(rows) > 1]


def _rows_by(values: Iterable[Hashable]) -> list[tuple[int, ...]]:
    rows: dict[Hashable, list[int]] = {}
    for row, value in enumerate(values):
        rows.setdefault(value, []).append(row)
    return [tuple(group) for group in rows.values()]


def near_copies(
    thumbs: NDArray[np.float32],
    digests: Sequence[str] | NDArray[np.str_],
    *,
    threshold: float = NEAR,
    block: int = BLOCK,
) -> list[tuple[int, int]]:
    """Return each row that shows the picture of an earlier one in different pixels, after the first that does.

    Rows may be alike directly or over others. Of exact copies only the first takes part. Memory grows with ``block**2``
    and with the rows, however many of them are alike; time with the square of the rows.

    Args:
        thumbs: Grey thumbnails, ``(N, h, w)``.
        digests: Digest of each image's pixels.
        threshold: Least correlation of the thumbnails' deviations from the set's mean picture.
        block: Rows that are compared at once.
    """
    rows = np.sort(np.unique(np.asarray(digests), return_index=True)[1])
    deviations = _deviations(thumbs[rows])
    first = np.arange(len(rows))
    for i in range(0, len(rows), block):
        for j in range(i, len(rows), block):
            alike = deviations[i : i + block] @ deviations[j : j + block].T > threshold
            _join(first, np.triu(alike, 1) if i == j else alike, i, j)
    later = np.flatnonzero(first != np.arange(len(rows)))
    return sorted(zip(rows[first[later]].tolist(), rows[later].tolist(), strict=True))


def _join(first: NDArray[np.int64], alike: NDArray[np.bool_], i: int, j: int) -> None:
    """Give rows that are alike, and all that were joined with them before, the first of them.

    A pair is forgotten as soon as it is seen: there are as many as the square of a picture's copies.

    Args:
        first: First row that each row is joined with; changed in place.
        alike: Whether a row from `i` on is like one from `j` on.
        i: First row of the block's rows.
        j: First row of the block's columns.
    """
    for row in np.flatnonzero(alike.any(axis=1)):
        found = np.unique(first[np.append(j + np.flatnonzero(alike[row]), i + row)])
        if len(found) > 1:
            first[np.isin(first, found[1:])] = found[0]


def _deviations(thumbs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return unit vectors ``(N, h*w)``: brightness, contrast and the set's mean picture taken out."""
    flat = thumbs.reshape(len(thumbs), -1)
    flat = _unit(flat - flat.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32))
    mean = flat.sum(axis=0) / np.float32(len(flat) + MEAN_PRIOR)
    return _unit(np.where(flat.any(axis=1, keepdims=True), flat - mean, 0))


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale rows to length 1; flat pictures become 0 and are like nothing."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(rows, length, out=np.zeros_like(rows), where=length > FLAT)
    return unit


def clusters(count: int, links: Iterable[Sequence[int]]) -> NDArray[np.int64]:
    """Return for each of `count` rows the first row that it is linked with, directly or over others."""
    parent = list(range(count))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for link in links:
        for other in link[1:]:
            a, b = root(int(link[0])), root(int(other))
            parent[max(a, b)] = min(a, b)
    return np.array([root(row) for row in range(count)], dtype=np.int64)
