"""Synthetic image sets as files: a folder of PNG, one npz, or webdataset tar shards, written as a stream.

Every format holds the same: uint8 images, one class each, and a key. No file depends on when or where it was written.
A writer yields each file as soon as it is whole, and writes no further than it is asked for.
"""

import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synthetyk.core.errors import ArtifactError, ConfigError
from synthetyk.core.stored_array import Rows, StoredArray
from synthetyk.data.dataset import UNLABELLED

Format = Literal["png", "npz", "webdataset"]

NPZ_NAME = "images.npz"
SHARD_PATTERN = "shard-{:06d}.tar"
# Zip cannot say "no date"; this is the first that it knows.
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)

# What the one class of a set without labels is called.
NO_CLASS = "image"

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """What a writer must know before the first image.

    Attributes:
        count: Images in all.
        shape: (C, H, W) of each, C 1 or 3.
        class_names: One name per label; empty for a set without labels.
    """

    count: int
    shape: tuple[int, int, int]
    class_names: tuple[str, ...] = ()

    def class_name(self, label: int) -> str:
        """Return the name of a label; all images of a set without labels are of one class."""
        return self.class_names[label] if self.class_names else NO_CLASS


Batches = Iterable[tuple[Images, Labels]]


def write_png(folder: Path, layout: Layout, batches: Batches) -> Iterator[Path]:
    """Write one PNG per image, ``<class>/<number>.png`` below `folder`; numbers run over the whole set."""
    names = folder_names(layout.class_names or (NO_CLASS,))
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for key, image, label in _numbered(layout, batches):
        path = folder / names[max(label, 0)] / f"{key}.png"
        path.write_bytes(encode_png(image))
        yield path


def write_npz(path: Path, layout: Layout, batches: Batches) -> Iterator[Path]:
    """Write arrays `images` (``NHW``, or ``NHWC`` with three channels) and `labels`, as MedMNIST lays them out.

    The images go into the archive as they come, uncompressed, so a set larger than memory works. A set without classes
    has no `labels`.
    """
    channels, height, width = layout.shape
    stored = (layout.count, height, width) if channels == 1 else (layout.count, height, width, channels)
    labels = [np.empty(0, dtype=np.int64)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        with _member(archive, "images.npy", stored, np.uint8) as file:
            for images, batch_labels in batches:
                file.write(_channels_last(images).tobytes())
                labels.append(batch_labels)
        together = np.concatenate(labels).astype("<i8", copy=False)
        _check_count(len(together), layout)
        if layout.class_names:
            with _member(archive, "labels.npy", together.shape, np.int64) as file:
                file.write(together.data)
    yield path


def write_webdataset(folder: Path, layout: Layout, batches: Batches, *, per_shard: int = 1000) -> Iterator[Path]:
    """Write tar shards of ``<key>.png``, ``<key>.cls`` (the label's number) and ``<key>.json``.

    A set without classes has no ``.cls``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    members = _numbered(layout, batches)
    for shard in range(-(-layout.count // per_shard)):
        path = folder / SHARD_PATTERN.format(shard)
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
            for key, image, label in islice(members, per_shard):
                about = {"class": layout.class_name(label), "synthetic": True}
                _add(tar, f"{key}.png", encode_png(image))
                if layout.class_names:
                    _add(tar, f"{key}.cls", str(label).encode())
                _add(tar, f"{key}.json", json.dumps(about, ensure_ascii=False).encode())
        yield path
    for _ in members:  # none are left, unless the batches hold more than announced
        pass


def encode_png(image: Images) -> bytes:
    """Return a uint8 image ``(C, H, W)``, C 1 or 3, as PNG."""
    file = io.BytesIO()
    Image.fromarray(_channels_last(image[None])[0]).save(file, "PNG")
    return file.getvalue()


def decode_png(data: bytes) -> Images:
    """Return the uint8 image ``(C, H, W)`` that `encode_png` wrote."""
    with Image.open(io.BytesIO(data)) as image:
        pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(np.moveaxis(pixels, -1, 0))


def folder_names(class_names: Sequence[str]) -> tuple[str, ...]:
    """Return a folder name for each class: what a file system refuses becomes ``_``, and no two are alike."""
    names = ["".join(c if c.isalnum() or c in "-_. " else "_" for c in name).strip(" .") for name in class_names]
    alike = len({name.lower() for name in names}) < len(names) or "" in names
    return tuple(f"{i}_{name}".strip("_") for i, name in enumerate(names)) if alike else tuple(names)


def read_png(folder: Path, class_names: Sequence[str]) -> tuple[Images, Labels]:
    """Read what `write_png` wrote, in the order in which it was written."""
    names = folder_names(class_names or (NO_CLASS,))
    found = [(path, label) for label, name in enumerate(names) for path in (folder / name).glob("*.png")]
    found.sort(key=lambda item: item[0].name)
    labels = [label if class_names else UNLABELLED for _, label in found]
    return _stack((decode_png(path.read_bytes()) for path, _ in found), folder), np.array(labels, dtype=np.int64)


def read_npz(path: Path) -> tuple[Images, Labels]:
    """Read `images` as ``(N, C, H, W)`` and `labels`, `UNLABELLED` where there are none.

    Raises:
        ArtifactError: The file is no such npz.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            images = arrays["images"]
            labels = arrays["labels"] if "labels" in arrays else np.full(len(images), UNLABELLED)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ArtifactError(f"{path} cannot be read", expected="an npz with the arrays images and labels") from error
    return _channels_first(images.astype(np.uint8, copy=False)), labels.reshape(-1).astype(np.int64)


@dataclass(frozen=True)
class ChannelsFirst:
    """Images that lie in a file as ``(N, H, W)`` or ``(N, H, W, C)``, read as ``(N, C, H, W)`` when asked for.

    Attributes:
        stored: As they lie in the file.
    """

    stored: StoredArray

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, C, H, W)."""
        count, height, width, *channels = self.stored.shape
        return count, channels[0] if channels else 1, height, width

    def __len__(self) -> int:
        return len(self.stored)

    def __getitem__(self, rows: Rows, /) -> Images:
        """Read some of the images."""
        return _channels_first(self.stored[rows])


def open_npz(path: Path) -> tuple[ChannelsFirst, Labels]:
    """Read the labels of what `write_npz` wrote, as `read_npz` does; the images stay in the file until asked for.

    Raises:
        ArtifactError: The file is no such npz.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            stored = _stored_member(path, "images.npy")
            labels = arrays["labels"] if "labels" in arrays else np.full(len(stored), UNLABELLED)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ArtifactError(f"{path} cannot be opened: {error}", expected="an npz that Synthetyk wrote") from error
    return ChannelsFirst(stored), labels.astype(np.int64)


