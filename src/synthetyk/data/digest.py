"""Hashes of images: of the decoded pixels of one, and of many with their labels and class names."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthetyk.data.pixels import is_grey

BLOCK = 1024  # images read into memory at a time


class Labelled(Protocol):
    """Images with labels; `dataset.Subset` is one."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """Class of each image, int64 ``(n,)``."""
        ...

    def __len__(self) -> int: ...

    def batch(self, positions: NDArray[np.int64], /) -> NDArray[np.uint8]:
        """Return the uint8 images ``(m, C, H, W)`` at some positions."""
        ...


def pixel_digest(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> str:
    """Return a hash of an image as it was decoded ``(H, W, C)``; grey that is stored three times is hashed once.

    It is that of the picture, not of the file, and the same whatever the image's name and its size in a cache.
    """
    kept = pixels[..., :1] if is_grey(pixels) else pixels
    digest = hashlib.blake2b(f"{kept.shape} {kept.dtype}".encode(), digest_size=16)
    digest.update(kept.tobytes())
    return digest.hexdigest()


def hash_images(class_names: Sequence[str], parts: Iterable[Labelled]) -> str:
    """Return a SHA-256 over every class name, label and pixel."""
    digest = hashlib.sha256(json.dumps(class_names).encode())
    for part in parts:
        digest.update(part.labels.tobytes())
        for block in blocks(len(part)):
            digest.update(part.batch(np.arange(block.start, min(block.stop, len(part)))).data)
    return digest.hexdigest()


def blocks(count: int) -> Iterator[slice]:
    """Return the slices, `BLOCK` long, in which so many images are read."""
    return (slice(start, start + BLOCK) for start in range(0, count, BLOCK))
