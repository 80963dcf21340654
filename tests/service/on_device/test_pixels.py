import numpy as np
import pytest
from tests.service.on_device.browser import packed, unpacked

from synthetyk.data.pixels import DepthRule, fit, to_uint8
from synthetyk.data.source import RawImage

pytestmark = pytest.mark.xdist_group("on this device")

PREPARE = """
const pixels = given.deep ? new Uint16Array(bytes(given.pixels).buffer) : bytes(given.pixels);
const { width, height, channels, shape, bits, fit } = given;
return text(m.prepared({ pixels, width, height, channels }, { shape, depth_rule: { bits }, fit }));
"""


def prepared(module, pixels, shape, fit="stretch", bits=8):
    height, width, channels = pixels.shape
    given = {"pixels": packed(pixels), "deep": pixels.dtype == np.uint16, "width": width, "height": height}
    given |= {"channels": channels, "shape": list(shape), "bits": bits, "fit": fit}
    return unpacked(module("pixels", PREPARE, given)).reshape(shape)


def expected_of(pixels, shape, mode="stretch", bits=8):
    raw = RawImage(pixels, 16 if pixels.dtype == np.uint16 else 8, "")
    return fit(to_uint8(raw, DepthRule(bits=bits, text="")), size=shape[1:], channels=shape[0], mode=mode)


@pytest.mark.parametrize("mode", ["stretch", "pad", "crop"])
@pytest.mark.parametrize("size", [(28, 28), (29, 61), (300, 217), (513, 40), (1, 1), (7, 900)])
def test_pixels_are_fitted_as_pillow_does(module, size, mode):
    rng = np.random.default_rng(size[0])
    pixels = np.where(rng.random((*size, 1)) < 0.5, 0, 255).astype(np.uint8)  # edges make the filter overshoot
    np.testing.assert_array_equal(prepared(module, pixels, (1, 28, 28), mode), expected_of(pixels, (1, 28, 28), mode))


@pytest.mark.parametrize(("channels", "wanted"), [(1, 3), (3, 1), (3, 3)])
def test_channels_are_converted_before_resizing(module, channels, wanted):
    pixels = np.random.default_rng(1).integers(0, 256, (90, 133, channels), dtype=np.uint8)
    shape = (wanted, 32, 24)
    np.testing.assert_array_equal(prepared(module, pixels, shape, "pad"), expected_of(pixels, shape, "pad"))


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_deeper_values_follow_the_rule_of_the_data_set(module, bits):
    pixels = np.random.default_rng(2).integers(0, 5000, (40, 30, 1)).astype(np.uint16)
    shape = (1, 40, 30)
    np.testing.assert_array_equal(prepared(module, pixels, shape, bits=bits), expected_of(pixels, shape, bits=bits))


def test_a_random_walk_through_sizes_finds_no_difference(module):
    rng = np.random.default_rng(3)
    for _ in range(30):
        pixels = rng.integers(0, 256, (*rng.integers(1, 260, 2), rng.choice([1, 3])), dtype=np.uint8)
        shape = (int(rng.choice([1, 3])), *rng.integers(1, 70, 2).tolist())
        mode = str(rng.choice(["stretch", "pad", "crop"]))
        np.testing.assert_array_equal(prepared(module, pixels, shape, mode), expected_of(pixels, shape, mode))
