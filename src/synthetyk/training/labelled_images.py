"""What a classifier trains on: the Protocol, and the sets that are put together for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.core.errors import TrainingError

Positions = NDArray[np.int64]
LOOKED_AT = 2000  # validation images of one look in a training: of two equal classes an AUC of 0.9 is known to 0.007


class LabelledImages(Protocol):
    """Images with labels, read batch by batch; `data.dataset.Subset` is one."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """Class of each image, int64 ``(n,)``."""
        ...

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name per label."""
        ...

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one image."""
        ...

    def __len__(self) -> int: ...

    def batch(self, positions: Positions, /) -> NDArray[np.uint8]:
        """Return the uint8 images ``(m, C, H, W)`` at some positions."""
        ...


@dataclass(frozen=True)
class ArrayImages:
    """Images in one array, for example synthetic ones.

    Attributes:
        images: uint8 ``(n, C, H, W)``, in memory or memory-mapped.
        labels: int64 ``(n,)``.
        class_names: One name per label.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one image."""
        channels, height, width = self.images.shape[1:]
        return int(channels), int(height), int(width)

    def batch(self, positions: Positions, /) -> NDArray[np.uint8]:
        """Return the uint8 images ``(m, C, H, W)`` at some positions."""
        return np.ascontiguousarray(self.images[positions])


@dataclass(frozen=True)
class Chosen:
    """Some images of another set; a position may stand there more than once.

    Attributes:
        whole: The other set.
        positions: int64 ``(n,)``, positions in it.
    """

    whole: LabelledImages
    positions: Positions

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def labels(self) -> NDArray[np.int64]:
        """Class of each image, int64 ``(n,)``."""
        return self.whole.labels[self.positions]

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name per label."""
        return self.whole.class_names

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one image."""
        return self.whole.shape

    def batch(self, positions: Positions, /) -> NDArray[np.uint8]:
        """Return the uint8 images ``(m, C, H, W)`` at some positions."""
        return self.whole.batch(self.positions[positions])


class Concatenated:
    """Several sets one after the other.

    Args:
        parts: Sets of the same classes and image shape, at least one.

    Raises:
        TrainingError: Classes or shapes differ.
    """

    def __init__(self, parts: Sequence[LabelledImages]) -> None:
        self.parts = tuple(parts)
        self.shape, self.class_names = parts[0].shape, parts[0].class_names
        for part in parts:
            if (part.shape, part.class_names) != (self.shape, self.class_names):
                raise TrainingError(
                    f"Found sets of shape {self.shape} with {len(self.class_names)} classes and of shape {part.shape} "
                    f"with {len(part.class_names)}",
                    expected="the same shape and classes in every part",
                )
        self.labels = np.concatenate([part.labels for part in parts])
        self._ends = np.cumsum([len(part) for part in parts])

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, positions: Positions, /) -> NDArray[np.uint8]:
        """Return the uint8 images ``(m, C, H, W)`` at some positions."""
        images = np.empty((len(positions), *self.shape), dtype=np.uint8)
        owner = np.searchsorted(self._ends, positions, side="right")
        for number, part in enumerate(self.parts):
            mine = owner == number
            images[mine] = part.batch(positions[mine] - (self._ends[number] - len(part)))
        return images


def looked_at(val: LabelledImages) -> LabelledImages:
    """Return the validation images that looks in a training take: all of them, or of many every class's share.

    Which these are depends on the split alone, so that every classifier is looked at with the same.

    Args:
        val: The validation images, all labelled.
    """
    if len(val) <= LOOKED_AT:
        return val
    order = seeding.generator(0, "classifier/looks").permutation(len(val))
    of_class = [order[val.labels[order] == label] for label in np.unique(val.labels)]
    # One of every class before the rest is shared out, or the rarest would have none.
    left, more = max(LOOKED_AT - len(of_class), 0), max(len(val) - len(of_class), 1)
    shares = [positions[: 1 + (len(positions) - 1) * left // more] for positions in of_class]
    return Chosen(val, np.sort(np.concatenate(shares)))
