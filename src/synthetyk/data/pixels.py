"""From pixels as they were stored to the uint8 images of one shape that everything else works on."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synthetyk.core.config import Config
from synthetyk.data.source import RawImage

FitMode = Literal["stretch", "pad", "crop"]
DEPTHS = (8, 10, 12, 14, 16)
USUAL = 0.999  # part of all values beyond which one is an outlier


class DepthRule(Config):
    """How a data set's values become uint8; one rule for the whole set, so that images stay comparable.

    Attributes:
        bits: Significant bits: 8, 10, 12, 14 or 16; 2**bits - 1 becomes 255.
        text: The rule in words.
    """

    bits: int
    text: str


def depth_rule(max_value: int, bit_depth: int) -> DepthRule:
    """Return the rule for a data set.

    Args:
        max_value: Largest value of any pixel of the images that decide.
        bit_depth: Largest bit depth that a file of them declares.
    """
    if bit_depth <= 8:
        return DepthRule(bits=8, text="8 bits: kept as they are")
    bits = _bits_for(max_value)
    if bits == 8:
        text = f"{bit_depth} bits declared, values up to {max_value}: kept as they are"
    else:
        text = f"{bits} of {bit_depth} bits used (largest value {max_value}): divided by {2**bits - 1}, times 255"
    return DepthRule(bits=bits, text=text)


def _bits_for(value: int) -> int:
    return next(bits for bits in DEPTHS if value < 2**bits)


def outliers(counts: NDArray[np.int64], rule: DepthRule) -> str:
    """Say what a few large values cost all others, if the rule would be another one without them; else nothing.

    Args:
        counts: How often each value occurs in images beyond 8 bits, int64 ``(65536,)``.
        rule: How values become uint8.
    """
    usual = int(np.searchsorted(counts.cumsum(), USUAL * counts.sum()))
    bits = _bits_for(usual)
    if bits >= rule.bits:
        return ""
    above, largest = int(counts[2**bits :].sum()), int(counts.nonzero()[0][-1])
    shown, possible = (round(usual * 255 / (2**used - 1)) + 1 for used in (rule.bits, bits))
    return (
        f"{USUAL:.1%} of the values are at most {usual:,}, which {bits} bits hold, but {rule.bits} bits are used "
        f"because of values above {2**bits - 1:,}: {above:,} of {counts.sum():,}, the largest {largest:,}. It costs "
        f"contrast: {USUAL:.1%} of the values share {shown} of 256 grey levels instead of {possible}. If the large "
        "ones are errors, correct them or leave their images out."
    )


def to_uint8(raw: RawImage, rule: DepthRule) -> NDArray[np.uint8]:
    """Map an image to uint8 ``(H, W, C)``: larger values than the rule knows are clipped; uint8 stays as it is."""
    if raw.pixels.dtype == np.uint8:
        return raw.pixels.astype(np.uint8, copy=False)
    top = 2**rule.bits - 1
    scaled = (raw.pixels.astype(np.uint32) * 255 + top // 2) // top
    clipped: NDArray[np.uint8] = np.minimum(scaled, 255).astype(np.uint8)
    return clipped


def is_grey(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> bool:
    """Tell whether ``(H, W, C)`` pixels have one channel, or three that are equal everywhere."""
    return pixels.shape[2] == 1 or bool((pixels == pixels[..., :1]).all())


def fit(
    pixels: NDArray[np.uint8], *, size: tuple[int, int], channels: Literal[1, 3], mode: FitMode
) -> NDArray[np.uint8]:
    """Bring an image to a size and a number of channels.

    Resizing is Pillow's Lanczos, whose support grows with the reduction, so that nothing aliases; large reductions
    begin with a box filter. An image that has the size already keeps every value.

    Args:
        pixels: uint8 ``(H, W, C)``, C 1 or 3.
        size: (height, width) wanted.
        channels: 1 takes the luminance (ITU-R BT.601; exact for equal channels), 3 repeats a grey image.
        mode: ``stretch`` ignores the aspect ratio, ``pad`` adds black bars, ``crop`` cuts to the centre.

    Returns:
        uint8 ``(channels, *size)``.
    """
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    image = image.convert("L" if channels == 1 else "RGB")
    if (image.height, image.width) != size:
        image = _resize(image, size, mode)
    planes = np.asarray(image).reshape(*size, channels)
    return np.ascontiguousarray(planes.transpose(2, 0, 1))


def _resize(image: Image.Image, size: tuple[int, int], mode: FitMode) -> Image.Image:
    height, width = size
    if mode == "stretch":
        return _lanczos(image, (width, height), (0, 0, image.width, image.height))
    if mode == "crop":
        scale = min(image.width / width, image.height / height)
        left, top = max(0.0, (image.width - scale * width) / 2), max(0.0, (image.height - scale * height) / 2)
        return _lanczos(image, (width, height), (left, top, image.width - left, image.height - top))
    scale = max(image.width / width, image.height / height)
    inner = max(1, round(image.width / scale)), max(1, round(image.height / scale))
    padded = Image.new(image.mode, (width, height))
    whole = _lanczos(image, inner, (0, 0, image.width, image.height))
    padded.paste(whole, ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return padded


def _lanczos(image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]) -> Image.Image:
    return image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
