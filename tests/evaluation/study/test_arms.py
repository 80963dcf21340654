import numpy as np
import pytest

from synthetyk.evaluation.study.arms import ARMS, BY_NAME, added_counts, class_counts, pick
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.labelled_images import ArrayImages

NAMES = ("a", "b")


def images(counts: tuple[int, int], shade: int) -> ArrayImages:
    labels = np.repeat([0, 1], counts)
    return ArrayImages(np.full((len(labels), 1, 2, 2), shade, dtype=np.uint8), labels, NAMES)


REAL, SYNTHETIC = images((30, 10), 1), images((50, 50), 2)


def test_added_images_first_balance_the_classes_then_go_to_each_equally() -> None:
    assert added_counts(np.array([90, 10]), 0.5).tolist() == [0, 80]
    assert added_counts(np.array([30, 10]), 1.0).tolist() == [10, 30]
    assert added_counts(np.array([20, 20]), 0.5).tolist() == [10, 10]
    assert added_counts(np.array([30, 20, 10]), 0.0).tolist() == [0, 10, 20]


@pytest.mark.parametrize(
    ("name", "counts", "shades"),
    [
        ("real", [30, 10], {1}),
        ("real+weights", [30, 10], {1}),
        ("real+augmentation", [30, 10], {1}),
        ("real+duplicates", [30, 30], {1}),
        ("real+synthetic", [30, 30], {1, 2}),
        ("real+synthetic+augmentation", [30, 30], {1, 2}),
        ("synthetic-then-real", [30, 10], {1}),
        ("synthetic", [50, 50], {2}),
    ],
)
def test_each_arm_trains_on_its_own_images(name: str, counts: list[int], shades: set[int]) -> None:
    chosen = BY_NAME[name].training_set(REAL, SYNTHETIC, 0, minimum_added=0.5)
    assert class_counts(chosen).tolist() == counts
    assert set(np.unique(chosen.batch(np.arange(len(chosen)))).tolist()) == shades


def test_no_more_duplicates_are_added_than_there_are_synthetic_images() -> None:
    few = images((5, 5), 2)
    for name in ("real+duplicates", "real+synthetic"):
        chosen = BY_NAME[name].training_set(REAL, few, 0, minimum_added=0.5)
        assert class_counts(chosen).tolist() == [30, 15]


def test_arms_differ_in_nothing_but_balance_augmentation_and_seed() -> None:
    base = ClassifierConfig(steps=77, width=16)
    for arm in ARMS:
        assert arm.settings(base, 3).replace(balance="none", augment="none", seed=0) == base
    assert [arm.name for arm in ARMS if arm.augment == "classical"] == [
        "real+augmentation",
        "real+synthetic+augmentation",
        "synthetic-then-real",
    ]


def test_nothing_is_picked_twice_before_all_were_picked_once() -> None:
    labels = np.array([0] * 4 + [1] * 3)
    picked = pick(labels, np.array([2, 7]), seed=0)
    assert np.bincount(labels[picked]).tolist() == [2, 7]
    assert len(set(picked[:2].tolist())) == 2
    assert sorted(np.bincount(picked[2:])[4:].tolist()) == [2, 2, 3]


def test_another_seed_picks_other_images() -> None:
    labels = np.zeros(100, dtype=np.int64)
    first, again, other = (pick(labels, np.array([10]), seed=seed).tolist() for seed in (0, 0, 1))
    assert first == again != other
