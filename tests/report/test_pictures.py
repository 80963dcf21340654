import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from synthetyk.core import seeding
from synthetyk.report.pictures import MOST_BYTES, sheet


def picture(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def noise(path: Path, side: int, channels: int) -> np.ndarray:
    pixels = seeding.generator(0, "test/noise").integers(0, 256, (side, side, channels), dtype=np.uint8)
    Image.fromarray(np.repeat(pixels, 3 // channels, axis=2)).save(path)
    return pixels


def test_a_small_sheet_keeps_every_pixel(tmp_path: Path) -> None:
    pixels = noise(tmp_path / "a.png", 64, 3)
    figure = sheet(tmp_path / "a.png", "Title", "About", "Alt")
    assert figure.light.startswith("data:image/png;base64,")
    np.testing.assert_array_equal(np.asarray(picture(figure.light)), pixels)


def test_a_grey_sheet_is_stored_as_grey(tmp_path: Path) -> None:
    pixels = noise(tmp_path / "a.png", 64, 1)
    stored = picture(sheet(tmp_path / "a.png", "Title", "About", "Alt").light)
    assert stored.mode == "L"
    np.testing.assert_array_equal(np.asarray(stored), pixels[..., 0])


def test_a_huge_sheet_becomes_small(tmp_path: Path) -> None:
    noise(tmp_path / "a.png", 1600, 3)
    uri = sheet(tmp_path / "a.png", "Title", "About", "Alt").light
    assert (tmp_path / "a.png").stat().st_size > MOST_BYTES
    assert len(uri) < (tmp_path / "a.png").stat().st_size / 2
    assert picture(uri).size[0] <= 1400
