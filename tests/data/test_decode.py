import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile, ImageOps

from synthetyk.core.errors import DecodeError, ImageTooLargeError
from synthetyk.data.decode import decode, kind_of

GREY = np.random.default_rng(0).integers(0, 256, size=(12, 10), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, size=(12, 10, 3), dtype=np.uint8)
DEEP = GREY.astype(np.uint16) * 16


def kind_of_failure(data, **options):
    with pytest.raises(DecodeError) as caught:
        decode(data, **options)
    return caught.value.kind


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
@pytest.mark.parametrize("pixels", [GREY, COLOUR])
def test_lossless_files_give_their_exact_pixels(encode, kind, pixels):
    raw = decode(encode(pixels, kind))
    np.testing.assert_array_equal(raw.pixels, pixels.reshape(12, 10, -1))
    assert (raw.pixels.dtype, raw.bit_depth) == (np.uint8, 8)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
def test_an_image_that_is_converted_in_strips_is_the_same(encode, monkeypatch, mode):
    image = Image.fromarray(COLOUR).convert(mode)
    if mode in ("LA", "RGBA"):
        image.putalpha(Image.fromarray(GREY))
    options = {"transparency": 3} if mode == "P" else {}
    data = encode(image, "TIFF" if mode == "CMYK" else "PNG", **options)
    whole = decode(data)
    monkeypatch.setattr("synthetyk.data.decode.STRIP", 25)
    np.testing.assert_array_equal(decode(data).pixels, whole.pixels)


def test_jpeg_decodes_close_to_the_original(encode):
    smooth = np.tile(np.arange(0, 240, 10, dtype=np.uint8), (24, 1))
    raw = decode(encode(smooth, "JPEG", quality=95))
    assert raw.mode == "L"
    assert np.abs(raw.pixels[..., 0].astype(int) - smooth).max() <= 4


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_16_bits(encode, kind):
    raw = decode(encode(DEEP, kind))
    np.testing.assert_array_equal(raw.pixels[..., 0], DEEP)
    assert (raw.pixels.dtype, raw.bit_depth, raw.mode) == (np.uint16, 16, "I;16")


def test_big_endian_16_bit_tiff_is_read_in_native_order(encode):
    raw = decode(encode(Image.frombytes("I;16B", (10, 12), DEEP.astype(">u2").tobytes()), "TIFF"))
    np.testing.assert_array_equal(raw.pixels[..., 0], DEEP)
    assert raw.pixels.dtype.isnative


def test_one_bit_becomes_black_and_white(encode):
    raw = decode(encode(Image.fromarray(GREY > 127)))
    np.testing.assert_array_equal(raw.pixels[..., 0], np.where(GREY > 127, 255, 0))
    assert (raw.bit_depth, raw.mode) == (1, "1")


