"""Where in an image a class is seen: its activation map over the image, in colours that everybody can tell apart."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synthetyk.service.png import png_of

# Points of cividis, from dark blue to yellow, which people with any colour vision see alike (Nunez, Anderton, Renslow,
# "Optimizing colormaps with consideration for color vision deficiency to enable accurate interpretation of scientific
# data", PLOS ONE 13(7), 2018); between them colours are mixed.
CIVIDIS = np.array(
    [
        (0, 34, 78),
        (0, 46, 106),
        (26, 56, 111),
        (50, 67, 109),
        (67, 78, 108),
        (83, 90, 109),
        (97, 101, 111),
        (111, 112, 115),
        (125, 124, 120),
        (140, 136, 120),
        (155, 148, 118),
        (171, 160, 114),
        (188, 174, 108),
        (205, 187, 99),
        (222, 201, 88),
        (240, 216, 70),
        (254, 232, 56),
    ],
    dtype=np.float32,
)
SMALLEST = 256  # pixels: smaller images are enlarged
OPACITY = 0.5
GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


def heatmap(image: NDArray[np.uint8], maps: NDArray[np.float32], which: int) -> bytes:
    """Return the PNG of a class's activation map over the grey image.

    Yellow is where the class is seen most. The scale is that of the maps of all classes together, so that a class that
    is seen nowhere stays dark.

    Args:
        image: ``(C, H, W)``, as the classifier took it.
        maps: ``(K, h, w)``, of every class.
        which: Number of the class.
    """
    _, rows, columns = image.shape
    grey = image[0] if len(image) == 1 else GREY @ image.reshape(3, -1).astype(np.float32)
    scale = max(1, -(-SMALLEST // min(rows, columns)))
    height, width = rows * scale, columns * scale
    shown = _enlarged(grey.astype(np.float32).reshape(rows, columns), height, width)[:, :, None]
    colours = colours_of(_enlarged(_to_one(maps, which), height, width))
    mixed = (1 - OPACITY) * shown + OPACITY * colours
    return png_of(np.clip(np.rint(mixed), 0, 255).astype(np.uint8).transpose(2, 0, 1))


def colours_of(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the colours ``(..., 3)``, 0 to 255, of values from 0 to 1."""
    places = np.linspace(0, 1, len(CIVIDIS))
    return np.stack([np.interp(values, places, CIVIDIS[:, channel]) for channel in range(3)], axis=-1).astype(
        np.float32
    )


def _to_one(maps: NDArray[np.float32], which: int) -> NDArray[np.float32]:
    low, high = float(maps.min()), float(maps.max())
    scaled: NDArray[np.float32] = (maps[which] - np.float32(low)) / np.float32(high - low or 1)
    return scaled


def _enlarged(values: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    return np.asarray(Image.fromarray(values).resize((width, height), Image.Resampling.BILINEAR))
