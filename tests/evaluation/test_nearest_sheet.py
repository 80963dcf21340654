import numpy as np
from PIL import Image

from synthetyk.data.contact_sheet import GUTTER, TILE
from synthetyk.evaluation.nearest_sheet import nearest_sheet
from synthetyk.evaluation.privacy import PrivacyConfig

STEP = TILE + GUTTER


def tiles(path, rows, columns):
    """The centre line of every tile, counted from the lower right corner, where no caption is."""
    sheet = np.asarray(Image.open(path).convert("L")).astype(int)
    sheet = sheet[-rows * STEP :, -columns * STEP :]
    return sheet.reshape(rows, STEP, columns, STEP)[:, : TILE // 6 * 6, :, :TILE].transpose(0, 2, 1, 3)


def test_copies_come_first_with_themselves_below(blobs, projection, fresh, copied, tmp_path):
    images = np.concatenate([fresh.sample(0, np.arange(30)), copied.sample(0, [3, 4])])
    path = tmp_path / "sheets" / "nearest.png"
    nearest_sheet(blobs, images, projection, path, count=8, columns=8, config=PrivacyConfig())
    synthetic, in_features, in_pixels = tiles(path, 3, 8)
    assert np.array_equal(synthetic[:2], in_features[:2])
    assert np.array_equal(synthetic[:2], in_pixels[:2])
    assert not np.array_equal(synthetic[2], in_features[2])


def test_a_short_last_row_is_filled_with_white(blobs, projection, fresh, tmp_path):
    path = tmp_path / "nearest.png"
    nearest_sheet(blobs, fresh.sample(0, np.arange(5)), projection, path, columns=4, config=PrivacyConfig())
    grid = tiles(path, 6, 4)
    assert grid[3:, 1:].min() == 255
    assert grid[3:, 0].min() < 255


def test_the_sheet_shows_each_image_once(blobs, projection, fresh, tmp_path):
    path = tmp_path / "nearest.png"
    nearest_sheet(blobs, fresh.sample(1, np.arange(12)), projection, path, count=12, columns=12, config=PrivacyConfig())
    synthetic = tiles(path, 3, 12)[0]
    assert len({tile.tobytes() for tile in synthetic}) == 12
