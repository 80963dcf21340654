"""The decoded data set of one run, and the parts it is split into."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

SplitName = Literal["train", "val", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "val", "test")
UNLABELLED = -1


class ImageArray(Protocol):
    """uint8 images ``(N, C, H, W)``: an array in memory, or a `core.stored_array.StoredArray`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, C, H, W)."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: NDArray[np.int64] | slice, /) -> NDArray[np.uint8]:
        """Return some of the images."""
        ...


@dataclass(frozen=True)
class Subset:
    """Some rows of a data set, in a fixed order; images are read only when asked for.

    Attributes:
        images: uint8 ``(N, C, H, W)`` of the whole data set, usually in a file.
        rows: int64 ``(n,)``, which rows belong to this subset.
        labels: int64 ``(n,)``, `UNLABELLED` where there is none.
        groups: int64 ``(n,)``, images of one patient or slide share a number.
        class_names: One name per label; empty if the set has no labels.
    """

    images: ImageArray
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    class_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one image."""
        channels, height, width = self.images.shape[1:]
        return int(channels), int(height), int(width)

    @property
    def counts(self) -> NDArray[np.int64]:
        """ImageArray per class, int64 ``(K,)``."""
        return np.bincount(self.labels[self.labels >= 0], minlength=len(self.class_names)).astype(np.int64)

    def batch(self, positions: NDArray[np.int64] | slice) -> NDArray[np.uint8]:
        """Return the uint8 images ``(n, C, H, W)`` at positions within this subset."""
        return np.ascontiguousarray(self.images[self.rows[positions]])

    def all(self) -> NDArray[np.uint8]:
        """Return every image of this subset in memory."""
        return self.batch(slice(None))

    def select(self, positions: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """Return the subset of this subset at some positions."""
        return type(self)(
            self.images, self.rows[positions], self.labels[positions], self.groups[positions], self.class_names
        )

    def of_class(self, label: int) -> Self:
        """Return the images of one class."""
        return self.select(self.labels == label)


@dataclass(frozen=True)
class Dataset:
    """Every usable image of a run, with what is known about each.

    Attributes:
        images: uint8 ``(N, C, H, W)``, usually in a file.
        labels: int64 ``(N,)``, `UNLABELLED` where there is none.
        groups: int64 ``(N,)``; an image without patient or slide has a number of its own.
        splits: ``(N,)`` of ``"train"``, ``"val"``, ``"test"``.
        keys: ``(N,)`` unique names, for example paths below the data set's root.
        class_names: One name per label; empty if the set has no labels.
        digests: ``(N,)``, the first 64 bits of each `digest.pixel_digest`; None in caches of before they were kept.
    """

    images: ImageArray
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    splits: NDArray[np.str_]
    keys: NDArray[np.str_]
    class_names: tuple[str, ...] = field(default=())
    digests: NDArray[np.uint64] | None = None

    def __len__(self) -> int:
        return len(self.images)

    def split(self, name: SplitName) -> Subset:
        """Return one split, rows in the order of the data set."""
        rows = np.flatnonzero(self.splits == name).astype(np.int64)
        return Subset(self.images, rows, self.labels[rows], self.groups[rows], self.class_names)

    @cached_property
    def train(self) -> Subset:
        """The training split."""
        return self.split("train")

    @cached_property
    def val(self) -> Subset:
        """The validation split."""
        return self.split("val")

    @cached_property
    def test(self) -> Subset:
        """The test split, which nothing but the last comparison may meet."""
        return self.split("test")


def to_unit(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Map stored uint8 to the network's float32 in [-1, 1]."""
    return images.astype(np.float32) * np.float32(1 / 127.5) - np.float32(1)


def from_unit(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Map the network's [-1, 1] back to uint8; values outside are clipped."""
    bytes_: NDArray[np.uint8] = np.clip(np.rint((images + 1) * 127.5), 0, 255).astype(np.uint8)
    return bytes_
