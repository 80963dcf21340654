import csv
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from synthetyk.core.errors import DatasetError
from synthetyk.data.fingerprint import Fingerprint, inspect
from synthetyk.data.source import SourceOptions


def pixels(seed: int, size: int = 24) -> np.ndarray:
    return np.random.default_rng(seed).integers(256, size=(size, size), dtype=np.uint8)


def write(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def folder(root: Path, names, *, images=None) -> str:
    """Write one random image for each name, or the ones given by name."""
    for seed, name in enumerate(names):
        write(root / name, (images or {}).get(name, pixels(seed)))
    return str(root)


def test_a_fingerprint_survives_being_written_and_read(tmp_path):
    fingerprint = inspect("phantom:n=20,size=16").fingerprint
    fingerprint.save(tmp_path / "fingerprint.json")
    assert Fingerprint.load(tmp_path / "fingerprint.json") == fingerprint.model_copy(
        update={"schema_": "fingerprint/1"}
    )


def test_it_counts_classes_and_splits(tmp_path):
    names = [f"{split}/{label}/{i}.png" for split, n in (("train", 6), ("test", 2)) for label in "ab" for i in range(n)]
    found = inspect(folder(tmp_path, [*names, "train/a/6.png", "train/a/7.png"])).fingerprint
    counts = found.classes.counts
    assert found.images == 18 and found.source == "folder" and found.carved == ("val",)
    assert {name: sum(splits.values()) for name, splits in counts.items()} == {"a": 10, "b": 8}
    assert counts["a"]["test"] == counts["b"]["test"] == 2 and counts["a"]["val"] == 1
    assert found.classes.imbalance == counts["a"]["train"] / counts["b"]["train"]


def test_it_measures_sizes_channels_and_modes(tmp_path):
    write(tmp_path / "a.png", pixels(0, 20))
    write(tmp_path / "b.png", pixels(1, 30))
    write(tmp_path / "c.png", np.stack([pixels(2, 40)] * 3, axis=2))
    write(tmp_path / "d.png", np.random.default_rng(3).integers(256, size=(40, 44, 3), dtype=np.uint8))
    found = inspect(str(tmp_path)).fingerprint.pixels
    assert (found.height.smallest, found.height.median, found.height.largest) == (20, 30, 40)
    assert found.width.largest == 44 and found.distinct_sizes == 4
    assert found.channels == {1: 3, 3: 1} and found.modes == {"L": 2, "RGB": 2}
    assert sum(found.histogram) == 20 * 20 + 30 * 30 + 40 * 40 + 40 * 44 * 3


def test_copies_are_counted_within_and_across_official_splits(tmp_path):
    names = [f"{split}/{label}/{i}.png" for split in ("train", "val", "test") for label in "ab" for i in range(4)]
    copied = {name: pixels(100) for name in ("train/a/0.png", "train/a/1.png", "val/b/0.png", "test/a/0.png")}
    brighter = Image.fromarray((pixels(70) * 0.8 + 20).astype(np.uint8))
    root = folder(tmp_path, names, images=copied | {"train/b/2.png": pixels(70), "val/b/2.png": np.asarray(brighter)})
    found = inspect(root).fingerprint
    exact, near = found.exact_copies, found.near_copies
    assert exact.groups == 1 and exact.within == {"train": 1, "val": 0, "test": 0}
    assert exact.across == {"val in train": 1, "test in train": 1, "test in val": 1}
    assert exact.conflicting == 1 and "Groups of exact copies that carry different labels: 1." in found.notes
    assert set(exact.examples[0]) == set(copied)
    assert near.groups == 1 and near.examples == (("train/b/2.png", "val/b/2.png"),)
    assert near.within == {"train": 0, "val": 0, "test": 0} and near.across["val in train"] == 1


def test_copies_never_straddle_splits_that_are_carved(tmp_path):
    copied = {f"a/{i:02}x.png": pixels(100 + i // 5) for i in range(30)}
    found = inspect(folder(tmp_path, copied, images=copied)).fingerprint
    assert found.exact_copies.groups == 6
    assert set(found.exact_copies.across.values()) == {0}
    assert min(found.classes.counts["a"].values()) == 5


def test_groups_told_by_file_names_are_kept_together(tmp_path):
    names = [f"a/patient{p}_{i}.png" for p in range(12) for i in range(3)]
    inspection = inspect(folder(tmp_path, names))
    assert inspection.fingerprint.groups.known == 12 and "last number" in inspection.fingerprint.groups.rule
    assert inspection.fingerprint.groups.leaking == 0
    for group in set(inspection.table.groups):
        assert len(set(inspection.table.splits[inspection.table.groups == group])) == 1


def test_official_splits_that_share_patients_are_kept_and_reported(tmp_path):
    names = [
        f"{split}/a/p{p}_{i}.png"
        for split, ps in (("train", range(8)), ("test", range(6, 9)))
        for p in ps
        for i in "12"
    ]
    found = inspect(folder(tmp_path, names)).fingerprint
    assert found.classes.counts["a"]["test"] == 6
    assert found.groups.leaking == 2 and found.groups.across["test in train"] == 2
    assert found.groups.examples == ("group-1", "group-2")  # p6 and p7: the test split is listed first
    assert any("own splits: 2;" in note for note in found.notes)


def test_a_pattern_overrules_what_the_names_tell_by_themselves(tmp_path):
    names = [f"a/s{i % 4}-cell{i}.png" for i in range(12)]
    inspection = inspect(folder(tmp_path, names), SourceOptions(group_pattern="(s[0-9])"))
    assert inspection.fingerprint.groups.known == 4
    assert [
        len({key[2:4] for key in inspection.table.keys[inspection.table.groups == f"group-{n}"]}) for n in (1, 2, 3, 4)
    ] == [1] * 4


def test_turning_the_search_in_names_off_keeps_the_groups_that_the_data_set_gives():
    found = inspect("phantom:n=20,size=16", SourceOptions(group_pattern="none")).fingerprint
    assert found.groups.known == 10 and found.groups.rule == "given by the data set: 10 groups"


@pytest.fixture
def one_patient(tmp_path, make_dicom) -> str:
    """Six DICOM files in three folders, all of one patient."""
    for number in range(6):
        path = tmp_path / "scans" / f"study{number // 2}" / "series" / f"{number}.dcm"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make_dicom(pixels(number), PatientID="ANONYMOUS"))
    return str(tmp_path / "scans")


@pytest.mark.parametrize("pattern", [None, "none"])
def test_images_of_one_patient_are_a_note_that_says_how_many_patients_are_needed(one_patient, pattern):
    found = inspect(one_patient, SourceOptions(group_pattern=pattern)).fingerprint
    assert found.groups.known == 1 and found.classes.counts[""] == {"train": 6, "val": 0, "test": 0}
    assert any("no image in val and test" in note and "no other split: 1." in note for note in found.notes)


@pytest.mark.parametrize(("pattern", "known"), [("(.+)/", 3), ("(.+)", 6)])
def test_a_pattern_parts_dicom_files_that_bear_one_made_up_patient(one_patient, pattern, known):
    found = inspect(one_patient, SourceOptions(group_pattern=pattern)).fingerprint
    assert found.groups.known == known and all(found.classes.counts[""].values())
    assert not any("no image in" in note for note in found.notes)


def test_a_group_column_is_left_by_the_pattern_none_and_ignored_by_the_column_none(tmp_path):
    folder(tmp_path, [f"{i}x.png" for i in range(6)])
    (tmp_path / "labels.csv").write_text("file,label,patient\n" + "".join(f"{i}x.png,a,p\n" for i in range(6)))
    asked = SourceOptions(group_pattern="none"), SourceOptions(group_column="none")
    assert [inspect(str(tmp_path), options).fingerprint.groups.known for options in asked] == [1, 0]


def test_without_groups_a_note_warns(tmp_path):
    found = inspect(folder(tmp_path, [f"a/{i}.png" for i in range(6)])).fingerprint
    assert found.groups.known == 0 and any("No patient or slide is known" in note for note in found.notes)


def test_removal_leaves_no_relation_between_splits_and_is_counted(tmp_path):
    names = [
        f"{split}/{label}/p{split}{i}x{label}_1.png" for split in ("train", "test") for label in "ab" for i in range(8)
    ]
    copied = {"train/a/ptrain0xa_1.png": pixels(200), "test/a/ptest0xa_1.png": pixels(200)}
    root = folder(tmp_path, [*names, "train/a/p9_1.png", "test/a/p9_2.png", "train/b/p9_3.png"], images=copied)
    before, after = inspect(root), inspect(root, remove_copies=True)
    assert before.fingerprint.removed == {}
    removed = after.fingerprint.removed
    assert removed == {"train: exact copy in test": 1, "train: group in test": 2}
    assert len(before.table) - len(after.table) == 3 and after.fingerprint.images == len(after.table)
    assert after.fingerprint.exact_copies == before.fingerprint.exact_copies
    assert not {"train/a/ptrain0xa_1.png", "train/a/p9_1.png", "train/b/p9_3.png"} & set(after.table.keys.tolist())


def test_a_class_that_removal_empties_is_named(tmp_path):
    names = [f"{split}/{label}.png" for split in ("train", "val", "test") for label in ("a/1", "a/2", "b/1")]
    copied = {"train/b/1.png": pixels(50), "test/b/1.png": pixels(50)}
    found = inspect(folder(tmp_path, names, images=copied), remove_copies=True).fingerprint
    assert any(note.startswith("Class 'b'") and "none in train" in note for note in found.notes)


def test_what_cannot_be_used_is_counted_by_kind(tmp_path):
    root = folder(tmp_path, [f"a/{i}.png" for i in range(4)])
    (tmp_path / "a" / "empty.png").touch()
    (tmp_path / "a" / "text.png").write_text("no picture")
    (tmp_path / "a" / "cut.png").write_bytes((tmp_path / "a" / "0.png").read_bytes()[:200])
    found = inspect(root).fingerprint
    assert {kind: report.count for kind, report in found.problems.items()} == {
        "empty": 1,
        "not_an_image": 1,
        "truncated": 1,
    }
    assert found.problems["empty"].examples[0][0] == "a/empty.png" and found.images == 4


def test_a_set_of_which_nothing_can_be_read_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").touch()
    with pytest.raises(DatasetError, match="Not one image"):
        inspect(str(tmp_path))


def test_other_columns_of_a_table_are_nowhere_in_an_inspection(tmp_path):
    names = [f"{i:02}.png" for i in range(20)]
    folder(tmp_path, names)
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "label", "slide", "outcome_code"])
        writer.writerows((name, "ab"[i % 2], f"slide{i // 4}", f"zebra{i % 2}") for i, name in enumerate(names))
    options = SourceOptions(image_column="file", label_column="label", group_column="slide")
    inspection = inspect(str(tmp_path / "labels.csv"), options)
    graph = pickle.dumps(inspection)
    assert set(inspection.table.labels) == {"a", "b"} and inspection.fingerprint.groups.known == 5
    assert b"zebra" not in graph and b"outcome_code" not in graph


