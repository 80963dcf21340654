"""Where images come from: the Protocol that every source keeps, and what passes through it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.config import Config
from synthetyk.core.registry import Registry

SOURCES = Registry("synthetyk.sources", "data source")


@dataclass(frozen=True)
class Item:
    """One image of a source, not yet decoded.

    Attributes:
        key: Unique within the source and stable between runs, for example ``train/NORMAL/IM-0115-0001.jpeg``.
        label: Class name, or None.
        split: ``train``, ``val`` or ``test`` if the data set says so, else None.
        group: Patient or slide if the data set says so, else None.
    """

    key: str
    label: str | None = None
    split: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class RawImage:
    """One decoded image as it was stored.

    Attributes:
        pixels: uint8 or uint16, ``(H, W, C)`` with C 1 or 3.
        bit_depth: Bits that the file declares per sample (8, 12, 16, ...).
        mode: What the file called its pixels, for example ``L``, ``RGBA``, ``I;16``, ``DICOM MONOCHROME1``.
    """

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    bit_depth: int
    mode: str


@dataclass(frozen=True)
class Problem:
    """Something in a data set that cannot be used: reported and counted, never silently lost.

    Attributes:
        key: Which item, or which line of a table.
        kind: A short stable word, for example ``truncated``, ``empty``, ``not_an_image``, ``too_large``,
            ``missing_file``, ``no_label``, ``hostile_dicom``.
        message: What was found, in words, without patient values.
    """

    key: str
    kind: str
    message: str


class SourceOptions(Config):
    """What a user can say about a data set.

    Attributes:
        image_column: Table column with the image's path.
        label_column: Table column with the class.
        group_column: Table column with patient or slide.
        split_column: Table column with train, val or test.
        images_root: Folder that the table's paths start from; default: beside the table.
        group_pattern: Regular expression whose first group is the patient or slide in a file name, before what the data
            set says; ``none`` turns the search in names off, and leaves what the data set says.
        max_pixels: Images with more pixels than this are skipped, by their header, before decoding.
    """

    image_column: str | None = None
    label_column: str | None = None
    group_column: str | None = None
    split_column: str | None = None
    images_root: str | None = None
    group_pattern: str | None = None
    max_pixels: int = 64_000_000


@runtime_checkable
class Source(Protocol):
    """A data set before decoding. Built-ins and plug-ins register under ``synthetyk.sources``."""

    @classmethod
    def recognises(cls, location: str) -> bool:
        """Tell whether `location` looks like a data set of this kind."""
        ...

    @classmethod
    def open(cls, location: str, options: SourceOptions) -> Self:
        """List the data set.

        Raises:
            DatasetError: It cannot be used at all (nothing there, no images, a wrong column name, ...).
        """
        ...

    def items(self) -> Sequence[Item]:
        """Return every image in a stable order, problems left out."""
        ...

    def problems(self) -> Sequence[Problem]:
        """Return what was found unusable while listing."""
        ...

    def content_hash(self) -> str:
        """Return a SHA-256 over the bytes of everything that is read and the options that matter."""
        ...

    def read(self, item: Item) -> RawImage:
        """Decode one image.

        Raises:
            DecodeError: It cannot be decoded; its `kind` attribute is the `Problem.kind`.
        """
        ...


@runtime_checkable
class Remarking(Protocol):
    """What a source may have besides: words on what it recognised, and on what it decided for the user."""

    def remarks(self) -> Sequence[str]:
        """Return full sentences without patient values; they become notes of the fingerprint."""
        ...