def test_palette_becomes_colour(encode):
    image = Image.fromarray(COLOUR).quantize(16)
    np.testing.assert_array_equal(decode(encode(image)).pixels, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr"])
def test_other_colour_spaces_become_rgb(encode, mode):
    raw = decode(encode(Image.fromarray(COLOUR).convert(mode), "TIFF"))
    assert raw.mode == mode
    assert np.abs(raw.pixels.astype(int) - COLOUR).max() <= 4  # YCbCr rounds chrominance twice


def test_opaque_alpha_is_dropped_exactly(encode):
    opaque = np.dstack([COLOUR, np.full((12, 10), 255, np.uint8)])
    np.testing.assert_array_equal(decode(encode(opaque)).pixels, COLOUR)


def test_transparency_is_composited_on_black(encode):
    alpha = np.full((12, 10), 51, np.uint8)
    alpha[0] = 0
    pixels = decode(encode(np.dstack([COLOUR, alpha]))).pixels
    assert not pixels[0].any()
    np.testing.assert_allclose(pixels[1:], COLOUR[1:] / 5, atol=0.51)


def test_grey_with_alpha_stays_grey(encode):
    raw = decode(encode(Image.merge("LA", [Image.fromarray(GREY), Image.new("L", (10, 12), 255)])))
    np.testing.assert_array_equal(raw.pixels[..., 0], GREY)
    assert raw.mode == "LA"


def test_palette_with_a_transparent_entry_shows_black_there(encode):
    image = Image.new("P", (2, 1))
    image.putpalette([200, 10, 10, 10, 200, 10])
    image.putpixel((1, 0), 1)
    np.testing.assert_array_equal(decode(encode(image, transparency=1)).pixels, [[[200, 10, 10], [0, 0, 0]]])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(encode, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(COLOUR, "PNG", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(decode(data).pixels, np.asarray(upright))


def test_the_first_page_of_a_tiff_is_read(encode):
    pages = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    raw = decode(encode(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    np.testing.assert_array_equal(raw.pixels[..., 0], GREY)


def test_32_bit_integers_that_hold_16_bit_values_are_read(encode):
    raw = decode(encode(DEEP.astype(np.int32), "TIFF"))
    np.testing.assert_array_equal(raw.pixels[..., 0], DEEP)
    assert raw.mode == "I"


@pytest.mark.parametrize("values", [np.array([[-1]], np.int32), np.array([[70_000]], np.int32)])
def test_32_bit_integers_beyond_16_bits_are_unsupported(encode, values):
    assert kind_of_failure(encode(values, "TIFF")) == "unsupported"


def test_floating_point_in_unit_range_is_scaled_to_16_bits(encode):
    raw = decode(encode(np.array([[0, 0.5, 1]], np.float32), "TIFF"))
    np.testing.assert_array_equal(raw.pixels[..., 0], [[0, 32768, 65535]])


def test_floating_point_whole_numbers_are_kept(encode):
    raw = decode(encode(np.array([[0, 5, 4095]], np.float32), "TIFF"))
    np.testing.assert_array_equal(raw.pixels[..., 0], [[0, 5, 4095]])


@pytest.mark.parametrize("value", [-1.0, 1.5, np.nan, 1e6])
def test_other_floating_point_is_unsupported(encode, value):
    assert kind_of_failure(encode(np.array([[0, value]], np.float32), "TIFF")) == "unsupported"


def test_an_empty_file_is_empty():
    assert kind_of_failure(b"") == "empty"


@pytest.mark.parametrize("data", [b"patient,age\n1,70\n", b"BMI;age\n22;70\n", b"\x00" * 500])
def test_text_and_zeros_are_no_image(data):
    assert kind_of_failure(data) == "not_an_image"


def test_other_image_types_are_unsupported_and_named(encode):
    with pytest.raises(DecodeError, match="GIF") as caught:
        decode(encode(GREY, "GIF"))
    assert caught.value.kind == "unsupported"


@pytest.mark.parametrize("mode", ["LAB"])
def test_pixels_that_pillow_cannot_turn_into_rgb_are_unsupported(encode, mode):
    assert kind_of_failure(encode(Image.new(mode, (4, 4)), "TIFF")) == "unsupported"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_cut_file_is_truncated(encode, kind, part):
    data = encode(np.tile(COLOUR, (8, 8, 1)), kind)
    assert kind_of_failure(data[: int(len(data) * part)]) == "truncated"


def test_a_png_without_its_end_is_truncated_even_if_all_rows_are_there(png):
    assert kind_of_failure(png[:-12]) == "truncated"


def test_what_follows_the_end_of_a_png_does_not_matter(png):
    assert decode(png + bytes(5000)).pixels.shape == (5, 6, 1)


def test_a_damaged_big_tiff_is_refused(encode):
    data = encode(GREY, "TIFF", big_tiff=True)
    assert decode(data).pixels.shape == (12, 10, 1)
    assert kind_of_failure(data[:40]) in {"truncated", "unsupported", "damaged"}


def test_a_cut_compressed_tiff_is_truncated(encode):
    data = encode(GREY, "TIFF", compression="tiff_lzw")
    assert kind_of_failure(data[:-20]) == "truncated"


def test_overwritten_compressed_data_are_damaged(encode):
    data = bytearray(encode(np.tile(COLOUR, (8, 8, 1))))
    data[100:140] = b"\xaa" * 40
    assert kind_of_failure(bytes(data)) == "damaged"


def test_a_169_megapixel_png_is_refused_by_its_header(png_bomb, monkeypatch):
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("it was decoded"))
    assert 150_000 < len(png_bomb) < 180_000
    with warnings.catch_warnings(), pytest.raises(ImageTooLargeError, match="13000 x 13000"):
        warnings.simplefilter("error")
        decode(png_bomb)


def test_the_limit_itself_is_allowed(png):
    assert decode(png, max_pixels=30).pixels.shape == (5, 6, 1)
    assert kind_of_failure(png, max_pixels=29) == "too_large"


def test_a_tiff_tile_larger_than_the_image_is_refused(encode):
    strips = [struct.pack("<HHII", 278, 4, 1, 12), struct.pack("<HHII", 279, 4, 1, 120)]
    tiles = [struct.pack("<HHII", tag, 4, 1, 65_535) for tag in (322, 323)]
    data = encode(GREY, "TIFF")
    assert all(strip in data for strip in strips)
    assert kind_of_failure(data.replace(strips[0], tiles[0]).replace(strips[1], tiles[1])) == "too_large"


def test_running_out_of_memory_is_too_large(png, monkeypatch):
    def exhausted(self):
        raise MemoryError

    monkeypatch.setattr(ImageFile.ImageFile, "load", exhausted)
    assert kind_of_failure(png) == "too_large"


def test_a_broken_exif_does_not_cost_the_image(encode):
    data = encode(GREY, "JPEG", exif=b"Exif\0\0II*\0" + b"\xff" * 40)
    np.testing.assert_array_equal(decode(data).pixels, decode(encode(GREY, "JPEG")).pixels)


def test_16_bit_colour_declares_its_16_bits():
    row = b"\0" + struct.pack(">3H", 0x1234, 0x5678, 0x9ABC)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(row)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    raw = decode(data)
    assert raw.bit_depth == 16
    np.testing.assert_array_equal(raw.pixels, [[[0x12, 0x56, 0x9A]]])


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\0" * 128 + b"DICM", "DICOM"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b"hello", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_kind(head, kind):
    assert kind_of(head) == kind


def _seeds():
    images = [Image.fromarray(GREY), Image.fromarray(COLOUR), Image.fromarray(DEEP), Image.fromarray(GREY > 99)]
    images.append(Image.fromarray(COLOUR).quantize(8))
    seeds = []
    for kind, options in [("PNG", {}), ("JPEG", {}), ("BMP", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})]:
        for image in images:
            stream = io.BytesIO()
            try:
                image.save(stream, kind, **options)
            except OSError:
                continue  # this format cannot hold this mode
            seeds.append(stream.getvalue())
    return seeds


SEEDS = _seeds()
QUICK = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def decodes_or_raises_decode_error(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            raw = decode(data, max_pixels=100_000)
        except DecodeError as error:
            assert error.kind in {"empty", "not_an_image", "truncated", "damaged", "too_large", "unsupported"}
        else:
            assert raw.pixels.ndim == 3
            assert raw.pixels.shape[2] in (1, 3)


@QUICK
@given(st.sampled_from(["", "PNG", "JPEG", "TIFF", "BMP"]), st.binary(max_size=300))
def test_random_bytes_give_nothing_but_decode_errors(kind, data):
    head = {"": b"", "PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff", "TIFF": b"II*\0", "BMP": b"BM"}[kind]
    decodes_or_raises_decode_error(head + data)


@QUICK
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1, max_size=8),
    st.floats(0.1, 1.0),
)
def test_mutated_files_give_nothing_but_decode_errors(seed, changes, kept):
    data = bytearray(seed)
    for position, value in changes:
        data[position % len(data)] = value
    decodes_or_raises_decode_error(bytes(data[: int(len(data) * kept)]))


def test_head_ct_modes_decode_to_colour_or_grey(real_data):
    for path in sorted(real_data("head_ct").rglob("*.png")):
        raw = decode(path.read_bytes())
        np.testing.assert_array_equal(raw.pixels, np.asarray(Image.open(path).convert("RGB")))
        assert raw.mode in {"RGB", "RGBA"}
