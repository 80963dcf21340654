import numpy as np
import pytest

from synthetyk.data.contact_sheet import FONT_SIZE, GUTTER, class_sheet, contact_sheet
from synthetyk.data.dataset import Subset


def images(count: int, channels: int = 1, size: int = 8) -> np.ndarray:
    """Image i is flat with the value 10 * i."""
    values = np.arange(count, dtype=np.uint8)[:, None, None, None] * 10
    return np.broadcast_to(values, (count, channels, size, size)).copy()


def subset(labels, names=()) -> Subset:
    rows = np.arange(len(labels))
    return Subset(images(len(labels)), rows, np.array(labels), rows, tuple(names))


def tile(sheet, row: int, column: int, size: int, margin: int = 0) -> np.ndarray:
    step = size + GUTTER
    top, left = GUTTER + row * step, margin + GUTTER + column * step
    return np.asarray(sheet)[top : top + size, left : left + size]


def test_images_lie_in_rows_with_white_gutters():
    sheet = contact_sheet(images(5), columns=3, scale=2)
    assert sheet.size == (3 * (16 + GUTTER) + GUTTER, 2 * (16 + GUTTER) + GUTTER)
    for position in range(5):
        assert (tile(sheet, position // 3, position % 3, 16) == 10 * position).all()
    assert (tile(sheet, 1, 2, 16) == 255).all()
    assert (np.asarray(sheet)[:GUTTER] == 255).all() and (
        np.asarray(sheet)[:, 16 + GUTTER : 16 + 2 * GUTTER] == 255
    ).all()


def test_enlarging_repeats_pixels():
    image = np.random.default_rng(0).integers(256, size=(1, 3, 4, 4)).astype(np.uint8)
    shown = tile(contact_sheet(image, columns=1, scale=5), 0, 0, 20)
    np.testing.assert_array_equal(shown[2::5, 2::5], image[0].transpose(1, 2, 0))
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) <= 16


@pytest.mark.parametrize(("size", "shown"), [(28, 112), (64, 128), (96, 96), (128, 128)])
def test_small_images_are_enlarged_so_that_people_see_them(size, shown):
    assert contact_sheet(images(1, size=size), columns=1).width == shown + 2 * GUTTER


def test_captions_stand_to_the_left_of_their_row():
    plain, captioned = (contact_sheet(images(2, size=32), columns=1, captions=c) for c in (None, ["normal", "x"]))
    margin = captioned.width - plain.width
    assert margin > 3 * FONT_SIZE
    written = (np.asarray(captioned)[:, :margin] < 128).any(axis=(1, 2))
    assert written[: captioned.height // 2].any() and written[captioned.height // 2 :].any()
    np.testing.assert_array_equal(np.asarray(captioned)[:, margin:], np.asarray(plain))


def test_a_class_sheet_has_a_row_of_each_class_and_white_where_one_has_fewer():
    shown = class_sheet(subset([0, 1, 0, 0, 0, 0], ["many", "one"]), per_class=3, scale=2)
    margin = shown.width - 3 * (16 + GUTTER) - GUTTER
    assert (tile(shown, 1, 0, 16, margin) == 10).all()
    assert (tile(shown, 1, 1, 16, margin) == 255).all()
    values = [int(tile(shown, 0, column, 16, margin)[0, 0, 0]) for column in range(3)]
    assert len(set(values)) == 3 and 10 not in values


def test_the_seed_chooses_the_images():
    many = subset([0] * 25, ["a"])
    sheets = [np.asarray(class_sheet(many, 3, seed=seed)) for seed in (0, 0, 1)]
    assert np.array_equal(sheets[0], sheets[1]) and not np.array_equal(sheets[0], sheets[2])


def test_a_set_without_labels_makes_one_row():
    shown = class_sheet(subset([-1] * 4), per_class=4, scale=2)
    assert shown.height == 16 + 2 * GUTTER