def test_names_of_patients_reach_neither_the_table_nor_the_fingerprint(tmp_path):
    names = [f"{split}/{i}.png" for split in ("train", "test") for i in range(6)]
    folder(tmp_path, names)
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("file", "label", "patient", "split"), *((n, "ab"[int(n[-5]) % 2], f"Doe{n[-5]}", n[:-6]) for n in names)]
        )
    inspection = inspect(str(tmp_path / "labels.csv"))
    inspection.table.save(tmp_path / "splits.csv")
    assert inspection.fingerprint.groups.examples == tuple(f"group-{n}" for n in range(1, 6))
    assert inspection.fingerprint.groups.rule == "given by the data set: 6 groups"
    for text in (inspection.fingerprint.model_dump_json(), (tmp_path / "splits.csv").read_text()):
        assert "group-1" in text and "Doe" not in text


def test_the_depth_rule_is_that_of_training(tmp_path):
    values = np.random.default_rng(0).integers(0, 1024, (12, 8, 8), dtype=np.uint16)
    arrays = {f"{split}_images": values[start : start + 4] for start, split in enumerate(("train", "val", "test"))}
    arrays["test_images"] = arrays["test_images"] * 64
    np.savez(tmp_path / "set.npz", **arrays)
    inspection = inspect(str(tmp_path / "set.npz"))
    assert inspection.fingerprint.pixels.depth_rule.bits == 10
    assert max(image.max_value for image in inspection.scan.images) > 60_000


