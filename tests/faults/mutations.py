"""Image files that somebody has tampered with: valid ones, changed at random, the same for the same number."""

import io
import random
import struct
import warnings
import zlib

import numpy as np
from PIL import Image
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)
from tests.data.conftest import _dicom

EXTREME = (b"\0", b"\xff", b"\x7f", b"\x80", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f")
PNG_HEAD = 8
META = ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel", "NumberOfFrames")


def _saved(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _pictures():
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (40, 48), np.uint8)
    colour = rng.integers(0, 256, (40, 48, 3), np.uint8)
    deep = rng.integers(0, 65536, (40, 48)).astype(np.uint16)
    return grey, colour, deep


def pngs():
    """Return PNGs of every kind of pixel."""
    grey, colour, deep = _pictures()
    exif = Image.Exif()
    exif[0x0112] = 6
    return [
        _saved(Image.fromarray(grey), "PNG"),
        _saved(Image.fromarray(grey).convert("1"), "PNG"),
        _saved(Image.fromarray(colour), "PNG", exif=exif),
        _saved(Image.fromarray(colour).convert("P"), "PNG", transparency=3),
        _saved(Image.fromarray(colour).convert("RGBA"), "PNG"),
        _saved(Image.fromarray(deep), "PNG"),
    ]


def jpegs():
    """Return JPEGs, baseline and progressive, with and without colour and EXIF."""
    grey, colour, _ = _pictures()
    exif = Image.Exif()
    exif[0x0112] = 8
    return [
        _saved(Image.fromarray(grey), "JPEG"),
        _saved(Image.fromarray(colour), "JPEG", quality=95, exif=exif),
        _saved(Image.fromarray(colour), "JPEG", progressive=True, subsampling=2),
        _saved(Image.fromarray(colour).convert("CMYK"), "JPEG", restart_marker_rows=1),
    ]


def dicoms():
    """Return DICOM files, plain, deflated and compressed in three ways, of one frame and of several."""
    grey, colour, deep = _pictures()
    files = [_dicom(grey), _dicom(deep), _dicom(colour), _dicom(deep.astype(np.int16), RescaleSlope="2")]
    files.append(_dicom(grey, syntax=DeflatedExplicitVRLittleEndian))
    files.append(_dicom(deep, syntax=ImplicitVRLittleEndian))
    files.append(_dicom(grey[:20], NumberOfFrames="2", PixelData=grey.tobytes()))
    files += [_compressed(_dicom(grey), syntax) for syntax in (RLELossless, JPEG2000Lossless, JPEGLSLossless)]
    return files


def _compressed(data, syntax):
    import pydicom

    dataset = pydicom.dcmread(io.BytesIO(data))
    dataset.compress(syntax)
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


FILES = {"PNG": pngs, "JPEG": jpegs, "DICOM": dicoms}


class Mutator:
    """Makes tampered files of one kind."""

    def __init__(self, kind):
        self._kind, self._files = kind, FILES[kind]()
        self._ways = [flip, overwrite, extreme, cut, leave_out, repeat, insert, self._spliced]
        self._ways += {"PNG": [chunk_changed] * 4, "DICOM": [self._element_changed] * 3, "JPEG": [size_changed]}[kind]

    def __call__(self, number):
        """Return the file of a number."""
        rng = random.Random(f"{self._kind} {number}")
        data = rng.choice(self._files)
        for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
            data = rng.choice(self._ways)(data, rng) or data
        return data

    def _spliced(self, data, rng):
        other = rng.choice(self._files)
        return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]

    def _element_changed(self, data, rng):
        """Give an element of the image's description another value, so that it contradicts the pixels."""
        import pydicom

        name, stream = rng.choice(META), io.BytesIO()
        value = rng.choice((0, 1, 3, 7, 16, 32, 64, 255, 4096, 65535))
        try:
            with warnings.catch_warnings(action="ignore"):
                dataset = pydicom.dcmread(io.BytesIO(data), force=True)
                setattr(dataset, name, str(value) if name == "NumberOfFrames" else value)
                dataset.save_as(stream)
        except Exception:  # what was tampered with before cannot be read any more
            return data
        return stream.getvalue()


def flip(data, rng):
    """Turn a few bits."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 4, 32))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwrite(data, rng):
    """Write noise over a stretch."""
    at, length = rng.randrange(len(data)), rng.choice((1, 4, 64))
    return data[:at] + rng.randbytes(length) + data[at + length :]


def extreme(data, rng):
    """Write a number at the end of its range."""
    at, value = rng.randrange(len(data)), rng.choice(EXTREME)
    return data[:at] + value + data[at + len(value) :]


def cut(data, rng):
    """Leave out the end."""
    return data[: rng.randrange(1, len(data) + 1)]


def leave_out(data, rng):
    """Leave out a stretch."""
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.choice((1, 2, 16, 200)) :]


def repeat(data, rng):
    """Have a stretch twice, or very often."""
    at, length = rng.randrange(len(data)), rng.choice((1, 8, 100))
    return data[:at] + data[at : at + length] * rng.choice((2, 2, 50)) + data[at + length :]


def insert(data, rng):
    """Put noise between."""
    at = rng.randrange(len(data))
    return data[:at] + rng.randbytes(rng.choice((1, 16, 300))) + data[at:]


def chunk_changed(data, rng):
    """Change a chunk of a PNG and make its checksum right again, so that the change gets through to the decoder."""
    chunks = list(_chunks(data))
    if not chunks:
        return data
    place = rng.randrange(len(chunks))
    name, body = chunks[place]
    way = rng.randrange(5)
    if way == 0 and body:
        body = rng.choice((flip, overwrite, extreme))(body, rng)
    elif way == 1 and name == b"IDAT":
        body = zlib.compress(rng.randbytes(rng.choice((0, 10, 100_000))))
    elif way == 2 and name == b"IHDR" and len(body) == 13:
        sides = struct.pack(">II", *(rng.choice((0, 1, 47, 49, 8000, 2**31 - 1)) for _ in range(2)))
        body = sides + bytes(rng.choice((0, 1, 2, 3, 4, 6, 8, 16)) for _ in range(2)) + body[10:]
    elif way == 3:
        chunks.insert(place, chunks[place])
    else:
        name = rng.choice((b"PLTE", b"tRNS", b"iCCP", b"zTXt", b"acTL", b"fdAT", b"eXIf", b"IEND", b"abcd"))
    chunks[place] = (name, body)
    return data[:PNG_HEAD] + b"".join(_chunk(*each) for each in chunks)


def _chunks(data):
    at = PNG_HEAD
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def size_changed(data, rng):
    """Have a JPEG say that it is of another size."""
    at = next((found for mark in (b"\xff\xc0", b"\xff\xc2") if (found := data.find(mark)) >= 0), -1)
    if at < 0:
        return data
    sides = struct.pack(">HH", *(rng.choice((0, 1, 41, 8000, 65500)) for _ in range(2)))
    return data[: at + 5] + sides + data[at + 9 :]
