"""Image files and DICOM files, good and hostile, made on the fly."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

Encode = Callable[..., bytes]
MakeDicom = Callable[..., bytes]


@pytest.fixture(scope="session")
def encode() -> Encode:
    """Return a function from an array or a Pillow image to the bytes of an image file."""

    def make(image: Any, kind: str = "PNG", **options: Any) -> bytes:
        stream = io.BytesIO()
        (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(stream, kind, **options)
        return stream.getvalue()

    return make


@pytest.fixture(scope="session")
def png(encode: Encode) -> bytes:
    """Return a grey PNG, 6 x 5 pixels."""
    return encode(np.arange(30, dtype=np.uint8).reshape(5, 6) * 8)


@pytest.fixture(scope="session")
def png_bomb() -> bytes:
    """Return a valid black PNG of 13000 x 13000 pixels in about 164 KB: one compressed block, repeated 13 times."""
    side, blocks = 13_000, 13
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = side // blocks * (side + 1)  # a filter byte before each row
    block = deflater.compress(bytes(zeros)) + deflater.flush(zlib.Z_FULL_FLUSH)
    adler = ((zeros * blocks % 65521) << 16) | 1
    body = b"\x78\xda" + block * blocks + b"\x03\x00" + struct.pack(">I", adler)
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def _dicom(pixels: Any, **changes: Any) -> bytes:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = changes.pop("syntax", ExplicitVRLittleEndian)
    dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.SOPClassUID, dataset.SOPInstanceUID = SecondaryCaptureImageStorage, "1.2.3"
    dataset.PatientName = "Secret^Name"
    if pixels is not None:
        array = np.asarray(pixels)
        dataset.Rows, dataset.Columns = array.shape[:2]
        dataset.SamplesPerPixel = 1 if array.ndim == 2 else array.shape[2]
        dataset.PlanarConfiguration = 0
        dataset.PhotometricInterpretation = "MONOCHROME2" if array.ndim == 2 else "RGB"
        bits = 8 * array.dtype.itemsize
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
        dataset.PixelRepresentation = int(array.dtype.kind == "i")
        dataset.PixelData = array.tobytes()
    for name, value in changes.items():
        setattr(dataset, name, value)
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


@pytest.fixture(scope="session")
def make_dicom() -> MakeDicom:
    """Return a function from stored pixels ``(H, W[, 3])`` and changed elements to the bytes of a DICOM file."""
    return _dicom


def _after_meta(data: bytes) -> int:
    return 144 + int(struct.unpack("<I", data[140:144])[0])


@pytest.fixture(scope="session")
def deflated_bomb() -> bytes:
    """Return a DICOM file of about 520 KB that inflates to 512 MiB."""
    head = _dicom(np.zeros((4, 4), np.uint8), syntax=DeflatedExplicitVRLittleEndian)
    size, blocks = 2**29, 32
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = deflater.compress(struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, size)) + deflater.flush(
        zlib.Z_FULL_FLUSH
    )
    block = deflater.compress(bytes(size // blocks)) + deflater.flush(zlib.Z_FULL_FLUSH)
    return head[: _after_meta(head)] + start + block * blocks + b"\x03\x00"


@pytest.fixture(scope="session")
def nested() -> Callable[..., bytes]:
    """Return a function that makes a DICOM file with so many sequences in one another."""

    def make(depth: int, *, undefined_length: bool = True) -> bytes:
        data = _dicom(np.arange(16, dtype=np.uint8).reshape(4, 4))
        sequence = struct.pack("<HH2sH", 0x0008, 0x1140, b"SQ", 0)
        if undefined_length:
            opening = sequence + b"\xff" * 4 + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
            closing = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
            inner = opening * depth + closing * depth
        else:
            inner = b""
            for _ in range(depth):
                item = struct.pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
                inner = sequence + struct.pack("<I", len(item)) + item
        at = _after_meta(data)
        return data[:at] + inner + data[at:]

    return make
