"""Arrays that stay in their file: rows are read when asked for, so that no array is too large for the memory.

A mapped file would do the same, but every page that was looked at counts as resident memory until the system wants it
back, and a large file that was cut short ends the process (SIGBUS) instead of raising an error. So only what is small
is mapped, which is faster.
"""

import io
import math
import os
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from synthetyk.core.artifacts import write_bytes
from synthetyk.core.errors import ArtifactError

Rows = NDArray[np.int64] | NDArray[np.bool_] | slice

MAPPED_BYTES = 2**28  # what a process may hold resident for nothing


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write a small array as a ``.npy`` file, beside `path` and renamed into place."""
    written = io.BytesIO()
    np.save(written, array, allow_pickle=False)
    write_bytes(path, written.getvalue())


class StoredArray:
    """An array whose rows lie one after the other in a file.

    Threads may share one, since no read moves a position; pickled it is a path, and opens the file again where it
    arrives. All processes share what the system keeps of the file in its cache.

    Args:
        file: Opened for reading; it stays open as long as this object lives.
        dtype: Of the values.
        shape: ``(N, ...)``.
        offset: Where in the file the first row begins, in bytes.
    """

    def __init__(self, file: BinaryIO, dtype: DTypeLike, shape: tuple[int, ...], offset: int = 0) -> None:
        self.dtype, self.shape, self.offset = np.dtype(dtype), shape, offset
        self._file = file
        self._row_bytes = self.dtype.itemsize * math.prod(shape[1:])
        small = 0 < self._row_bytes * len(self) <= MAPPED_BYTES
        self._mapped = np.asarray(np.memmap(file, self.dtype, "r", offset, shape)) if small else None

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a ``.npy`` file.

        Raises:
            ArtifactError: There is none, it is no such file, it was cut short, or its rows do not lie one after the
                other.
        """
        try:
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, EOFError, ValueError) as error:
            raise ArtifactError(
                f"{path} cannot be read: {error}", expected="a .npy file", action="Make it again"
            ) from error
        if not mapped.flags.c_contiguous:
            raise ArtifactError(f"{path} is in Fortran's order", expected="rows one after the other")
        return cls(path.open("rb"), mapped.dtype, mapped.shape, mapped.offset)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Rows, /) -> NDArray[Any]:
        """Read some rows into a new array, ``(n, ...)``.

        Raises:
            IndexError: There is no such row; numbers count from 0.
            ArtifactError: The file was cut short.
        """
        numbers = _numbers(rows, len(self))
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < len(self):
            raise IndexError(f"rows from {numbers.min()} to {numbers.max()} of {len(self)}")
        return self._read(numbers) if self._mapped is None else self._mapped[numbers]

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopened, (Path(self._file.name), self.dtype, self.shape, self.offset)

    def _read(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        found = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        room, size = found.reshape(-1).view(np.uint8).data, self._row_bytes
        breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
        edges = [0, *breaks.tolist(), len(numbers)] if len(numbers) else []
        for start, end in pairwise(edges):  # rows that follow each other are read at once
            self._fill(room[start * size : end * size], self.offset + int(numbers[start]) * size)
        return found

    def _fill(self, room: memoryview, position: int) -> None:
        """Read from a position in the file until the room is full; the system may read less at once."""
        while len(room):
            count = os.preadv(self._file.fileno(), [room], position)
            if not count:
                raise ArtifactError(f"{self._file.name} was cut short", action="Make it again")
            room, position = room[count:], position + count


def _numbers(rows: Rows, count: int) -> NDArray[np.int64]:
    if isinstance(rows, slice):
        return np.arange(*rows.indices(count))
    return np.flatnonzero(rows) if rows.dtype == np.bool_ else rows.astype(np.int64, copy=False)


def _reopened(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int) -> StoredArray:
    return StoredArray(path.open("rb"), dtype, shape, offset)
