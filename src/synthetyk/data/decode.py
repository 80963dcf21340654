"""From the bytes of an image file to its pixels; every failure is a `DecodeError` with a kind.

The content decides the type, never the name. The header is asked for the number of pixels before anything is decoded.
Decisions that the pixels depend on:

- Transparency is composited on black, as radiographs and CT have it; an alpha that is opaque everywhere is dropped, so
  such an image keeps its exact values.
- EXIF orientation is applied. Of a file with several pages or frames the first is read.
- 1, 2 and 4 bits per sample are scaled to 0..255. 16-bit grey keeps its 16 bits; 16-bit colour keeps the upper 8 (that
  is what Pillow reads).
- 32-bit integers must hold 16-bit values. Floating point must lie in [0, 1], which is scaled to 0..65535, or be whole
  numbers in 0..65535.
"""

import io
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from synthetyk.core.errors import DecodeError, ImageTooLargeError
from synthetyk.data.room import PixelRoom
from synthetyk.data.source import RawImage

# decode() holds every header against its own limit; Pillow's guard would warn on the way there.
Image.MAX_IMAGE_PIXELS = None
# Pillow's own blocks of 16 MB come from the heap, where what was freed stays with the process: 1.7 GB after four
# images of 64 megapixels in four threads. Blocks as large as these go back to the system.
Image.core.set_block_size(64 * 2**20)  # type: ignore[attr-defined]

