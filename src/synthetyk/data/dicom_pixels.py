"""From a DICOM file's bytes to grey or colour uint8 frames. Runs in the worker process, never in the parent.

Errors never quote the file: its values belong to a patient.
"""

import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi
from pydicom.pixels.utils import pixel_array
from pydicom.uid import DeflatedExplicitVRLittleEndian

from synthetyk.core.errors import DecodeError, ImageTooLargeError
from synthetyk.data.source import RawImage

MAX_DEPTH = 64
MAX_INFLATED = 256 * 2**20
MAX_FRAMES = 10_000
PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
GREY = ("MONOCHROME1", "MONOCHROME2")
YBR = ("YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "YBR_PARTIAL_422", "YBR_PARTIAL_420")
COLOUR = ("RGB", "PALETTE COLOR", *YBR)

pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE


@dataclass(frozen=True)
class DicomFile:
    """One parsed DICOM file with pixels.

    Attributes:
        dataset: What pydicom read.
        frames: How many images it holds.
        patient: Salted SHA-256 of the patient's ID, empty if there is none; the ID itself goes nowhere.
    """

    dataset: Dataset
    frames: int
    patient: str


def parse(data: bytes, *, max_pixels: int, salt: str = "") -> DicomFile:
    """Parse a file, without decoding its pixels.

    Args:
        data: The whole file.
        max_pixels: Refuse frames that have more.
        salt: Mixed into the hash of the patient's ID.

    Raises:
        ImageTooLargeError: A frame has more than `max_pixels`, or there are more than 10,000 frames.
        DecodeError: `kind` is ``damaged``, ``no_pixels``, ``truncated``, ``unsupported`` or ``hostile_dicom``.
    """
    _check_inflated(data)
    dataset = pydicom.dcmread(io.BytesIO(data))
    _check_depth(dataset)
    if not any(keyword in dataset for keyword in PIXEL_KEYWORDS):
        raise DecodeError("The DICOM file holds no pixels", kind="no_pixels")
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    frames = int(dataset.get("NumberOfFrames") or 1)
    if rows < 1 or columns < 1 or frames < 1:
        raise DecodeError("The DICOM file does not say how many rows, columns and frames it has", kind="damaged")
    if rows * columns > max_pixels or frames > MAX_FRAMES:
        raise ImageTooLargeError(
            f"The DICOM file says that it has {columns} x {rows} pixels and {frames} frame(s)",
            expected=f"at most {max_pixels:,} pixels and {MAX_FRAMES:,} frames",
        )
    _check_length(dataset, rows * columns * frames)
    patient = str(dataset.get("PatientID") or "").strip()
    hashed = hashlib.sha256(f"{salt}\0{patient}".encode()).hexdigest() if patient else ""
    return DicomFile(dataset, frames, hashed)


def _check_inflated(data: bytes) -> None:
    """Refuse a deflated file that inflates beyond measure, without ever holding what comes out."""
    stream = io.BytesIO(data)
    stream.seek(132)
    meta = read_dataset(stream, False, True, stop_when=lambda tag, _vr, _length: tag.group != 2)
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return
    inflater, rest, total = zlib.decompressobj(-zlib.MAX_WBITS), stream.read(), 0
    while rest and total <= MAX_INFLATED:
        total += len(inflater.decompress(rest, 2**24))
        rest = inflater.unconsumed_tail
    if total > MAX_INFLATED:
        found = f"The DICOM file of {len(data):,} bytes inflates to more than {MAX_INFLATED:,}"
        raise DecodeError(found, kind="hostile_dicom")


def _check_depth(dataset: Dataset) -> None:
    """Refuse sequences in sequences in sequences; pydicom reads them level by level as we ask."""
    level = [dataset]
    for _ in range(MAX_DEPTH):
        level = [item for parent in level for item in _items(parent)]
        if not level:
            return
    raise DecodeError(f"The DICOM file nests sequences deeper than {MAX_DEPTH}", kind="hostile_dicom")


def _items(dataset: Dataset) -> Iterator[Dataset]:
    for tag in list(dataset.keys()):
        raw = dataset.get_item(tag)
        if raw is not None and raw.VR in ("SQ", None):
            element = dataset[tag]
            if element.VR == "SQ":
                yield from element.value


def _check_length(dataset: Dataset, pixels: int) -> None:
    """Refuse uncompressed pixels that are fewer than the header promises."""
    if "PixelData" not in dataset or dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    samples = int(dataset.get("SamplesPerPixel") or 1)
    if str(dataset.get("PhotometricInterpretation")) in ("YBR_FULL_422", "YBR_PARTIAL_422"):
        samples = 2
    expected = pixels * samples * int(dataset.BitsAllocated) // 8
    if len(dataset.PixelData) < expected:
        raise DecodeError("The DICOM file ends before its pixels do", action="Copy it again", kind="truncated")


def read_frame(file: DicomFile, index: int) -> RawImage:
    """Decode one frame as a viewer would show it: rescaled, windowed, MONOCHROME1 inverted, colour as RGB.

    Args:
        file: A parsed file.
        index: Which frame, from 0.

    Returns:
        uint8 ``(H, W, 1)`` or ``(H, W, 3)``; `bit_depth` is the file's Bits Stored.
    """
    dataset = file.dataset
    kind = str(dataset.get("PhotometricInterpretation"))
    if kind not in GREY + COLOUR:
        raise DecodeError("The DICOM file's photometric interpretation is not supported", kind="unsupported")
    if kind in GREY and int(dataset.get("SamplesPerPixel") or 1) == 1:
        stored = pixel_array(dataset, index=index)
        pixels = _grey(stored, dataset, index)
        pixels = 255 - pixels if kind == "MONOCHROME1" else pixels
    else:
        pixels = _colour(dataset, index, kind)
    return RawImage(pixels, int(dataset.get("BitsStored") or 8), f"DICOM {kind}")


def _grey(stored: NDArray[Any], dataset: Dataset, index: int) -> NDArray[np.uint8]:
    """Apply modality LUT or rescale, then the first window (PS3.3 C.11.1 and C.11.2); without one, min to max."""
    values = _rescale(stored, dataset, index)
    voi = _macro(dataset, index, "FrameVOILUTSequence")
    if voi.get("VOILUTSequence"):
        voi.file_meta = dataset.file_meta
        top = 2 ** int(voi.VOILUTSequence[0].LUTDescriptor[2]) - 1
        unit = apply_voi(values.astype(np.int32), voi).astype(np.float32) / np.float32(top)
    elif voi.get("WindowCenter") is not None and voi.get("WindowWidth") is not None:
        function = str(voi.get("VOILUTFunction") or "LINEAR").upper()
        unit = window(values, _first(voi.WindowCenter), _first(voi.WindowWidth), function)
    else:
        unit = _min_max(values, values[stored != dataset.get("PixelPaddingValue")])
    grey: NDArray[np.uint8] = np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8)
    return grey[..., None]


