import numpy as np
import pytest
from PIL import Image

from synthetyk.core.errors import DatasetError
from synthetyk.data.cache import CacheRecord
from synthetyk.data.open import open_source
from synthetyk.data.pixels import DepthRule
from synthetyk.data.source import SourceOptions
from synthetyk.evaluation.anomaly import AnomalyDetector
from synthetyk.evaluation.anomaly_scores import judge, strangest_sheet

FORM = CacheRecord(
    size=(16, 16), channels=1, fit="stretch", depth_rule=DepthRule(bits=8, text="as they are"), class_names=()
)


class Black:
    """Draws nothing."""

    def drawn(self, images):
        return np.full(images.shape, -1, dtype=np.float32)


DETECTOR = AnomalyDetector(Black(), np.zeros((16, 16)), np.ones((16, 16)))


@pytest.fixture
def folder(tmp_path):
    """A hundred pictures, each brighter than the one before, some of another size or mode, and one that is none."""
    for number in range(100):
        side, mode = (16, "L") if number % 3 else (40, "RGB")
        Image.new(mode, (side, side), number if mode == "L" else (number,) * 3).save(tmp_path / f"{number:03}.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    return tmp_path


def open_folder(folder):
    return open_source(str(folder), SourceOptions())


def test_every_image_is_scored_in_the_form_that_the_detector_knows(folder):
    judged = judge(DETECTOR, open_folder(folder), FORM)
    assert [item.key for item in judged.items] == [f"{number:03}.png" for number in range(100)]
    expected = np.square(np.arange(100) / 127.5) ** 2  # squared error, squared again in deviations of 1
    assert judged.scores == pytest.approx(expected, rel=1e-3, abs=1e-6)


def test_the_strangest_come_first_and_what_cannot_be_read_is_counted(folder):
    judged = judge(DETECTOR, open_folder(folder), FORM)
    images, problems = judged.reports(limit=float(judged.scores[95]))
    assert [image.key for image in images[:3]] == ["099.png", "098.png", "097.png"]
    assert [image.strange for image in images[:6]] == [True] * 4 + [False] * 2
    assert {kind: each.count for kind, each in problems.items()} == {"not_an_image": 1}


def test_progress_is_told_up_to_the_last_image(folder):
    told = []
    judge(DETECTOR, open_folder(folder), FORM, progress=lambda done, total, message="": told.append((done, total)))
    assert told == [(0, 101), (64, 101), (101, 101)]


def test_the_sheet_shows_the_strangest_with_drawings_and_maps(folder, tmp_path):
    source = open_folder(folder)
    strangest_sheet(DETECTOR, source, FORM, judge(DETECTOR, source, FORM), tmp_path / "out" / "strange.png")
    with Image.open(tmp_path / "out" / "strange.png") as sheet:
        width, height = sheet.size
    assert width > 10 * 96 and height == pytest.approx(9 * 100, abs=8)


def test_a_folder_without_one_readable_image_is_refused(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match="Not one of 1 images can be used"):
        judge(DETECTOR, open_folder(tmp_path), FORM)
