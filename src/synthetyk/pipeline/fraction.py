"""A part of the training split, as if no more had been collected."""

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.data.splits import SplitTable


def part_of(table: SplitTable, fraction: float, seed: int) -> SplitTable:
    """Return the table with about `fraction` of each class's training images; validation and test stay whole.

    Whole groups are kept or left out, in one random order, so that a smaller fraction is part of a larger one.

    Args:
        table: Every image.
        fraction: Above 0, at most 1.
        seed: Which part.
    """
    if fraction == 1:
        return table
    keep = table.splits != "train"
    for label in np.unique(table.labels):
        rows = np.flatnonzero((table.splits == "train") & (table.labels == label))
        keep[_first_groups(table.group_numbers[rows], rows, fraction, seed)] = True
    return table.select(keep)


def _first_groups(groups: NDArray[np.int64], rows: NDArray[np.int64], fraction: float, seed: int) -> NDArray[np.int64]:
    """Return the rows of the groups that come first in a random order until `fraction` of the rows is reached."""
    names, sizes = np.unique(groups, return_counts=True)
    rank = np.array([seeding.generator(seed, "fraction", index=int(name)).random() for name in names])
    order = np.argsort(rank)
    before = np.cumsum(sizes[order]) - sizes[order]
    chosen = names[order[before < fraction * len(rows) - 0.5]]
    return rows[np.isin(groups, chosen)]
