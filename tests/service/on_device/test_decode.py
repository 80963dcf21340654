import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from tests.service.on_device.browser import packed, unpacked

from synthetyk.core.errors import DecodeError
from synthetyk.data.decode import decode

pytestmark = pytest.mark.xdist_group("on this device")

DECODE = """
try {
  const { pixels, width, height, channels } = await m.decode(bytes(given), 100000);
  return { pixels: text(pixels), shape: [height, width, channels], deep: pixels instanceof Uint16Array };
} catch (error) {
  return { kind: error.kind, message: error.message };
}
"""
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, bits, colour, rows, *, interlaced=0, before=(), after=()):
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    chunks = [chunk(b"IHDR", header), *before, chunk(b"IDAT", zlib.compress(rows)), *after, chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def random_png(bits, colour, *, interlaced=0, transparent=None, size=(13, 11)):
    """A PNG of random bytes, so with every filter, in any layout that the standard knows."""
    rng = np.random.default_rng(bits + 10 * colour)
    width, height = size
    adam7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for x, y, right, down in adam7 if interlaced else [(0, 0, 1, 1)]:
        across, lines = -(-(width - x) // right), -(-(height - y) // down)
        for line in range(max(0, lines) if across > 0 else 0):
            stride = -(-across * bits * SAMPLES[colour] // 8)
            rows += bytes([line % 5]) + rng.integers(0, 256, stride, dtype=np.uint8).tobytes()
    before = [chunk(b"PLTE", rng.integers(0, 256, 3 * 2**bits, dtype=np.uint8).tobytes())] if colour == 3 else []
    if transparent is not None:
        before.append(chunk(b"tRNS", transparent))
    return png(width, height, bits, colour, rows, interlaced=interlaced, before=before)


def seen(module, data):
    return module("decode", DECODE, packed(data))


def check(module, data):
    expected, found = decode(data).pixels, seen(module, data)
    assert "pixels" in found, found
    height, width, _ = found["shape"]
    pixels = unpacked(found["pixels"], np.uint16 if found["deep"] else np.uint8).reshape(found["shape"])
    assert (height, width) == expected.shape[:2]
    assert pixels.dtype == expected.dtype
    np.testing.assert_array_equal(pixels, np.broadcast_to(expected, pixels.shape))


LAYOUTS = [(bits, 0) for bits in (1, 2, 4, 8, 16)] + [(bits, 3) for bits in (1, 2, 4, 8)]
LAYOUTS += [(bits, colour) for bits in (8, 16) for colour in (2, 4, 6)]


@pytest.mark.parametrize("interlaced", [0, 1])
@pytest.mark.parametrize(("bits", "colour"), LAYOUTS)
def test_every_layout_of_a_png_is_read_as_pillow_reads_it(module, bits, colour, interlaced):
    check(module, random_png(bits, colour, interlaced=interlaced))


@pytest.mark.parametrize(
    ("bits", "colour", "transparent"),
    [
        (1, 0, b"\0\1"),
        (2, 0, b"\0\2"),
        (4, 0, b"\0\0"),
        (8, 0, b"\0\x20"),
        (16, 0, b"\0\0"),
        (8, 2, bytes(6)),
        (4, 3, bytes(range(0, 160, 20))),
        (2, 3, b"\xff\0\xff"),
        (2, 3, b"\xff\xff"),
    ],
)
def test_what_is_transparent_lies_on_black(module, bits, colour, transparent):
    check(module, random_png(bits, colour, transparent=transparent))


def test_an_opaque_alpha_changes_no_value(module):
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 4), dtype=np.uint8)
    pixels[..., 3] = 255
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    check(module, stream.getvalue())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_orientation_is_applied(module, kind, orientation):
    grey = (np.add.outer(np.arange(24) * 7, np.arange(16) * 3) % 256).astype(np.uint8)
    exif, stream = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    Image.fromarray(grey).save(stream, kind, exif=exif)
    check(module, stream.getvalue())


@pytest.mark.parametrize("options", [{}, {"quality": 30}, {"progressive": True}, {"quality": 100}])
@pytest.mark.parametrize("size", [(64, 64), (101, 37)])
def test_a_grey_jpeg_is_read_as_pillow_reads_it(module, size, options):
    noise = np.random.default_rng(4).normal(0, 25, size)
    grey = np.clip(noise + np.linspace(20, 220, size[1]), 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "JPEG", **options)
    check(module, stream.getvalue())


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_the_colours_of_a_jpeg_are_those_of_pillow(module, subsampling):
    rng = np.random.default_rng(5)
    smooth = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((99, 66), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    smooth.save(stream, "JPEG", subsampling=subsampling, quality=90)
    expected, found = decode(stream.getvalue()).pixels.astype(int), seen(module, stream.getvalue())
    difference = np.abs(unpacked(found["pixels"]).reshape(expected.shape) - expected)
    assert difference.max() <= 2


def stored(kind):
    stream = io.BytesIO()
    Image.new("L", (30, 20), 77).save(stream, kind)
    return stream.getvalue()


def changed(data, at):
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"BMX, a text that begins like a bitmap",
        b"no image at all",
        stored("PNG")[:60],
        stored("JPEG")[:200],
        stored("GIF"),
        changed(stored("PNG"), 20),
        changed(random_png(8, 2), 60),
        png(20000, 20000, 8, 0, b""),
    ],
    ids=["empty", "text", "words", "short PNG", "short JPEG", "GIF", "header", "pixels", "huge"],
)
def test_what_cannot_be_read_fails_with_the_kind_that_the_server_says(module, data):
    with pytest.raises(DecodeError) as failed:
        decode(data, max_pixels=100_000)
    assert seen(module, data)["kind"] == failed.value.kind


def test_a_png_without_all_of_its_rows_is_refused(module):
    assert seen(module, png(9, 9, 8, 0, bytes(30)))["kind"] == "truncated"  # Pillow leaves the others black


@pytest.mark.parametrize("kind", ["TIFF", "BMP"])
def test_what_only_the_server_reads_is_named(module, kind):
    found = seen(module, stored(kind))
    assert found["kind"] == "unsupported"
    assert kind in found["message"] and "service" in found["message"]


def test_a_jpeg_of_four_colours_is_refused(module):
    stream = io.BytesIO()
    Image.new("CMYK", (8, 8)).save(stream, "JPEG")
    assert seen(module, stream.getvalue())["kind"] == "unsupported"