MAX_PIXELS = 64_000_000
STRIP = 4_000_000  # pixels that are converted at a time
ROOM = PixelRoom(MAX_PIXELS)
FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
EXPECTED = f"one of {', '.join(FORMATS)}, DICOM"  # data/dicom.py reads those
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"GIF8": "GIF",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"8BPS": "Photoshop",
    b"%PDF": "PDF",
}
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)  # lengths; the letters BM alone begin many a text
_TIFF_SIZES = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # bytes of a value by its type; all others 1
_TURNS: dict[Any, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_AS_RGB = ("RGB", "P", "PA", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV")
_AS_GREY = ("1", "L", "LA")


def kind_of(head: bytes) -> str | None:
    """Return what the first bytes of a file say that it is, for example ``"PNG"`` or ``"DICOM"``; None if no image.

    Args:
        head: At least the first 132 bytes, or all there are.
    """
    if head[128:132] == b"DICM":
        return "DICOM"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    return next((kind for signature, kind in _SIGNATURES.items() if head.startswith(signature)), None)


def decode(data: bytes, *, max_pixels: int = MAX_PIXELS) -> RawImage:
    """Decode a PNG, JPEG, TIFF or BMP.

    Args:
        data: The whole file.
        max_pixels: Refuse an image whose header says that it has more.

    Returns:
        Pixels ``(H, W, 1)`` or ``(H, W, 3)``, uint8 or uint16.

    Raises:
        ImageTooLargeError: The header says more than `max_pixels`.
        DecodeError: `kind` is ``empty``, ``not_an_image``, ``truncated``, ``damaged`` or ``unsupported``.
    """
    kind = _readable_kind(data)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(image, max_pixels)
            if kind == "PNG" and _ends_early(kind, data):  # Pillow is content once all rows are there
                raise EOFError
            bits = _declared_bits(image)
            with ROOM.hold(image.width * image.height):
                image.load()
                pixels = _pixels(_upright(image))
            return RawImage(pixels, 16 if pixels.dtype == np.uint16 else bits, image.mode)
    except DecodeError:
        raise
    except MemoryError as error:
        raise ImageTooLargeError(f"The {kind} needs more memory than there is") from error
    except Exception as error:  # Pillow's decoders raise whatever damaged bytes lead them to
        raise _failure(kind, data, error) from error


def _readable_kind(data: bytes) -> str:
    if not data:
        raise DecodeError("The file is empty", expected="an image", kind="empty")
    kind = kind_of(data[:132])
    if kind is None:
        raise DecodeError("The content is no image", expected=EXPECTED, kind="not_an_image")
    if kind not in FORMATS:
        raise DecodeError(f"The content is {kind}", expected=EXPECTED, action="Convert it", kind="unsupported")
    return kind


def _check_size(image: Image.Image, max_pixels: int) -> None:
    """Refuse an image, or one tile of a tiled TIFF, that is larger than allowed."""
    tags: Any = getattr(image, "tag_v2", {})
    tile = int(tags.get(322, 0)) * int(tags.get(323, 0))
    if max(image.width * image.height, tile) > max_pixels:
        raise ImageTooLargeError(
            f"The image says that it has {image.width} x {image.height} pixels",
            expected=f"at most {max_pixels:,}",
            action="Raise --max-pixels if the image can be trusted",
        )


def _declared_bits(image: Image.Image) -> int:
    """Return the bits per sample as far as they matter later: 1, 8 or 16."""
    if image.mode == "1":
        return 1
    tiles: Any = getattr(image, "tile", ())
    return 16 if any(";16" in str(tile[3]) for tile in tiles) else 8


def _upright(image: Image.Image) -> Image.Image:
    """Apply the EXIF orientation."""
    turn = _TURNS.get(image.getexif().get(0x0112))
    return image if turn is None else image.transpose(turn)


def _pixels(image: Image.Image) -> NDArray[np.uint8] | NDArray[np.uint16]:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _as_uint16(np.asarray(image))[..., None]
    if image.mode not in _AS_RGB + _AS_GREY:
        raise DecodeError(f"Pixels of mode {image.mode} are not supported", action="Convert it", kind="unsupported")
    return _eight_bits(image, 1 if image.mode in _AS_GREY else 3)


def _eight_bits(image: Image.Image, channels: int) -> NDArray[np.uint8]:
    """Return grey or colour, converted strip by strip: whole, several copies would lie beside one another."""
    mode = "RGBA" if image.has_transparency_data else "L" if channels == 1 else "RGB"
    pixels = np.empty((image.height, image.width, channels), np.uint8)
    rows = max(1, STRIP // image.width)
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        strip = np.asarray(image.crop((0, top, image.width, bottom)).convert(mode))
        strip = _on_black(strip) if mode == "RGBA" else strip.reshape(bottom - top, image.width, channels)
        pixels[top:bottom] = strip[..., :channels]
    return pixels


def _on_black(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Composite on black; an opaque alpha leaves every value as it was."""
    colour, alpha = rgba[..., :3], rgba[..., 3:]
    if (alpha == 255).all():
        return colour
    blended: NDArray[np.uint8] = ((colour.astype(np.uint16) * alpha + 127) // 255).astype(np.uint8)
    return blended


def _as_uint16(values: NDArray[Any]) -> NDArray[np.uint16]:
    """Return 16-bit values of a wider kind of number.

    Raises:
        DecodeError: They do not fit.
    """
    if values.dtype.kind != "f" and values.min() >= 0 and values.max() <= 65535:
        return values.astype(np.uint16)
    if values.dtype.kind == "f" and np.isfinite(values).all() and values.min() >= 0:
        if values.max() <= 1:
            values = np.rint(values * 65535)
        if values.max() <= 65535 and (values == np.rint(values)).all():
            return values.astype(np.uint16)
    raise DecodeError(
        f"The {values.dtype.name} values do not fit 16 bits",
        expected="0..65535, or floating point in [0, 1]",
        action="Convert the image with a fixed rule",
        kind="unsupported",
    )


def _failure(kind: str, data: bytes, error: Exception) -> DecodeError:
    """Say what is wrong with a file that Pillow could not decode."""
    if _ends_early(kind, data) or "truncated" in str(error).lower() or isinstance(error, EOFError):
        found = f"The {kind} ends early, after {len(data):,} bytes"
        return DecodeError(found, action="Copy it again", kind="truncated")
    if isinstance(error, UnidentifiedImageError) and kind == "TIFF":
        return DecodeError("The TIFF's kind of pixels cannot be read", action="Convert it to PNG", kind="unsupported")
    return DecodeError(f"The {kind} is damaged", action="Copy it again", kind="damaged")


def _ends_early(kind: str, data: bytes) -> bool:
    """Tell from the structure of a file whether its end is missing."""
    if kind == "PNG":
        return b"IEND" not in data
    if kind == "JPEG":
        return b"\xff\xd9" not in data[-1024:]
    if kind == "BMP":
        return int.from_bytes(data[2:6], "little") > len(data)
    return _tiff_directory_end(data) > len(data)


def _tiff_directory_end(data: bytes) -> int:
    """Return where the first directory of a TIFF and the values it points to end (TIFF 6.0, section 2)."""
    if data[2:4] in (b"+\0", b"\0+"):  # BigTIFF is laid out otherwise
        return 0
    order: Literal["little", "big"] = "little" if data[:1] == b"I" else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], order)

    first = number(4, 4)
    end = first + 2 + 12 * number(first, 2) + 4
    for at in range(first + 2, min(end, len(data)) - 12, 12):
        length = _TIFF_SIZES.get(number(at + 2, 2), 1) * number(at + 4, 4)
        if length > 4:
            end = max(end, number(at + 8, 4) + length)
    return end