def test_a_value_that_costs_all_others_their_contrast_is_noted(tmp_path):
    images = np.random.default_rng(0).integers(0, 900, (12, 16, 16), dtype=np.uint16)
    images[3, 4, 5] = 65535
    labels = np.arange(12) % 2
    np.savez(tmp_path / "set.npz", train_images=images, train_labels=labels, test_images=images, test_labels=labels)
    notes = inspect(str(tmp_path / "set.npz")).fingerprint.notes
    assert any("2 of 6,144, the largest 65,535" in note for note in notes)


def test_the_same_seed_gives_the_same_inspection_and_another_seed_other_splits():
    first, again, other = (inspect("phantom:n=40,size=16", seed=seed) for seed in (0, 0, 1))
    assert first.fingerprint == again.fingerprint and np.array_equal(first.table.splits, again.table.splits)
    assert not np.array_equal(first.table.splits, other.table.splits)


def test_a_name_that_is_no_unicode_can_be_reported(tmp_path):
    names = ["a/1.png", "a/2.png", "a/\udce9.png"]
    found = inspect(folder(tmp_path, names, images=dict.fromkeys(names, pixels(0))))
    found.fingerprint.save(tmp_path / "fingerprint.json")
    assert "a/\\udce9.png" in found.fingerprint.exact_copies.examples[0]


