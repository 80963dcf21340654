"""MedMNIST-style npz files: ``{train,val,test}_{images,labels}``, or plain ``images`` and ``labels``."""

import hashlib
import math
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.artifacts import sha256_file
from synthetyk.core.errors import DatasetError, DatasetNotFoundError, DecodeError, ImageTooLargeError
from synthetyk.core.stored_array import StoredArray
from synthetyk.data.source import Item, Problem, RawImage, SourceOptions
from synthetyk.data.sources.files import as_split

Unpacked = NDArray[Any] | StoredArray
Header = tuple[tuple[int, ...], bool, np.dtype[Any]]  # shape, whether in Fortran's order, type
LAYOUT = "arrays train_images, train_labels, val_images, ... or images and, if there are any, labels"
_BAD_ARCHIVE = (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, RuntimeError)  # what zipfile raises
_NO_ROOM = (MemoryError, OverflowError, OSError)


class NpzSource:
    """Arrays of one npz file; images are unpacked once into temporary files and read from there, so none is too large.

    Integer labels become class names ``"0"``, ``"1"``, ...; keys are ``train/0012``, or ``0012`` without splits.
    """

    def __init__(self, path: Path, options: SourceOptions) -> None:
        self.path, self.options = path, options
        self._items: list[Item] = []
        self._problems: list[Problem] = []
        self._unpacked: dict[str, Unpacked] = {}

    @classmethod
    def recognises(cls, location: str) -> bool:
        """Tell whether `location` is an npz file, by its name or as a zip file of arrays."""
        path = Path(location)
        if not path.is_file():
            return False
        return path.suffix.lower() == ".npz" or _holds_arrays(path)

    @classmethod
    def open(cls, location: str, options: SourceOptions) -> Self:
        """Check the arrays and list their images; the images themselves are not loaded.

        Raises:
            DatasetError: The file is no npz, or its arrays are not of a layout that is understood.
        """
        source = cls(Path(location), options)
        if not source.path.is_file():
            raise DatasetNotFoundError(f"There is no file {location}")
        headers = _headers(source.path)
        names = [name for name in headers if name == "images" or _split_of(name)]
        if not names:
            raise DatasetError(f"{source.path.name} holds {', '.join(headers) or 'no arrays'}", expected=LAYOUT)
        labels = {name: source._labels(name, headers) for name in names}
        for name in names:
            source._list(name, headers[name], labels[name], any(found is not None for found in labels.values()))
        return source

    def items(self) -> Sequence[Item]:
        """Return every image, array by array."""
        return self._items

    def problems(self) -> Sequence[Problem]:
        """Return images without a label in a set that has labels."""
        return self._problems

    def content_hash(self) -> str:
        """Return a SHA-256 over the file and the options."""
        return hashlib.sha256(f"{sha256_file(self.path)}{self.options.model_dump_json()}".encode()).hexdigest()

    def read(self, item: Item) -> RawImage:
        """Return one image.

        Raises:
            DecodeError: The array that holds it is damaged.
            DatasetError: There is no room to unpack it.
        """
        split, _, number = item.key.rpartition("/")
        pixels = self._array(f"{split}_images" if split else "images")[int(number) : int(number) + 1][0]
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        colours = "L" if pixels.shape[2] == 1 else "RGB"
        bits = 8 * pixels.dtype.itemsize
        return RawImage(np.ascontiguousarray(pixels.astype(f"u{bits // 8}")), bits, f"npz {colours};{bits}")

    def _array(self, name: str) -> Unpacked:
        if name not in self._unpacked:
            self._unpacked[name] = _unpack(self.path, name)
        return self._unpacked[name]

    def _labels(self, name: str, headers: dict[str, Header]) -> list[str] | None:
        key = name.removesuffix("images") + "labels"
        if key not in headers:
            return None
        shape, _, dtype = headers[key]
        if len(shape) == 2 and shape[1] != 1:
            raise DatasetError(
                f"{key} has shape {shape}: several labels for each image",
                expected="(N,) or (N, 1)",
                action="Choose one of them and save it alone",
            )
        if len(shape) not in (1, 2) or dtype.kind not in "biuU":
            raise DatasetError(f"{key} has shape {shape} of {dtype}", expected="(N,) or (N, 1) integers or strings")
        if shape[0] != headers[name][0][0]:
            raise DatasetError(f"{key} has {shape[0]} labels for {headers[name][0][0]} images", expected="equal counts")
        values = _unpack(self.path, key)[:].reshape(-1)
        return [str(value.item() if dtype.kind == "U" else int(value)) for value in values]

    def _list(self, name: str, header: Header, labels: list[str] | None, labelled: bool) -> None:
        shape, _, dtype = header
        _check_images(name, shape, dtype, self.options.max_pixels)
        width = max(4, len(str(shape[0] - 1)))
        folder = name.removesuffix("images").replace("_", "/")
        for number in range(shape[0]):
            key = f"{folder}{number:0{width}}"
            if labelled and labels is None:
                self._problems.append(Problem(key, "no_label", f"There is no array of labels for {name}."))
            else:
                self._items.append(Item(key, labels[number] if labels else None, _split_of(name)))


