"""The forms in which drawn images are handed out."""

import base64
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from synthetyk.service.drawing import Format
from synthetyk.service.generation import Made
from synthetyk.service.png import png_of, sheet_of

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can say: the same images are the same file
MEDIA_TYPES: dict[Format, str] = {
    "png": "image/png",
    "zip": "application/zip",
    "npy": "application/x-npy",
    "json": "application/json",
}


def encoded(made: Made, form: Format) -> bytes:
    """Return images in the form that was asked for."""
    images = made.images
    if form == "png":
        return png_of(images[0] if len(images) == 1 else sheet_of(images))
    if form == "npy":
        stream = io.BytesIO()
        np.save(stream, images)
        return stream.getvalue()
    files = [png_of(image) for image in images]
    if form == "zip":
        return _zip(files, made.each, made.about)
    rows = [row | {"png": base64.b64encode(data).decode()} for row, data in zip(made.each, files, strict=True)]
    return json.dumps({**made.about, "images": rows}).encode()


def _zip(files: Sequence[bytes], each: Sequence[dict[str, Any]], about: Mapping[str, Any]) -> bytes:
    """Return a zip; PNGs are compressed already, and equal images make equal files."""
    stream = io.BytesIO()
    rows = [row | {"file": _file_name(place, row)} for place, row in enumerate(each)]
    manifest = json.dumps({**about, "images": rows}, indent=2).encode()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        named = [(row["file"], data) for row, data in zip(rows, files, strict=True)]
        for name, data in [*named, ("manifest.json", manifest)]:
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data)
    return stream.getvalue()


def _file_name(place: int, row: Mapping[str, Any]) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", row["class"])[:60]
    return "_".join(filter(None, (f"{place:04d}", plain, str(row["index"])))) + ".png"
