import numpy as np
import pytest

from synthetyk.core.errors import ArtifactError
from synthetyk.data.dataset import Dataset
from synthetyk.data.images_met import ImagesMet, Overlap


def dataset(digests, splits):
    """Images of nothing but digests: what is compared is these alone."""
    count = len(splits)
    rows = np.arange(count, dtype=np.int64)
    images = np.zeros((count, 1, 4, 4), dtype=np.uint8)
    known = None if digests is None else np.array(digests, dtype=np.uint64)
    return Dataset(images, rows * 0, rows, np.array(splits), rows.astype(np.str_), ("a",), known)


TRAINED = dataset([1, 2, 3, 4, 5], ["train", "train", "train", "val", "test"])


def test_the_same_splits_do_not_overlap():
    overlap = ImagesMet.of(TRAINED).overlap(TRAINED)
    assert overlap == Overlap(0, 0) and not overlap


def test_images_that_the_generator_was_trained_on_may_neither_validate_nor_test():
    others = dataset([7, 1, 2, 3, 8], ["train", "val", "val", "test", "test"])
    assert ImagesMet.of(TRAINED).overlap(others) == Overlap(val=2, test=1)


def test_images_that_its_training_was_judged_by_may_validate_but_not_test():
    assert ImagesMet.of(TRAINED).overlap(dataset([1, 4], ["train", "val"])) == Overlap(0, 0)
    assert ImagesMet.of(TRAINED).overlap(dataset([1, 4], ["train", "test"])) == Overlap(val=0, test=1)


def test_a_copy_in_the_data_sets_own_training_split_does_not_count():
    assert not ImagesMet.of(TRAINED).overlap(dataset([1, 2, 1, 2], ["train", "train", "val", "test"]))


def test_images_without_digests_tell_nothing():
    bare = dataset(None, ["train", "val"])
    assert ImagesMet.of(bare) is None
    assert ImagesMet.of(TRAINED).overlap(bare) is None


def test_what_is_saved_is_what_is_loaded_in_nine_bytes_an_image(tmp_path):
    met = ImagesMet.of(dataset([2**64 - 1, 5, 5, 9], ["train", "train", "val", "val"]))
    assert (met.trained.tolist(), met.judged.tolist()) == ([5, 2**64 - 1], [9])
    met.save(tmp_path / "met.npy")
    loaded = ImagesMet.load(tmp_path / "met.npy")
    assert np.array_equal(loaded.trained, met.trained) and np.array_equal(loaded.judged, met.judged)
    assert (tmp_path / "met.npy").stat().st_size < 3 * 9 + 256


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY"])
def test_a_damaged_file_is_refused(tmp_path, content):
    (tmp_path / "met.npy").write_bytes(content)
    with pytest.raises(ArtifactError, match="cannot be read"):
        ImagesMet.load(tmp_path / "met.npy")


def test_another_array_is_refused(tmp_path):
    np.save(tmp_path / "met.npy", np.zeros(3))
    with pytest.raises(ArtifactError, match="hashes of images"):
        ImagesMet.load(tmp_path / "met.npy")