def _holds_arrays(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except _BAD_ARCHIVE:
        return False


def _split_of(name: str) -> str | None:
    prefix, _, what = name.rpartition("_")
    return as_split(prefix) if what == "images" else None


def _check_images(name: str, shape: tuple[int, ...], dtype: np.dtype[Any], max_pixels: int) -> None:
    if dtype.kind != "u" or dtype.itemsize > 2:
        raise DatasetError(f"{name} is {dtype}", expected="uint8 or uint16", action="Scale and convert it")
    if len(shape) not in (3, 4) or min(shape) < 1 or (len(shape) == 4 and shape[3] not in (1, 3)):
        raise DatasetError(f"{name} has shape {shape}", expected="(N, H, W), (N, H, W, 1) or (N, H, W, 3)")
    if shape[1] * shape[2] > max_pixels:
        raise ImageTooLargeError(f"{name} has images of {shape[2]} x {shape[1]}", expected=f"at most {max_pixels:,}")


def _headers(path: Path) -> dict[str, Header]:
    """Return shape and type of every array, without reading the arrays.

    Raises:
        DatasetError: The file is no zip file of arrays, or an array claims to be larger than what is there.
    """
    found, sizes = {}, {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if member.endswith(".npy"):
                    with archive.open(member) as file:
                        name = member.removesuffix(".npy")
                        found[name] = _header(file)
                        sizes[name] = archive.getinfo(member).file_size - file.tell()
    except (*_BAD_ARCHIVE, MemoryError) as error:
        raise DatasetError(f"{path.name} is no npz file: {error}", expected=LAYOUT) from error
    pickled = [name for name, (_, _, dtype) in found.items() if dtype.hasobject]
    if pickled:
        raise DatasetError(
            f"{path.name} holds pickled Python objects ({', '.join(pickled)}), which could run code when they are read",
            expected="arrays of numbers or of fixed-length strings",
            action="Save it again with arrays of uint8, int64 or str",
        )
    for name, (shape, _, dtype) in found.items():
        if math.prod(shape) * dtype.itemsize > sizes[name]:
            raise DatasetError(
                f"{name} of {path.name} claims shape {shape} of {dtype}, and holds {sizes[name]:,} bytes",
                expected=f"{math.prod(shape) * dtype.itemsize:,} bytes",
                action="Save or download it again",
            )
    return found


def _header(file: Any) -> Header:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    header: Header = read(file)
    return header


def _unpack(path: Path, name: str) -> Unpacked:
    """Copy one array to a temporary file that has no name, so that it is gone when the array is; pickles are not read.

    Raises:
        DecodeError: It is damaged.
        DatasetError: There is no room for it.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as packed, ExitStack() as until_read:
            file = until_read.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(packed, file)
            file.seek(0)
            shape, fortran, dtype = _header(file)
            if fortran:  # its rows lie scattered
                return np.memmap(file, dtype, "r", offset=file.tell(), shape=shape, order="F")
            until_read.pop_all()
            return StoredArray(file, dtype, shape, file.tell())
    except _NO_ROOM as error:
        raise DatasetError(
            f"Array {name} of {path.name} cannot be unpacked: {str(error) or 'out of memory'}",
            action=f"Make room in {tempfile.gettempdir()}, or let TMPDIR name a folder that has it",
        ) from error
    except _BAD_ARCHIVE as error:
        raise DecodeError(f"Array {name} of {path.name} is damaged: {error}") from error
