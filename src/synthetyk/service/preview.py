"""Stored images as a browser shows them."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synthetyk.data.decode import ROOM
from synthetyk.data.pixels import depth_rule, to_uint8
from synthetyk.data.source import RawImage
from synthetyk.runtime.preprocess import decoded


def preview(data: bytes, *, size: int, frame: int = 0, max_pixels: int) -> bytes:
    """Return an image file as a PNG of 8 bits, made smaller if it is larger than that.

    Args:
        data: The whole file, of any kind that can be stored.
        size: Pixels of its longer side at most.
        frame: Which one, of a DICOM file with several.
        max_pixels: Refuse an image whose header says that it has more.

    Raises:
        DecodeError: It cannot be decoded.
    """
    raw = decoded(data, frame=frame, max_pixels=max_pixels)
    with ROOM.hold(raw.pixels.shape[0] * raw.pixels.shape[1]):
        image = Image.fromarray(_eight_bits(raw))
        image.thumbnail((size, size), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _eight_bits(raw: RawImage) -> NDArray[np.uint8]:
    """Return pixels ``(H, W)`` or ``(H, W, 3)``; deeper values by the rule of this image alone."""
    pixels = to_uint8(raw, depth_rule(int(raw.pixels.max()), raw.bit_depth))
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels
