import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetyk.data.pixels import DepthRule, depth_rule, fit, is_grey, outliers, to_uint8
from synthetyk.data.source import RawImage

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, size=(20, 30, 3), dtype=np.uint8)
GREY = COLOUR[..., :1]


@pytest.mark.parametrize(
    ("largest", "declared", "bits"),
    [(255, 8, 8), (4095, 16, 12), (4096, 16, 14), (700, 12, 10), (65535, 16, 16), (200, 16, 8), (1, 1, 8)],
)
def test_the_significant_bits_follow_the_largest_value(largest, declared, bits):
    assert depth_rule(largest, declared).bits == bits


def test_the_rule_says_in_words_what_it_does():
    assert "4095" in depth_rule(4000, 16).text


def counted(**values: int) -> np.ndarray:
    """Return how often each value occurs: ``_900=5`` is five times 900."""
    counts = np.zeros(65536, dtype=np.int64)
    for value, count in values.items():
        counts[int(value[1:])] = count
    return counts


def test_what_one_outlying_value_costs_is_said():
    assert outliers(counted(_0=5_000, _900=4_999, _65535=1), depth_rule(65535, 16)) == (
        "99.9% of the values are at most 900, which 10 bits hold, but 16 bits are used because of values above 1,023: "
        "1 of 10,000, the largest 65,535. It costs contrast: 99.9% of the values share 5 of 256 grey levels instead of "
        "225. If the large ones are errors, correct them or leave their images out."
    )


@pytest.mark.parametrize(
    ("counts", "largest"),
    [
        (counted(_700=9_999, _1000=1), 1000),  # the same bits
        (counted(_900=9_000, _65535=1_000), 65535),  # too many to be outliers
        (counted(_200=10_000), 200),
        (counted(_4000=9_999, _65535=1), 4000),  # beyond the rule, and clipped
    ],
)
def test_large_values_that_cost_nothing_are_no_outliers(counts, largest):
    assert outliers(counts, depth_rule(largest, 16)) == ""


def test_12_bits_in_16_fill_the_8_bit_range():
    raw = RawImage(np.array([[[0], [2048], [4095]]], np.uint16), 16, "I;16")
    np.testing.assert_array_equal(to_uint8(raw, depth_rule(4095, 16))[0, :, 0], [0, 128, 255])


def test_values_beyond_the_rule_are_clipped():
    raw = RawImage(np.full((1, 1, 1), 65535, np.uint16), 16, "I;16")
    assert to_uint8(raw, DepthRule(bits=10, text="")).item() == 255


def test_uint8_pixels_pass_whatever_the_rule():
    np.testing.assert_array_equal(to_uint8(RawImage(GREY, 8, "L"), DepthRule(bits=12, text="")), GREY)


@given(st.sampled_from([8, 10, 12, 14, 16]), st.integers(0, 65535), st.integers(0, 65535))
def test_mapping_to_uint8_keeps_the_order_of_values(bits, one, other):
    raw = RawImage(np.array([[[min(one, other)], [max(one, other)]]], np.uint16), 16, "I;16")
    low, high = to_uint8(raw, DepthRule(bits=bits, text=""))[0, :, 0]
    assert low <= high


def test_equal_channels_are_grey_and_one_other_value_is_colour():
    equal = np.repeat(GREY, 3, axis=2)
    assert is_grey(GREY)
    assert is_grey(equal)
    equal[3, 4, 1] ^= 1
    assert not is_grey(equal)


@pytest.mark.parametrize("mode", ["stretch", "pad", "crop"])
def test_an_image_of_the_right_size_keeps_every_value(mode):
    np.testing.assert_array_equal(fit(COLOUR, size=(20, 30), channels=3, mode=mode), COLOUR.transpose(2, 0, 1))


def test_equal_channels_become_one_exactly():
    np.testing.assert_array_equal(fit(np.repeat(GREY, 3, 2), size=(20, 30), channels=1, mode="pad")[0], GREY[..., 0])


def test_grey_is_repeated_into_three_channels():
    fitted = fit(GREY, size=(20, 30), channels=3, mode="stretch")
    assert all((plane == GREY[..., 0]).all() for plane in fitted)


def test_colour_becomes_luminance():
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 0] = 255
    assert (fit(red, size=(2, 2), channels=1, mode="stretch") == 76).all()  # 0.299 x 255


@pytest.mark.parametrize("mode", ["stretch", "pad", "crop"])
@pytest.mark.parametrize("size", [(8, 8), (64, 48)])
@settings(max_examples=20)
@given(height=st.integers(1, 50), width=st.integers(1, 50))
def test_every_shape_fits_and_an_even_image_stays_even(mode, size, height, width):
    fitted = fit(np.full((height, width, 1), 100, np.uint8), size=size, channels=1, mode=mode)
    assert fitted.shape == (1, *size)
    assert set(np.unique(fitted)) <= {0, 100} if mode == "pad" else (fitted == 100).all()


def test_padding_keeps_the_aspect_ratio_and_centres():
    fitted = fit(np.full((10, 20, 1), 200, np.uint8), size=(16, 16), channels=1, mode="pad")[0]
    assert (fitted[:4] == 0).all()
    assert (fitted[4:12] == 200).all()
    assert (fitted[12:] == 0).all()


def test_cropping_takes_the_centre():
    wide = np.zeros((10, 30, 1), np.uint8)
    wide[:, 10:20] = 255
    assert (fit(wide, size=(10, 10), channels=1, mode="crop")[0, :, 1:-1] == 255).all()


def test_reduction_does_not_alias():
    checkers = (np.indices((256, 256)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None]
    fitted = fit(checkers, size=(32, 32), channels=1, mode="stretch").astype(float)
    assert abs(fitted.mean() - 127.5) < 2
    assert fitted.std() < 3


def test_most_chest_xrays_are_grey_in_three_channels(real_data):
    from synthetyk.data.decode import decode

    paths = sorted(real_data("chest_xray").rglob("*.jpeg"))[::60]
    grey = [is_grey(decode(path.read_bytes()).pixels) for path in paths]
    assert 0.9 < np.mean(grey) <= 1