def test_a_class_whose_folder_is_no_unicode_can_be_written(tmp_path):
    root = folder(tmp_path / "d\udce9", [f"{label}/{i}.png" for label in ("caf\udce9", "tea") for i in range(4)])
    found = inspect(root)
    found.fingerprint.save(tmp_path / "fingerprint.json")
    written = Fingerprint.load(tmp_path / "fingerprint.json")
    assert written.classes.names == ("caf\\udce9", "tea") and written.location.endswith("d\\udce9")
    assert set(found.table.labels.tolist()) == set(written.classes.names)


def test_patients_below_a_class_whose_folder_is_no_unicode_are_told_by_their_folders(tmp_path):
    names = [f"{label}/p{patient}/{i}.png" for label in ("caf\udce9", "tea") for patient in "abc" for i in range(2)]
    assert inspect(folder(tmp_path, names)).fingerprint.groups.known == 3


def test_pneumoniamnist_has_the_copies_that_are_known(real_data):
    found = inspect(str(real_data("pneumoniamnist.npz"))).fingerprint
    assert found.classes.counts["0"] == {"train": 1214, "val": 135, "test": 234}
    assert found.classes.counts["1"] == {"train": 3494, "val": 389, "test": 390}
    assert found.exact_copies.within["train"] == 18 and found.exact_copies.across["val in train"] == 8
    assert found.near_copies.groups == 0 and found.carved == ()


def test_removal_takes_the_copies_out_of_the_training_of_pneumoniamnist(real_data):
    found = inspect(str(real_data("pneumoniamnist.npz")), remove_copies=True).fingerprint
    assert found.removed == {"train: exact copy in val": 10}


