import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from synthetyk.core.errors import NotApplicableError
from synthetyk.core.stored_array import StoredArray
from synthetyk.data.dataset import UNLABELLED, Dataset
from synthetyk.evaluation.study.inputs import Inputs, SyntheticSet

Pair = tuple[SyntheticSet, SyntheticSet]


def test_another_process_gets_the_same_images_without_them_being_sent(
    bars: Dataset, synthetic: Pair, tmp_path: Path
) -> None:
    inputs = Inputs.of(bars, synthetic)
    sent = pickle.dumps(inputs.in_files(tmp_path))
    assert len(sent) < bars.images.nbytes / 4
    got = pickle.loads(sent)
    for mine, theirs in ((inputs.train, got.train), (inputs.val, got.val), (inputs.test, got.test)):
        assert np.array_equal(mine.all(), theirs.all())
        assert np.array_equal(mine.labels, theirs.labels)
    assert np.array_equal(inputs.synthetic[1].all(), got.synthetic[1].all())


def test_what_is_in_a_file_already_is_not_copied(bars: Dataset, synthetic: Pair, tmp_path: Path) -> None:
    np.save(tmp_path / "cache.npy", bars.images)
    real = StoredArray.open(tmp_path / "cache.npy")
    inputs = Inputs.of(replace(bars, images=real), synthetic).in_files(tmp_path / "scratch")
    assert inputs.test.images is real
    assert {path.name for path in (tmp_path / "scratch").iterdir()} == {"synthetic-0.npy", "synthetic-1.npy"}


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
