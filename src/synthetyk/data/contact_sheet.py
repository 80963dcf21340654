"""Sheets of images that people look at."""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from synthetyk.core import seeding
from synthetyk.data.dataset import Subset

GUTTER = 4
FONT_SIZE = 16
TILE = 96  # Smaller images are enlarged to at least this many pixels.
WHITE = 255


def contact_sheet(
    images: NDArray[np.uint8], *, columns: int, scale: int | None = None, captions: Sequence[str] | None = None
) -> Image.Image:
    """Lay images out in rows, enlarged without smoothing, with white gutters.

    Args:
        images: uint8 ``(N, C, H, W)`` with 1 or 3 channels.
        columns: Images per row.
        scale: How many times larger each pixel is drawn; by default just enough for 96 pixels.
        captions: One text per row, written to its left.
    """
    scale = -(-TILE // max(images.shape[2:])) if scale is None else scale
    tiles = images.transpose(0, 2, 3, 1).repeat(scale, axis=1).repeat(scale, axis=2)
    tiles = np.pad(tiles, ((0, 0), (0, GUTTER), (0, GUTTER), (0, 0)), constant_values=WHITE)
    rows = -(-len(tiles) // columns)
    blank = np.full((rows * columns - len(tiles), *tiles.shape[1:]), WHITE, dtype=np.uint8)
    grid = np.concatenate([tiles, blank]).reshape(rows, columns, *tiles.shape[1:]).swapaxes(1, 2)
    grid = grid.reshape(rows * tiles.shape[1], columns * tiles.shape[2], -1).repeat(3 // images.shape[1], axis=2)
    margin = _margin(captions or ())
    sheet = Image.new("RGB", (margin + grid.shape[1] + GUTTER, grid.shape[0] + GUTTER), "white")
    sheet.paste(Image.fromarray(grid), (margin + GUTTER, GUTTER))
    _write(sheet, captions or (), row_height=tiles.shape[1])
    return sheet


def class_sheet(subset: Subset, per_class: int, *, scale: int | None = None, seed: int = 0) -> Image.Image:
    """Draw one labelled row of `per_class` random images for each class; white where a class has fewer.

    Args:
        subset: What to draw from; without labels it makes one row.
        per_class: Images per row.
        scale: As in `contact_sheet`.
        seed: Which images.
    """
    names = subset.class_names or ("all",)
    classes = [subset.of_class(label) for label in range(len(subset.class_names))] or [subset]
    rows = []
    for label, members in enumerate(classes):
        rng = seeding.generator(seed, "data/contact_sheet", index=label)
        chosen = members.batch(np.sort(rng.permutation(len(members))[:per_class]))
        rows.append(np.pad(chosen, ((0, per_class - len(chosen)), *[(0, 0)] * 3), constant_values=WHITE))
    return contact_sheet(np.concatenate(rows), columns=per_class, scale=scale, captions=names)


def png_bytes(sheet: Image.Image) -> bytes:
    """Return a sheet as the bytes of a PNG file."""
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=FONT_SIZE)


def _margin(captions: Sequence[str]) -> int:
    """Return the width that the captions need."""
    return max((int(_font().getlength(caption)) + 2 * GUTTER for caption in captions), default=0)


def _write(sheet: Image.Image, captions: Sequence[str], row_height: int) -> None:
    pen = ImageDraw.Draw(sheet)
    for row, caption in enumerate(captions):
        middle = GUTTER + row * row_height + (row_height - GUTTER) // 2
        pen.text((GUTTER, middle), caption, fill="black", font=_font(), anchor="lm")
