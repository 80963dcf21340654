"""The decoded data set in the run folder: uint8 images in one file that is read piece by piece; no set is too large."""

import os
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.lib.format import write_array_header_1_0
from numpy.typing import NDArray

from synthetyk.core.artifacts import Artifact
from synthetyk.core.errors import ArtifactError, DatasetError
from synthetyk.core.progress import Progress, silent
from synthetyk.core.stored_array import StoredArray, write_array
from synthetyk.data import pixels
from synthetyk.data.dataset import Dataset
from synthetyk.data.digest import pixel_digest
from synthetyk.data.pixels import DepthRule, FitMode
from synthetyk.data.source import Item, RawImage, Source
from synthetyk.data.splits import SplitTable


class CacheRecord(Artifact):
    """``cache.json``: how the cached images were made.

    Attributes:
        size: (height, width).
        channels: 1 or 3.
        fit: How images of other shapes were brought to `size`.
        depth_rule: How values became uint8.
        class_names: One name per label.
    """

    schema_name: ClassVar[str] = "cache"

    size: tuple[int, int]
    channels: Literal[1, 3]
    fit: FitMode
    depth_rule: DepthRule
    class_names: tuple[str, ...]

    def bring(self, raw: RawImage) -> NDArray[np.uint8]:
        """Bring a decoded image to the form of the cached ones, uint8 ``(C, H, W)``."""
        stored = pixels.to_uint8(raw, self.depth_rule)
        return pixels.fit(stored, size=self.size, channels=self.channels, mode=self.fit)


def build_cache(
    source: Source,
    table: SplitTable,
    depth_rule: DepthRule,
    folder: Path,
    *,
    size: tuple[int, int],
    channels: Literal[1, 3],
    fit: FitMode = "stretch",
    progress: Progress = silent,
) -> Dataset:
    """Decode images into ``images.npy``, ``digests.npy``, ``splits.csv`` and, when both are complete, ``cache.json``.

    Args:
        source: The data set.
        table: Which of its images, in which order.
        depth_rule: How their values become uint8.
        folder: Where to write; a cache that is there is replaced.
        size: (height, width) of every image.
        channels: Of every image.
        fit: How an image of another shape is brought to `size`.
        progress: Called for every image.

    Raises:
        DatasetError: An image of the table is no longer in the data set, or can no longer be decoded.
    """
    items = _items(source, table)
    record = CacheRecord(size=size, channels=channels, fit=fit, depth_rule=depth_rule, class_names=table.class_names)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cache.json").unlink(missing_ok=True)
    beside = folder / ".images.npy.tmp"
    digests = np.empty(len(items), dtype=np.uint64)
    header = {"descr": "|u1", "fortran_order": False, "shape": (len(items), channels, *size)}
    with beside.open("wb") as file:
        write_array_header_1_0(file, header)
        for row, item in enumerate(items):
            progress(row, len(items), "decoding images")
            raw = source.read(item)
            digests[row] = int(pixel_digest(raw.pixels)[:16], 16)
            file.write(record.bring(raw).data)
        file.flush()
        os.fsync(file.fileno())
    progress(len(items), len(items), "decoding images")
    beside.replace(folder / "images.npy")
    write_array(folder / "digests.npy", digests)
    table.save(folder / "splits.csv")
    record.save(folder / "cache.json")
    return open_cache(folder)


def _items(source: Source, table: SplitTable) -> list[Item]:
    known = {item.key: item for item in source.items()}
    missing = [str(key) for key in table.keys if str(key) not in known]
    if missing:
        raise DatasetError(
            f"{len(missing)} images are no longer in the data set, for example {missing[0]}",
            expected="the data set that was inspected",
            action="Bring it back, or inspect it again",
        )
    return [known[str(key)] for key in table.keys]


def open_cache(folder: Path) -> Dataset:
    """Open a cache; its images stay in their file until they are asked for.

    Raises:
        ArtifactError: The cache is missing, incomplete or damaged.
    """
    record = CacheRecord.load(folder / "cache.json")
    table = SplitTable.load(folder / "splits.csv")
    path = folder / "images.npy"
    images = StoredArray.open(path)
    found, expected = f"{images.dtype} {images.shape}", f"uint8 {(len(table), record.channels, *record.size)}"
    if found != expected:
        raise _unusable(path, f"holds {found}", expected)
    if table.class_names != record.class_names:
        raise _unusable(folder / "splits.csv", "has other classes than cache.json")
    return Dataset(
        images=images,
        labels=table.label_numbers,
        groups=table.group_numbers,
        splits=table.splits,
        keys=table.keys,
        class_names=table.class_names,
        digests=_digests(folder / "digests.npy", len(table)),
    )


def _digests(path: Path, count: int) -> NDArray[np.uint64] | None:
    """Read the images' digests; None in a cache of before they were kept."""
    if not path.exists():
        return None
    stored = StoredArray.open(path)
    found, expected = f"{stored.dtype} {stored.shape}", f"uint64 {(count,)}"
    if found != expected:
        raise _unusable(path, f"holds {found}", expected)
    return stored[:]


def _unusable(path: Path, found: str, expected: str = "") -> ArtifactError:
    return ArtifactError(f"{path} {found}", expected=expected, action="Build the cache again")
