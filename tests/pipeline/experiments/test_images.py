import numpy as np
import pytest
from PIL import Image

from synthetyk.core.errors import DatasetError, NotApplicableError
from synthetyk.core.progress import silent
from synthetyk.data.dataset import SPLITS
from synthetyk.pipeline.experiments.images import ImagesWanted, prepare_images


@pytest.fixture
def folder(tmp_path):
    """Wide pictures of two classes."""
    rng = np.random.default_rng(0)
    for number in range(60):
        path = tmp_path / "data" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (70, 140), dtype=np.uint8)).save(path)
    return tmp_path / "data"


def test_the_size_is_what_was_asked_for_or_what_a_run_would_plan(folder, tmp_path):
    for size, expected in ((20, 20), (0, 64)):
        images = prepare_images(ImagesWanted(dataset=str(folder), size=size), tmp_path / str(size), silent)
        assert images.splits()[0].shape == (1, expected, expected)


def test_validation_has_the_part_that_was_asked_for(folder, tmp_path):
    wanted = ImagesWanted(dataset=str(folder), size=8, validation_split=0.5)
    train, val, test = map(len, prepare_images(wanted, tmp_path / "half", silent).splits())
    assert abs(train - val) <= 2
    assert 6 <= test <= 10


def test_images_are_decoded_once(images, monkeypatch):
    monkeypatch.setattr("synthetyk.pipeline.experiments.images.build_cache", None)
    again = prepare_images(ImagesWanted(dataset=images.fingerprint().location), images.folder, silent)
    assert again == images


def test_other_wishes_have_another_folder():
    names = {ImagesWanted(dataset="a/b.csv", size=size, seed=seed).name for size in (0, 28) for seed in (0, 1)}
    assert len(names) == 4
    assert all(name.startswith("b-") for name in names)


def test_what_carries_no_comparison_says_why(tmp_path):
    images = prepare_images(ImagesWanted(dataset="phantom:n=40,size=28"), tmp_path, silent)
    with pytest.raises(NotApplicableError, match="split has images of class"):
        images.splits()


def test_a_data_set_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DatasetError):
        prepare_images(ImagesWanted(dataset=str(tmp_path / "nowhere")), tmp_path / "images", silent)


def test_every_split_keeps_its_own(images):
    assert [len(part) for part in images.splits()] == [
        sum(each[split] for each in images.fingerprint().classes.counts.values()) for split in SPLITS
    ]
