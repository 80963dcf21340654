import io

import numpy as np
import pytest
from PIL import Image
from tests.service.on_device.browser import packed, unpacked

from synthetyk.service.heatmap import heatmap

pytestmark = pytest.mark.xdist_group("on this device")

DRAW = """
const maps = { data: new Float32Array(bytes(given.maps).buffer), shape: given.mapsShape };
const { pixels, shape } = m.heatmap(bytes(given.image), given.shape, maps, given.index);
return { pixels: text(pixels), shape };
"""


@pytest.mark.parametrize(("shape", "size"), [((1, 28, 28), (4, 4)), ((3, 64, 40), (5, 3)), ((1, 300, 260), (1, 1))])
def test_the_map_of_a_class_looks_as_it_does_on_the_service(module, shape, size):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, shape, dtype=np.uint8)
    maps = rng.normal(size=(3, *size)).astype(np.float32)
    given = {"image": packed(image), "shape": list(shape), "maps": packed(maps), "mapsShape": list(maps.shape)}
    found = module("heatmap", DRAW, {**given, "index": 1})
    expected = np.asarray(Image.open(io.BytesIO(heatmap(image, maps, 1))))
    drawn = unpacked(found["pixels"]).astype(int).reshape(found["shape"]).transpose(1, 2, 0)
    assert drawn.shape == expected.shape
    assert np.abs(drawn - expected).max() <= 1


def test_one_map_that_is_the_same_everywhere_is_drawn_dark(module):
    image, maps = np.zeros((1, 256, 256), dtype=np.uint8), np.ones((1, 2, 2), dtype=np.float32)
    given = {"image": packed(image), "shape": [1, 256, 256], "maps": packed(maps), "mapsShape": [1, 2, 2], "index": 0}
    assert unpacked(module("heatmap", DRAW, given)["pixels"]).reshape(3, -1)[:, 0].tolist() == [0, 17, 39]
