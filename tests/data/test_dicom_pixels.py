import io

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_windowing
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGLSLossless, RLELossless

from synthetyk.core.errors import DecodeError
from synthetyk.data.dicom_pixels import parse, partial_to_rgb, read_frame, window

RAMP = np.arange(16, dtype=np.uint16).reshape(4, 4) * 100


def read(data, index=0):
    return read_frame(parse(data, max_pixels=10**6), index)


def refusal(data, **options):
    with pytest.raises(DecodeError) as caught:
        parse(data, **{"max_pixels": 10**6, **options})
    return caught.value.kind


def sequence(**elements):
    item = Dataset()
    for name, value in elements.items():
        setattr(item, name, value)
    return [item]


def test_without_a_window_the_frame_goes_from_min_to_max(make_dicom):
    raw = read(make_dicom(RAMP))
    np.testing.assert_array_equal(raw.pixels[..., 0], np.rint(RAMP / 1500 * 255))
    assert (raw.pixels.dtype, raw.bit_depth, raw.mode) == (np.uint8, 16, "DICOM MONOCHROME2")


def test_monochrome1_is_inverted(make_dicom):
    inverted = read(make_dicom(RAMP, PhotometricInterpretation="MONOCHROME1"))
    np.testing.assert_array_equal(inverted.pixels, 255 - read(make_dicom(RAMP)).pixels)
    assert inverted.mode == "DICOM MONOCHROME1"


def test_signed_pixels_keep_their_order(make_dicom):
    pixels = read(make_dicom(np.array([[-1000, 0], [500, 1000]], np.int16))).pixels
    np.testing.assert_array_equal(pixels[..., 0], [[0, 128], [191, 255]])


def test_the_first_of_several_windows_is_applied_after_rescale(make_dicom):
    data = make_dicom(RAMP, RescaleSlope=2, RescaleIntercept=-1024, WindowCenter=[40, 600], WindowWidth=[400, 2000])
    dataset = pydicom.dcmread(io.BytesIO(data))
    shown = apply_windowing(apply_modality_lut(RAMP, dataset), dataset)  # pydicom's own, from y_min to y_max
    low, high = -1024, 65535 * 2 - 1024
    np.testing.assert_allclose(read(data).pixels[..., 0], (shown - low) / (high - low) * 255, atol=0.51)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_window_functions_agree_with_pydicom(function):
    dataset = Dataset()
    dataset.PhotometricInterpretation, dataset.BitsStored, dataset.PixelRepresentation = "MONOCHROME2", 16, 0
    dataset.WindowCenter, dataset.WindowWidth, dataset.VOILUTFunction = 700, 900, function
    ours = window(RAMP.astype(np.float32), 700, 900, function)
    np.testing.assert_allclose(ours, apply_windowing(RAMP, dataset) / 65535, atol=1e-5)


def test_padding_does_not_count_for_the_range(make_dicom):
    stored = np.array([[-2000, 0], [50, 100]], np.int16)
    pixels = read(make_dicom(stored, PixelPaddingValue=-2000)).pixels[..., 0]
    np.testing.assert_array_equal(pixels, [[0, 0], [128, 255]])


def test_an_even_frame_is_black(make_dicom):
    assert not read(make_dicom(np.full((4, 4), 7, np.uint8))).pixels.any()


def test_a_voi_lut_is_applied(make_dicom):
    lut = sequence(LUTDescriptor=[4, 0, 8], LUTData=[255, 100, 50, 0])
    lut[0]["LUTData"].VR = "US"
    pixels = read(make_dicom(np.array([[0, 1], [2, 3]], np.uint8), VOILUTSequence=lut)).pixels
    np.testing.assert_array_equal(pixels[..., 0], [[255, 100], [50, 0]])


def test_a_modality_lut_is_applied(make_dicom):
    lut = sequence(LUTDescriptor=[4, 0, 16], LUTData=[300, 200, 100, 0], ModalityLUTType="US")
    lut[0]["LUTData"].VR = "US"
    pixels = read(make_dicom(np.array([[0, 1], [2, 3]], np.uint8), ModalityLUTSequence=lut)).pixels
    np.testing.assert_array_equal(pixels[..., 0], [[255, 170], [85, 0]])


def test_every_frame_has_its_own_window_if_the_file_says_so(make_dicom):
    groups = []
    for center in (500, 1000):
        group = Dataset()
        group.FrameVOILUTSequence = sequence(WindowCenter=center, WindowWidth=2)
        groups.append(group)
    shared = Dataset()
    shared.PixelValueTransformationSequence = sequence(RescaleSlope=10, RescaleIntercept=0)
    frame = np.array([[0, 60], [90, 120]], np.uint8)
    data = make_dicom(
        frame,
        PixelData=frame.tobytes() * 2,
        NumberOfFrames=2,
        PerFrameFunctionalGroupsSequence=groups,
        SharedFunctionalGroupsSequence=[shared],
    )
    np.testing.assert_array_equal(read(data, 0).pixels[..., 0], [[0, 255], [255, 255]])
    np.testing.assert_array_equal(read(data, 1).pixels[..., 0], [[0, 0], [0, 255]])


def test_colour_is_kept(make_dicom):
    colour = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    raw = read(make_dicom(colour))
    np.testing.assert_array_equal(raw.pixels, colour)
    assert raw.mode == "DICOM RGB"


