"""Pictures inside the page: everything is a data URI, so that the page is one file."""

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from synthetyk.report.charts import DARK, LIGHT, Panel, panel_png
from synthetyk.report.parts import Figure

# A sheet above this is stored as JPEG, so that the page can still be sent by mail.
MOST_BYTES = 900_000
MOST_WIDTH = 1400


def chart(panel: Panel) -> Figure:
    """Return a chart for light and for dark screens."""
    light, dark = (_uri(panel_png(panel, theme), "png") for theme in (LIGHT, DARK))
    return Figure(panel.title, panel.about, panel.alt, light, dark)


def sheet(path: Path, title: str, about: str, alt: str, *, wide: bool = False) -> Figure:
    """Return a contact sheet from a PNG file, small enough to be part of a page."""
    with Image.open(path) as file:
        image = file.convert("RGB")
    pixels = np.asarray(image)
    if (pixels == pixels[..., :1]).all():
        image = image.convert("L")
    return Figure(title, about, alt, _small(image), wide=wide)


def _small(image: Image.Image) -> str:
    """Return a data URI without loss where that is small, else with little."""
    png = _encoded(image, "PNG", optimize=True)
    if len(png) <= MOST_BYTES:
        return _uri(png, "png")
    image.thumbnail((MOST_WIDTH, 4 * MOST_WIDTH))
    return _uri(_encoded(image, "JPEG", quality=88, optimize=True), "jpeg")


def _encoded(image: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def _uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
