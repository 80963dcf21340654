import io

import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image

from synthetyk.service.heatmap import CIVIDIS, OPACITY, colours_of, heatmap

GREY = np.full((1, 8, 8), 100, dtype=np.uint8)
MAPS = np.zeros((2, 2, 2), dtype=np.float32)
MAPS[0, 0, 1] = 5.0


def shown(*arguments):
    return np.asarray(Image.open(io.BytesIO(heatmap(*arguments))))


def test_colours_are_those_of_cividis():
    values = np.linspace(0, 1, 50, dtype=np.float32)
    expected = colormaps["cividis"](values)[:, :3] * 255
    assert np.abs(colours_of(values) - expected).max() < 9


def test_the_brighter_the_more_so_that_no_hue_has_to_be_told_from_another():
    luminance = colours_of(np.linspace(0, 1, 50, dtype=np.float32)) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(luminance) > 0).all()


def test_the_class_is_marked_where_its_map_is_high():
    picture = shown(GREY, MAPS, 0)
    assert picture.shape == (256, 256, 3)
    marked, unmarked = (np.rint((1 - OPACITY) * 100 + OPACITY * CIVIDIS[place]) for place in (-1, 0))
    assert np.array_equal(picture[0, -1], marked)
    assert np.array_equal(picture[-1, 0], unmarked)


def test_a_class_that_is_seen_nowhere_stays_dark_beside_one_that_is_seen():
    assert len(np.unique(shown(GREY, MAPS, 1).reshape(-1, 3), axis=0)) == 1


@pytest.mark.parametrize("shape", [(1, 5, 9), (3, 300, 20)])
def test_images_of_any_shape_keep_it(shape):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    height, width, _ = shown(image, MAPS, 0).shape
    assert (height / width, min(height, width) >= 256) == (shape[1] / shape[2], True)


def test_maps_that_are_equal_everywhere_are_no_division_by_zero():
    assert np.isfinite(shown(GREY, np.ones_like(MAPS), 0)).all()