def _stored_member(path: Path, name: str) -> StoredArray:
    """Return an uncompressed array within an archive; its bytes follow its header, and that the local header."""
    with zipfile.ZipFile(path) as archive, archive.open(name) as member:
        info = archive.getinfo(name)
        if info.compress_type != zipfile.ZIP_STORED or np.lib.format.read_magic(member) != (1, 0):
            raise ValueError(f"{name} is compressed or of another version")
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        header = member.tell()
    file = path.open("rb")
    file.seek(info.header_offset + 26)
    lengths = struct.unpack("<HH", file.read(4))  # of the member's name and of its extra field
    return StoredArray(file, dtype, shape, info.header_offset + 30 + sum(lengths) + header)


def read_webdataset(folder: Path) -> tuple[Images, Labels]:
    """Read what `write_webdataset` wrote, in the order in which it was written."""
    members = dict(_members(sorted(folder.glob("*.tar"))))
    keys = sorted(name.removesuffix(".png") for name in members if name.endswith(".png"))
    labels = [int(members.get(f"{key}.cls", b"%d" % UNLABELLED)) for key in keys]
    return _stack((decode_png(members[f"{key}.png"]) for key in keys), folder), np.array(labels, dtype=np.int64)


def _members(shards: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    for path in shards:
        with tarfile.open(path) as tar:
            for member in tar:
                file = tar.extractfile(member)
                if file is not None:
                    yield member.name, file.read()


def _stack(images: Iterable[Images], folder: Path) -> Images:
    all_ = list(images)
    if not all_:
        raise ArtifactError(f"{folder} holds no images", expected="a set that Synthetyk generated")
    return np.stack(all_)


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    """Append a member whose header says nothing of time, owner or machine."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(data), 0, 0o644
    tar.addfile(info, io.BytesIO(data))


@contextmanager
def _member(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], dtype: Any) -> Iterator[IO[bytes]]:
    """Open a .npy member of an archive, its header written, for the array's bytes."""
    info = zipfile.ZipInfo(name, ZIP_EPOCH)
    info.create_system, info.external_attr = 3, 0o644 << 16
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
    with archive.open(info, "w", force_zip64=True) as file:
        np.lib.format.write_array_header_1_0(file, header)
        yield file


def _numbered(layout: Layout, batches: Batches) -> Iterator[tuple[str, Images, int]]:
    """Yield every image ``(C, H, W)`` with its key and label; complain if there are not as many as announced."""
    width, number = max(7, len(str(layout.count))), 0
    for images, labels in batches:
        for image, label in zip(images, labels, strict=True):
            yield f"{number:0{width}d}", image, int(label)
            number += 1
    _check_count(number, layout)


def _check_count(count: int, layout: Layout) -> None:
    if count != layout.count:
        raise ConfigError(f"The batches held {count} images", expected=f"{layout.count}, as announced")


def _channels_first(images: Images) -> Images:
    """Return ``(N, C, H, W)`` of what `_channels_last` returned."""
    return np.ascontiguousarray(images[:, None] if images.ndim == 3 else np.moveaxis(images, -1, 1))


def _channels_last(images: Images) -> Images:
    """Return ``(N, H, W)`` of one channel, ``(N, H, W, C)`` of several."""
    return np.ascontiguousarray(images[:, 0] if images.shape[1] == 1 else np.moveaxis(images, 1, -1))
