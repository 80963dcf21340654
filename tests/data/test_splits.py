import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetyk.core.errors import ArtifactError
from synthetyk.data.splits import FRACTIONS, SplitTable, assign_splits, carved_fractions, leaks


def names(values) -> np.ndarray:
    return np.array(values, dtype=np.str_)


def nothing_official(count: int) -> np.ndarray:
    return names([""] * count)


@st.composite
def sets(draw):
    count = draw(st.integers(1, 60))
    labels = draw(st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=count, max_size=count))
    groups = draw(st.lists(st.integers(0, 25), min_size=count, max_size=count))
    official = draw(
        st.one_of(
            st.just([""] * count),
            st.lists(st.sampled_from(["train", "test"]), min_size=count, max_size=count),
            st.lists(st.sampled_from(["", "train", "val", "test"]), min_size=count, max_size=count),
        )
    )
    return names(labels), np.array(groups), names(official)


def reached(groups, chosen) -> set[int]:
    return set(groups[chosen].tolist())


@settings(max_examples=150, deadline=None)
@given(sets(), st.integers(0, 5))
def test_every_image_gets_a_split_and_official_ones_are_kept(data, seed):
    labels, groups, official = data
    splits, _ = assign_splits(labels, groups, official, seed=seed)
    assert set(splits.tolist()) <= {"train", "val", "test"}
    for kept in ("val", "test"):
        if (official == kept).any():
            assert np.array_equal(splits == kept, official == kept)


@settings(max_examples=150, deadline=None)
@given(sets(), st.integers(0, 5))
def test_no_group_straddles_a_carved_split(data, seed):
    labels, groups, official = data
    splits, report = assign_splits(labels, groups, official, seed=seed)
    for name in report.carved:
        assert not reached(groups, splits == name) & reached(groups, splits != name)


@settings(max_examples=100, deadline=None)
@given(sets(), st.integers(0, 5))
def test_training_keeps_every_class_that_it_could_have(data, seed):
    labels, groups, official = data
    splits, _ = assign_splits(labels, groups, official, seed=seed)
    possible = set(labels[~np.isin(official, ["val", "test"])].tolist())
    assert set(labels[splits == "train"].tolist()) == possible


@settings(max_examples=100, deadline=None)
@given(st.integers(3, 40), st.integers(3, 40), st.integers(0, 5))
def test_single_images_of_every_class_reach_every_split(first, second, seed):
    labels = names(["a"] * first + ["b"] * second)
    splits, report = assign_splits(labels, np.arange(len(labels)), nothing_official(len(labels)), seed=seed)
    for name in ("train", "val", "test"):
        assert set(labels[splits == name].tolist()) == {"a", "b"}
    assert not report.notes


