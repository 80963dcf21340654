import numpy as np
import pytest

from synthetyk.data.splits import SplitTable
from synthetyk.pipeline.fraction import part_of


@pytest.fixture
def table():
    n = 400
    labels = np.array(["a", "b", "b", "b"] * (n // 4))
    groups = np.array([f"patient {i // 8}" for i in range(n)])
    splits = np.array(["train"] * 320 + ["val"] * 40 + ["test"] * 40)
    return SplitTable(np.array([f"{i:03d}" for i in range(n)]), labels, groups, splits)


def test_the_whole_is_the_table_itself(table):
    assert part_of(table, 1, seed=0) is table


def test_only_training_images_are_left_out_class_by_class(table):
    part = part_of(table, 0.25, seed=0)
    train = part.splits == "train"
    assert ((~train).sum(), (table.splits != "train").sum()) == (80, 80)
    assert abs((train & (part.labels == "a")).sum() - 20) <= 2
    assert abs((train & (part.labels == "b")).sum() - 60) <= 6


def test_a_patient_is_kept_whole_or_left_out(table):
    part = part_of(table, 0.25, seed=0)
    for name in set(part.groups[part.splits == "train"]):
        assert (part.groups == name).sum() == (table.groups == name).sum() == 8


def test_a_smaller_fraction_is_part_of_a_larger_one(table):
    small, large = (set(part_of(table, fraction, seed=3).keys) for fraction in (0.2, 0.5))
    assert small < large


def test_another_seed_keeps_another_part(table):
    assert set(part_of(table, 0.3, seed=1).keys) != set(part_of(table, 0.3, seed=2).keys)
