import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from synthetyk.service.png import GUTTER, png_of, sheet_of

SIZES = st.tuples(st.sampled_from([1, 3]), st.integers(1, 9), st.integers(1, 9))


@given(SIZES.flatmap(lambda shape: arrays(np.uint8, shape)))
def test_pillow_reads_what_was_written(image):
    found = np.asarray(Image.open(io.BytesIO(png_of(image))))
    assert np.array_equal(found, image[0] if len(image) == 1 else image.transpose(1, 2, 0))


def test_a_file_is_smaller_than_its_pixels():
    assert len(png_of(np.tile(np.arange(64, dtype=np.uint8), (1, 64, 1)))) < 64 * 64 / 10


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 1, 1), (2, 1, 2), (5, 2, 3), (16, 4, 4)])
def test_a_sheet_has_every_image_in_rows(count, rows, columns):
    images = np.random.default_rng(0).integers(0, 200, (count, 3, 5, 4), dtype=np.uint8)
    sheet = sheet_of(images)
    assert sheet.shape == (3, rows * (5 + GUTTER) - GUTTER, columns * (4 + GUTTER) - GUTTER)
    for number, image in enumerate(images):
        top, left = number // columns * (5 + GUTTER), number % columns * (4 + GUTTER)
        assert np.array_equal(sheet[:, top : top + 5, left : left + 4], image)
    assert (sheet == 255).sum() == sheet.size - images.size