def test_16_bit_colour_is_scaled(make_dicom):
    colour = np.array([[[0, 32768, 65535]]], np.uint16)
    np.testing.assert_array_equal(read(make_dicom(colour)).pixels, [[[0, 128, 255]]])


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_is_applied(make_dicom, bits):
    changes = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name, values in (("Red", (0, 255)), ("Green", (0, 128)), ("Blue", (255, 0))):
        table = np.array(values, f"<u{bits // 8}") * (1 if bits == 8 else 257)
        changes[f"{name}PaletteColorLookupTableDescriptor"] = [2, 0, bits]
        changes[f"{name}PaletteColorLookupTableData"] = table.tobytes()
    pixels = read(make_dicom(np.array([[0, 1]], np.uint8), **changes)).pixels
    np.testing.assert_array_equal(pixels, [[[0, 0, 255], [255, 128, 0]]])


def test_full_range_ybr_becomes_rgb(make_dicom):
    ybr = np.array([[[76, 85, 255], [255, 128, 128]]], np.uint8)  # red and white
    pixels = read(make_dicom(ybr, PhotometricInterpretation="YBR_FULL")).pixels
    np.testing.assert_allclose(pixels, [[[255, 0, 0], [255, 255, 255]]], atol=2)


def test_partial_range_ybr_becomes_rgb(make_dicom):
    red, white = (82, 90, 240), (235, 128, 128)  # ITU-R BT.601, 8 bits
    np.testing.assert_allclose(partial_to_rgb(np.uint8([[red, white]])), [[[255, 0, 0], [255, 255, 255]]], atol=3)
    subsampled = bytes([82, 82, 90, 240, 235, 235, 128, 128])  # Y Y Cb Cr
    colour = np.zeros((1, 4, 3), np.uint8)
    data = make_dicom(colour, PhotometricInterpretation="YBR_PARTIAL_422", PixelData=subsampled)
    np.testing.assert_allclose(read(data).pixels[0, ::2], [[255, 0, 0], [255, 255, 255]], atol=3)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_compressed_pixels_equal_the_uncompressed(make_dicom, syntax):
    data = make_dicom(np.kron(RAMP, np.ones((8, 8), np.uint16)))
    dataset = pydicom.dcmread(io.BytesIO(data))
    dataset.compress(syntax)
    stream = io.BytesIO()
    dataset.save_as(stream)
    np.testing.assert_array_equal(read(stream.getvalue()).pixels, read(data).pixels)


def test_an_honest_deflated_file_is_read(make_dicom):
    deflated = make_dicom(RAMP, syntax=DeflatedExplicitVRLittleEndian)
    np.testing.assert_array_equal(read(deflated).pixels, read(make_dicom(RAMP)).pixels)


def test_floating_point_pixels_are_read_and_must_be_finite(make_dicom):
    def floating(values):
        dataset = pydicom.dcmread(io.BytesIO(make_dicom(np.zeros((1, 2), np.uint32))))
        del dataset.PixelData, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation
        dataset.FloatPixelData = np.array(values, np.float32).tobytes()
        stream = io.BytesIO()
        dataset.save_as(stream)
        return stream.getvalue()

    np.testing.assert_array_equal(read(floating([-0.5, 0.5])).pixels[0, :, 0], [0, 255])
    with pytest.raises(DecodeError, match="not finite"):
        read(floating([0, np.nan]))


def test_the_patient_is_a_salted_hash(make_dicom):
    def patient(value, salt):
        return parse(make_dicom(RAMP, PatientID=value), max_pixels=100, salt=salt).patient

    assert patient("A1", "x") == patient(" A1 ", "x")
    assert len({patient("A1", "x"), patient("A2", "x"), patient("A1", "y")}) == 3
    assert "A1" not in patient("A1", "x")
    assert patient("", "x") == ""


def test_a_file_without_pixels_says_so(make_dicom):
    assert refusal(make_dicom(None)) == "no_pixels"


def test_a_frame_larger_than_allowed_is_refused(make_dicom):
    assert refusal(make_dicom(RAMP), max_pixels=15) == "too_large"


def test_too_many_frames_are_refused(make_dicom):
    assert refusal(make_dicom(RAMP, NumberOfFrames=2_000_000_000)) == "too_large"


def test_missing_dimensions_are_damage(make_dicom):
    assert refusal(make_dicom(RAMP, Rows=0)) == "damaged"


@pytest.mark.parametrize("changes", [{"NumberOfFrames": 2}, {"Rows": 40}])
def test_fewer_pixels_than_promised_are_truncated(make_dicom, changes):
    assert refusal(make_dicom(RAMP, **changes)) == "truncated"


def test_an_unknown_photometric_interpretation_is_unsupported_and_not_quoted(make_dicom):
    with pytest.raises(DecodeError, match="not supported") as caught:
        read(make_dicom(RAMP, PhotometricInterpretation="SECRET"))
    assert caught.value.kind == "unsupported"
    assert "SECRET" not in str(caught.value)


def test_colour_of_one_sample_is_unsupported(make_dicom):
    with pytest.raises(DecodeError) as caught:
        read(make_dicom(RAMP.astype(np.uint8), PhotometricInterpretation="RGB"))
    assert caught.value.kind == "unsupported"


@pytest.mark.parametrize("undefined_length", [True, False])
def test_deep_nesting_is_hostile(nested, undefined_length):
    assert refusal(nested(100, undefined_length=undefined_length)) == "hostile_dicom"


@pytest.mark.parametrize("undefined_length", [True, False])
def test_nesting_within_reason_is_read(nested, undefined_length):
    assert read(nested(20, undefined_length=undefined_length)).pixels.shape == (4, 4, 1)


def test_a_deflated_bomb_is_hostile(deflated_bomb):
    assert 500_000 < len(deflated_bomb) < 560_000
    assert refusal(deflated_bomb) == "hostile_dicom"
