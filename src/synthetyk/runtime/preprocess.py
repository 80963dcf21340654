"""From the bytes of an image file to what a model takes, by the code that read the training images."""

import numpy as np
from numpy.typing import NDArray

from synthetyk.data.decode import MAX_PIXELS, ROOM, decode, kind_of
from synthetyk.data.dicom import shared_reader
from synthetyk.data.pixels import fit, to_uint8
from synthetyk.data.source import RawImage
from synthetyk.runtime.manifest import InputContract


def prepare(data: bytes, contract: InputContract, *, frame: int = 0, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Return an image file as the model takes it.

    Args:
        data: The whole file: PNG, JPEG, TIFF, BMP or DICOM; its content says which.
        contract: Shape, rule for deeper bits, and how other sizes are brought to that shape.
        frame: Which one, of a DICOM file with several.
        max_pixels: Refuse an image whose header says that it has more.

    Returns:
        uint8 ``(C, H, W)``.

    Raises:
        DecodeError: It cannot be decoded; `kind` says why.
    """
    raw = decoded(data, frame=frame, max_pixels=max_pixels)
    _, height, width = contract.shape
    with ROOM.hold(raw.pixels.shape[0] * raw.pixels.shape[1]):
        stored = to_uint8(raw, contract.depth_rule)
        return fit(stored, size=(height, width), channels=contract.channels, mode=contract.fit)


def decoded(data: bytes, *, frame: int = 0, max_pixels: int = MAX_PIXELS) -> RawImage:
    """Return the pixels of an image file of any kind that `prepare` takes.

    Raises:
        DecodeError: It cannot be decoded; `kind` says why.
    """
    if kind_of(data[:132]) == "DICOM":
        return shared_reader().frame(data, frame, max_pixels=max_pixels)
    return decode(data, max_pixels=max_pixels)
