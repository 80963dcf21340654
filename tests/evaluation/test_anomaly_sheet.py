import numpy as np
import pytest
from PIL import Image

from synthetyk.data.dataset import to_unit
from synthetyk.evaluation.anomaly import AnomalyDetector
from synthetyk.evaluation.anomaly_sheet import anomaly_sheet, heat


class Mirror:
    """Draws every image as it is, but for its right half, which stays grey."""

    def drawn(self, images):
        drawn = to_unit(images)
        drawn[..., 8:] = 0
        return drawn


@pytest.fixture(scope="module")
def detector(blobs):
    return AnomalyDetector.of(Mirror(), blobs.train.of_class(0))


def test_colours_rise_from_black_over_red_and_yellow_to_white():
    colours = heat(np.array([[[0.0, 1, 2, 3, 9]]]), most=3)[0, :, 0].T
    assert colours.tolist() == [[0, 0, 0], [255, 0, 0], [255, 255, 0], [255, 255, 255], [255, 255, 255]]


def test_the_sheet_holds_three_rows_for_each_class_the_normal_one_first(blobs, detector, tmp_path):
    anomaly_sheet(detector, blobs.test, 1, tmp_path / "sheet.png", columns=4, seed=0)
    with Image.open(tmp_path / "sheet.png") as sheet:
        pixels = np.asarray(sheet)
    assert pixels.shape[0] == 6 * (96 + 4) + 4
    tile = pixels[4 : 4 + 96, -100:-4, 0]  # the last of the first row, enlarged six times
    shown = [np.array_equal(image[0], tile[::6, ::6]) for image in blobs.test.of_class(1).all()]
    assert sum(shown) == 1


def test_the_same_seed_draws_the_same_sheet_and_another_one_others(blobs, detector, tmp_path):
    for name, seed in (("first", 0), ("again", 0), ("other", 1)):
        anomaly_sheet(detector, blobs.test, 0, tmp_path / name, columns=3, seed=seed)
    first, again, other = ((tmp_path / name).read_bytes() for name in ("first", "again", "other"))
    assert first == again
    assert first != other


def test_a_class_with_fewer_images_is_filled_with_white(blobs, detector, tmp_path):
    few = blobs.test.select(np.r_[0:60, 60:62])
    anomaly_sheet(detector, few, 0, tmp_path / "sheet.png", columns=5, seed=0)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert (np.asarray(sheet)[3 * 100 + 8 :, -96:-4] == 255).all()