def test_blood_cells_are_split_by_slide(real_data):
    found = inspect(str(real_data("blood_cells"))).fingerprint
    assert found.groups.known == 364 and found.groups.leaking == 0
    assert found.classes.counts["RBC"]["train"] == 2381 and found.classes.imbalance == pytest.approx(2381 / 209)
    assert found.pixels.channels == {3: 4886} and found.near_copies.groups == 0


def test_head_ct_has_one_exact_copy_and_two_near_ones(real_data):
    found = inspect(str(real_data("head_ct"))).fingerprint
    assert found.exact_copies.examples == (("head_ct/188.png", "head_ct/189.png"),)
    assert [[key[-7:-4] for key in pair] for pair in found.near_copies.examples] == [["011", "061"], ["198", "199"]]
    assert set(found.near_copies.across.values()) == {0} and found.pixels.modes == {"RGB": 188, "RGBA": 12}


def test_chest_xrays_of_one_patient_and_type_are_one_group(real_data):
    inspection = inspect(str(real_data("chest_xray") / "test"))
    found = inspection.fingerprint
    assert found.exact_copies.groups == 6 and set(found.exact_copies.across.values()) == {0}
    one = ["person100_bacteria" in key for key in inspection.table.keys]
    assert len(set(inspection.table.groups[one])) == 1 and found.groups.leaking == 0


def test_dicom_files_are_inspected(real_data):
    found = inspect(str(real_data("dicom"))).fingerprint
    assert found.source == "dicom" and found.classes.names == () and found.images == 39
    assert ("MR_small.dcm", "MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm") in found.exact_copies.examples


def test_it_says_in_words_what_was_found(tmp_path):
    names = [f"{split}/a/{i}.png" for split in ("train", "test") for i in range(8)]
    copied = {"train/a/0.png": pixels(90), "test/a/0.png": pixels(90)}
    root = folder(tmp_path, names, images=copied)
    (tmp_path / "train" / "a" / "empty.png").touch()
    assert inspect(root, remove_copies=True).fingerprint.sentences() == [
        "Read as folder.",
        "Size (width x height): 24 x 24 pixels.",
        "Channels: 16 with 1; stored as L.",
        "Values: 8 bits: kept as they are.",
        "Patients or slides: file names tell no patient or slide: no two images share a name but for the last number.",
        "Splits: val carved here.",
        "Exact copies: pictures that occur more than once: 1 (1 test in train).",
        "Near copies: none.",
        "Left out of train: exact copy in test: 1.",
        "Cannot be used, empty: 1, for example train/a/empty.png: The file is empty. Expected an image.",
        "No patient or slide is known: images of one patient may stand in training and test.",
    ]


def test_it_says_how_sizes_and_classes_differ(tmp_path):
    for number, (label, size) in enumerate([("a", 20), ("a", 22), ("a", 24), ("a", 26), ("b", 30)]):
        write(tmp_path / "train" / label / f"{number}.png", pixels(number, size))
    write(tmp_path / "val" / "a" / "5.png", pixels(5))
    write(tmp_path / "test" / "a" / "6.png", pixels(6))
    sentences = inspect(str(tmp_path)).fingerprint.sentences()
    assert "Size (width x height): 20 to 30 x 20 to 30 pixels, 5 different." in sentences
    assert "Largest class over smallest in training: 4.0." in sentences
    assert "Splits: all come with the data set." in sentences


@pytest.mark.parametrize(("classes", "asked"), [(50, False), (51, True)])
def test_very_many_classes_are_asked_about(tmp_path, classes, asked):
    location = folder(tmp_path, [f"{label:02}/{number}.png" for label in range(classes) for number in range(3)])
    found = inspect(location).fingerprint
    said = [note for note in found.notes if "is this the right label column" in note]
    assert [note.startswith("There are 51 classes") for note in said] == [True] * asked
    assert set(said) <= set(found.sentences())
