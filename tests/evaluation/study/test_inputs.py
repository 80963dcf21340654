import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from synthetyk.core.errors import NotApplicableError
from synthetyk.data.dataset import UNLABELLED, Dataset
from synthetyk.evaluation.study.inputs import Inputs, StoredArray, StoredInputs, SyntheticSet

Pair = tuple[SyntheticSet, SyntheticSet]


def test_another_process_gets_the_same_images_without_them_being_sent(
    bars: Dataset, synthetic: Pair, tmp_path: Path
) -> None:
    inputs = Inputs.of(bars, synthetic)
    sent = pickle.dumps(StoredInputs.of(inputs, tmp_path))
    assert len(sent) < bars.images.nbytes / 4
    got = pickle.loads(sent).open()
    for mine, theirs in ((inputs.train, got.train), (inputs.val, got.val), (inputs.test, got.test)):
        assert np.array_equal(mine.all(), theirs.all())
        assert np.array_equal(mine.labels, theirs.labels)
    assert np.array_equal(inputs.synthetic[1].images, got.synthetic[1].images)


def test_what_is_mapped_from_disk_is_not_copied(tmp_path: Path) -> None:
    whole = np.arange(48, dtype=np.uint8).reshape(4, 3, 2, 2)
    np.save(tmp_path / "cache.npy", whole)
    mapped = np.load(tmp_path / "cache.npy", mmap_mode="r")
    stored = StoredArray.of(mapped, tmp_path / "copy.raw")
    assert stored.path == tmp_path / "cache.npy"
    assert np.array_equal(stored.open(), whole)


def test_a_view_of_a_mapped_array_is_stored_as_what_it_shows(tmp_path: Path) -> None:
    whole = np.arange(48, dtype=np.uint8).reshape(4, 3, 2, 2)
    np.save(tmp_path / "cache.npy", whole)
    view = np.load(tmp_path / "cache.npy", mmap_mode="r")[2:]
    assert np.array_equal(StoredArray.of(view, tmp_path / "copy.raw").open(), whole[2:])


def test_images_without_label_are_left_out(bars: Dataset, synthetic: Pair) -> None:
    labels = bars.labels.copy()
    labels[[0, 100, 150]] = UNLABELLED
    inputs = Inputs.of(replace(bars, labels=labels), synthetic)
    assert [len(part) for part in (inputs.train, inputs.val, inputs.test)] == [89, 39, 79]


def test_a_set_without_labels_cannot_be_studied(bars: Dataset, synthetic: Pair) -> None:
    with pytest.raises(NotApplicableError, match="nothing to classify"):
        Inputs.of(replace(bars, labels=np.full(len(bars), UNLABELLED), class_names=()), synthetic)


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_a_class_that_a_split_lacks_is_named(bars: Dataset, synthetic: Pair, split: str) -> None:
    labels = np.where(bars.splits == split, 0, bars.labels)
    with pytest.raises(NotApplicableError, match="class 'upright' from 0 patients"):
        Inputs.of(replace(bars, labels=labels), synthetic)


def test_a_class_of_one_test_patient_has_no_interval(bars: Dataset, synthetic: Pair) -> None:
    groups = np.where((bars.splits == "test") & (bars.labels == 1), 10_000, bars.groups)
    with pytest.raises(NotApplicableError, match="from 1 patients"):
        Inputs.of(replace(bars, groups=groups), synthetic)


def test_synthetic_images_of_every_class_are_needed(bars: Dataset, synthetic: Pair) -> None:
    one = synthetic[0]
    with pytest.raises(NotApplicableError, match="no synthetic images"):
        Inputs.of(bars, [])
    with pytest.raises(NotApplicableError, match="no image of class 'upright'"):
        Inputs.of(bars, [SyntheticSet(one.images, np.zeros(120, dtype=np.int64))])
    with pytest.raises(NotApplicableError, match="images without a class"):
        Inputs.of(bars, [SyntheticSet(one.images, np.full(120, UNLABELLED))])