def _rescale(stored: NDArray[Any], dataset: Dataset, index: int) -> NDArray[np.float32]:
    if dataset.get("ModalityLUTSequence"):
        return apply_modality_lut(stored, dataset).astype(np.float32)
    rescale = _macro(dataset, index, "PixelValueTransformationSequence")
    slope, intercept = rescale.get("RescaleSlope"), rescale.get("RescaleIntercept")
    values: NDArray[np.float32] = stored.astype(np.float32)
    return values * np.float32(1 if slope is None else slope) + np.float32(intercept or 0)


def _macro(dataset: Dataset, index: int, keyword: str) -> Dataset:
    """Return where a frame's values stand: its own functional group, the shared one, or the file (PS3.3 C.7.6.16)."""
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or ()
    shared = dataset.get("SharedFunctionalGroupsSequence") or ()
    for group in (*per_frame[index : index + 1], *shared[:1]):
        if group.get(keyword):
            found: Dataset = group[keyword].value[0]
            return found
    return dataset


def _first(value: Any) -> float:
    """Return the first of one or several numbers."""
    return float(value[0]) if isinstance(value, pydicom.multival.MultiValue) else float(value)


def window(values: NDArray[np.float32], center: float, width: float, function: str = "LINEAR") -> NDArray[np.float32]:
    """Map values to 0..1 by a window (PS3.3 C.11.2.1.2.1, C.11.2.1.3).

    Args:
        values: Any shape, after rescale.
        center: Window Center.
        width: Window Width.
        function: ``LINEAR``, ``LINEAR_EXACT`` or ``SIGMOID``.
    """
    if function == "SIGMOID":
        steepness = np.clip(-4 * (values - np.float32(center)) / np.float32(width), -80, 80)
        bent: NDArray[np.float32] = 1 / (1 + np.exp(steepness))
        return bent
    if function != "LINEAR_EXACT":
        center, width = center - 0.5, width - 1
    unit: NDArray[np.float32] = (values - np.float32(center)) / np.float32(max(width, 1e-6)) + np.float32(0.5)
    return np.clip(unit, 0, 1)


def _min_max(values: NDArray[np.float32], counted: NDArray[np.float32]) -> NDArray[np.float32]:
    """Map the smallest counted value to 0 and the largest to 1; an even frame is 0."""
    low, high = (float(counted.min()), float(counted.max())) if counted.size else (0.0, 0.0)
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DecodeError("The DICOM file's pixels are not finite", kind="damaged")
    return (values - np.float32(low)) / np.float32(high - low or 1)


def _colour(dataset: Dataset, index: int, kind: str) -> NDArray[np.uint8]:
    """Return a frame as uint8 RGB ``(H, W, 3)``."""
    bits = int(dataset.get("BitsStored") or 8)
    if kind == "PALETTE COLOR":
        rgb = apply_color_lut(pixel_array(dataset, index=index), dataset)[..., :3]
        bits = int(dataset.RedPaletteColorLookupTableDescriptor[2])
    elif kind.startswith("YBR_PARTIAL"):
        ybr = pixel_array(dataset, index=index, raw=True, photometric_interpretation="YBR_FULL_422")
        rgb = partial_to_rgb(ybr)
    else:
        rgb = pixel_array(dataset, index=index)
    if rgb.ndim != 3 or rgb.shape[2] != 3:
        raise DecodeError(f"The DICOM file's {kind} pixels are not supported", kind="unsupported")
    if rgb.dtype == np.uint8:
        return rgb
    scaled: NDArray[np.uint8] = np.clip(rgb.astype(np.float64) / (2**bits - 1) * 255 + 0.5, 0, 255).astype(np.uint8)
    return scaled


def partial_to_rgb(ybr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Map YBR_PARTIAL to RGB: luminance 16..235, chrominance 16..240 (inverse of PS3.3 C.7.6.3.1.2)."""
    forward = np.array([[0.2568, 0.5041, 0.0979], [-0.1482, -0.2910, 0.4392], [0.4392, -0.3678, -0.0714]])
    rgb = (ybr.astype(np.float64) - np.array([16, 128, 128])) @ np.linalg.inv(forward).T
    pixels: NDArray[np.uint8] = np.clip(np.rint(rgb), 0, 255).astype(np.uint8)
    return pixels