def test_the_same_seed_gives_the_same_splits_and_another_seed_others():
    labels, groups = names(["a", "b"] * 50), np.arange(100) // 2
    first, again, other = (assign_splits(labels, groups, nothing_official(100), seed=seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_fractions_hold_for_every_class():
    labels = names(["a"] * 600 + ["b"] * 200 + ["c"] * 40)
    splits, _ = assign_splits(labels, np.arange(840), nothing_official(840), seed=0)
    for label, count in (("a", 600), ("b", 200), ("c", 40)):
        of_class = splits[labels == label]
        assert [(of_class == name).sum() for name in ("val", "test")] == [round(0.15 * count)] * 2


def test_fractions_hold_nearly_with_groups_of_several_images():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(300), rng.integers(1, 6, size=300))
    labels = names(rng.choice(["a", "b"], p=[0.8, 0.2], size=300))[groups]
    splits, _ = assign_splits(labels, groups, nothing_official(len(groups)), seed=0)
    for label in "ab":
        for name in ("val", "test"):
            assert abs((splits[labels == label] == name).mean() - 0.15) < 0.02


def test_with_an_official_test_split_only_validation_is_carved_out_of_training():
    official = names(["train"] * 200 + ["test"] * 100)
    splits, report = assign_splits(names(["a", "b"] * 150), np.arange(300), official, seed=0)
    assert report.carved == ("val",)
    assert (splits[:200] == "val").sum() == 30 and (splits[200:] == "test").all()


@pytest.mark.parametrize(("official", "test"), [("", 60), ("test", 80)])
def test_validations_part_may_be_named(official, test):
    given = names([official] * 80 + [""] * 320)
    fractions = carved_fractions(given, 0.5)
    splits, _ = assign_splits(names(["a", "b"] * 200), np.arange(400), given, seed=0, fractions=fractions)
    left = 400 - test
    assert {name: int((splits == name).sum()) for name in ("train", "val", "test")} == {
        **{"train": left // 2, "val": left // 2},
        "test": test,
    }
    assert carved_fractions(given, None) == FRACTIONS


def test_three_official_splits_stay_as_they_are():
    official = names(["train", "val", "test"] * 5)
    splits, report = assign_splits(names(["a"] * 15), np.zeros(15, dtype=np.int64), official, seed=0)
    assert np.array_equal(splits, official) and report.carved == ()


def test_a_group_that_reaches_into_an_official_test_split_stays_out_of_validation():
    groups = np.array([0] * 20 + list(range(1, 41)) + [0, 50])
    official = names(["train"] * 60 + ["test"] * 2)
    splits, _ = assign_splits(names(["a"] * 62), groups, official, seed=0)
    assert (splits[:20] == "train").all()


def test_a_class_with_one_image_stays_in_training_and_a_note_says_so():
    labels = names(["a"] * 30 + ["rare"])
    splits, report = assign_splits(labels, np.arange(31), nothing_official(31), seed=0)
    assert splits[30] == "train"
    assert report.notes == ("Class 'rare' has 1 image in 1 group: none in val and test.",)


def test_a_class_in_one_group_stays_in_training_and_a_note_says_so():
    labels, groups = names(["a"] * 30 + ["b"] * 8), np.array([*range(30), *[99] * 8])
    splits, report = assign_splits(labels, groups, nothing_official(38), seed=0)
    assert (splits[30:] == "train").all()
    assert "Class 'b' has 8 images in 1 group: none in val and test." in report.notes


def test_of_two_groups_one_is_tested_on():
    splits, report = assign_splits(names(["a"] * 20 + ["b"] * 2), np.arange(22), nothing_official(22), seed=0)
    assert sorted(splits[20:]) == ["test", "train"]
    assert report.notes == ("Class 'b' has 2 images in 2 groups: none in val.",)


@pytest.mark.parametrize(
    ("groups", "official", "empty", "found", "needed"),
    [
        ([0] * 30, [""] * 30, "val and test", 1, 3),
        ([0, 1] * 15, [""] * 30, "val", 2, 3),
        ([0] * 20 + [1] * 10, ["train"] * 20 + ["test"] * 10, "val", 1, 2),
        ([0, 1] * 15, ["train"] * 20 + ["test"] * 10, "val", 0, 2),  # both reach into the official test split
        ([0] * 10 + [1] * 10 + [2] * 10, [""] * 30, "val and test", 3, 3),  # each with a class of its own
    ],
)
def test_a_split_that_stays_empty_is_named_with_what_was_found_and_is_needed(groups, official, empty, found, needed):
    labels = names(["a"] * 10 + ["b"] * 10 + ["c"] * 10 if found == 3 else ["a"] * 30)
    _, report = assign_splits(labels, np.array(groups), names(official), seed=0)
    assert f"no image in {empty}:" in report.shortage and "--group-pattern" in report.shortage
    assert f"no other split: {found}. Expected: at least {needed}," in report.shortage


def test_splits_that_all_have_images_are_no_shortage():
    groups = np.repeat(np.arange(3), 10)
    assert assign_splits(names(["a"] * 30), groups, nothing_official(30), seed=0)[1].shortage == ""


def test_large_groups_still_reach_every_split():
    groups = np.repeat(np.arange(4), 25)
    splits, _ = assign_splits(names(["a"] * 100), groups, nothing_official(100), seed=0)
    assert {name: (splits == name).sum() for name in ("train", "val", "test")} == {"train": 50, "val": 25, "test": 25}


def test_a_set_without_labels_is_split_as_one_class():
    splits, report = assign_splits(names([""] * 100), np.arange(100), nothing_official(100), seed=0)
    assert [(splits == name).sum() for name in ("train", "val", "test")] == [70, 15, 15]
    assert not report.notes


def test_a_relative_in_a_later_split_is_dropped_from_the_earlier_one():
    splits = names(["train", "train", "val", "val", "test"])
    exact = np.array([0, 1, 2, 0, 2])  # row 0 with 3, row 2 with 4
    drop, reasons = leaks(splits, {"exact copy": exact})
    assert drop.tolist() == [True, False, True, False, False]
    assert reasons == {"val: exact copy in test": 1, "train: exact copy in val": 1}


def test_an_image_is_kept_if_its_only_relative_is_dropped_itself():
    splits = names(["train", "val", "test"])
    drop, _ = leaks(splits, {"exact copy": np.array([0, 1, 1]), "group": np.array([0, 0, 2])})
    assert drop.tolist() == [False, True, False]


def test_an_image_counts_under_its_first_reason_only():
    relation = np.array([0, 0])
    _, reasons = leaks(names(["train", "test"]), {"exact copy": relation, "group": relation})
    assert reasons == {"train: exact copy in test": 1}


def test_copies_within_one_split_stay():
    drop, reasons = leaks(names(["train", "train"]), {"exact copy": np.array([0, 0])})
    assert not drop.any() and not reasons


def table() -> SplitTable:
    return SplitTable(
        keys=names(["a/1.png", 'quoted "b", 2.png', "zwei\nZeilen.png"]),
        labels=names(["10", "9", ""]),
        groups=names(["p1", "", "p1"]),
        splits=names(["train", "val", "test"]),
    )


def test_a_table_survives_being_written_and_read(tmp_path):
    table().save(tmp_path / "splits.csv")
    read = SplitTable.load(tmp_path / "splits.csv")
    for column in ("keys", "labels", "groups", "splits"):
        assert np.array_equal(getattr(read, column), getattr(table(), column))


@pytest.mark.parametrize("key", ["one\rtwo.png", "\r", 'a\r"b",\r\nc.png', "caf\udce9\r.png"])
def test_a_carriage_return_in_a_name_survives_and_is_quoted_for_others(tmp_path, key):
    odd = SplitTable(names([key, "2.png"]), names(["a", "b"]), names(["", ""]), names(["train", "test"]))
    odd.save(tmp_path / "splits.csv")
    assert SplitTable.load(tmp_path / "splits.csv").keys.tolist() == [key, "2.png"]
    with (tmp_path / "splits.csv").open(newline="", errors="surrogateescape") as file:
        assert [row[1] for row in csv.reader(file)] == ["key", key, "2.png"]


def test_a_carriage_return_that_an_older_version_left_bare_is_read(tmp_path):
    (tmp_path / "splits.csv").write_bytes(b"index,key,label,group,split\n0,one\rtwo.png,a,,train\n1,2.png,b,,test\n")
    assert SplitTable.load(tmp_path / "splits.csv").keys.tolist() == ["one\rtwo.png", "2.png"]


def test_a_table_that_another_program_has_saved_is_read(tmp_path):
    (tmp_path / "splits.csv").write_bytes(b'index,key,label,group,split\r\n0,"1,5.png",a,,train\r\n')
    assert SplitTable.load(tmp_path / "splits.csv").keys.tolist() == ["1,5.png"]


def test_the_file_is_a_plain_table(tmp_path):
    table().select(np.array([True, False, False])).save(tmp_path / "splits.csv")
    assert (tmp_path / "splits.csv").read_text() == "index,key,label,group,split\n0,a/1.png,10,p1,train\n"


@pytest.mark.parametrize(
    "text",
    [
        "index,key,label\n0,a,b\n",
        "index,key,label,group,split\n1,a,b,,train\n",
        "index,key,label,group,split\n0,a,b,,exam\n",
        "index,key,label,group,split\n0,a,b\n",
        "",
    ],
)
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / "splits.csv").write_text(text)
    with pytest.raises(ArtifactError, match="splits"):
        SplitTable.load(tmp_path / "splits.csv")


def test_a_missing_table_is_an_artifact_error(tmp_path):
    with pytest.raises(ArtifactError, match="cannot be read"):
        SplitTable.load(tmp_path / "splits.csv")


def test_class_names_are_in_natural_order():
    labels = names(["10", "9", "b2", "B10", ""])
    assert SplitTable(labels, labels, labels, labels).class_names == ("9", "10", "b2", "B10")


def test_labels_become_positions_and_missing_ones_minus_one():
    assert table().label_numbers.tolist() == [1, 0, -1]


def test_groups_become_numbers_and_images_without_a_group_get_their_own():
    groups = names(["p1", "", "p1", "", "p2"])
    assert SplitTable(groups, groups, groups, groups).group_numbers.tolist() == [0, 1, 0, 2, 3]
