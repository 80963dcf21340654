from collections import Counter

import pytest

from synthetyk.core.errors import ConfigError, DatasetError
from synthetyk.data.fingerprint import inspect
from synthetyk.data.open import open_source
from synthetyk.data.source import SourceOptions
from synthetyk.data.sources.cbis_ddsm import CbisDdsmSource

WHOLE = "image file path"


def opened(archive, **options):
    return open_source(str(archive.write()), SourceOptions(**options))


def found(source):
    return {item.key: (item.label, item.split, item.group) for item in source.items()}


def problems(source):
    return [(problem.key, problem.kind) for problem in source.problems()]


def labels(source):
    return Counter(item.label for item in source.items())


def test_cropped_lesions_come_with_class_split_and_patient(archive):
    mass = archive.lesion("P_00001", "MALIGNANT", "mass_train")
    calc = archive.lesion("P_00001", "BENIGN", "calc_test")
    source = opened(archive)
    assert isinstance(source, CbisDdsmSource)
    assert found(source) == {mass: ("malignant", "train", "P_00001"), calc: ("benign", "test", "P_00001")}
    assert problems(source) == []


def test_of_crop_and_mask_in_one_series_the_crop_is_taken_though_its_name_comes_last(archive):
    crop = archive.lesion("P_00001", "BENIGN", together=True)
    assert crop.endswith("2-241.jpg")
    assert list(found(opened(archive))) == [crop]


def test_of_paths_that_the_table_mixes_up_the_crop_is_taken(archive):
    crop = archive.lesion("P_00001", "BENIGN", swapped=True)
    assert list(found(opened(archive))) == [crop]


def test_a_crop_without_description_is_known_by_the_mask_beside_it(archive):
    crops = {archive.lesion("P_00001", "BENIGN", together=together, described=False) for together in (True, False)}
    source = opened(archive)
    assert set(found(source)) == crops and problems(source) == []


def test_an_image_without_description_and_mask_is_not_taken_for_a_crop(archive):
    archive.lesion("P_00001", "BENIGN")
    series, _ = archive.image("cropped images", described=False)
    archive.line("P_00002", "BENIGN", "mass_train", [archive.image("full mammogram images")[0], series, series])
    source = opened(archive)
    assert len(source.items()) == 1
    assert problems(source) == [("mass_case_description_train_set.csv:9", "missing_file")]


def test_an_image_that_is_listed_twice_is_one(archive):
    crop = archive.lesion("P_00001", "BENIGN")
    archive.info += archive.info
    source = opened(archive)
    assert list(found(source)) == [crop] and problems(source) == []


def test_benign_without_callback_is_benign_and_that_is_said(archive):
    for patient, pathology in enumerate(["BENIGN", "BENIGN_WITHOUT_CALLBACK", "BENIGN_WITHOUT_CALLBACK", "MALIGNANT"]):
        archive.lesion(f"P_{patient}", pathology)
    source = opened(archive)
    assert labels(source) == {"benign": 3, "malignant": 1}
    assert "Benign without callback counts as benign: 2 of the images." in source.remarks()


def test_a_label_column_gives_its_own_values_as_classes(archive):
    archive.lesion("P_00001", "BENIGN_WITHOUT_CALLBACK")
    archive.lesion("P_00002", "BENIGN")
    source = opened(archive, label_column="pathology")
    assert labels(source) == {"BENIGN": 1, "BENIGN_WITHOUT_CALLBACK": 1}
    assert not any("callback" in remark for remark in source.remarks())
    assert labels(opened(archive, label_column="none")) == {None: 2}


def test_a_label_column_that_is_not_there_is_named(archive):
    archive.lesion("P_00001", "BENIGN")
    with pytest.raises(ConfigError, match="--label-column names 'patology'.*Did you mean 'pathology'"):
        opened(archive, label_column="patology")


def test_whole_mammograms_are_malignant_if_one_of_their_lesions_is(archive):
    series, key = archive.image("full mammogram images")
    for pathology in ("BENIGN", "MALIGNANT", "BENIGN"):
        archive.lesion("P_00001", pathology, mammogram=series)
    spared, other = archive.image("full mammogram images")
    for _ in range(2):
        archive.lesion("P_00002", "BENIGN_WITHOUT_CALLBACK", mammogram=spared)
    source = opened(archive, image_column=WHOLE)
    assert found(source) == {key: ("malignant", "train", "P_00001"), other: ("benign", "train", "P_00002")}
    assert problems(source) == []
    assert "Benign without callback counts as benign: 1 of the images." in source.remarks()


def test_a_mammogram_without_description_is_known_because_it_lies_alone(archive):
    series, key = archive.image("full mammogram images", described=False)
    archive.lesion("P_00001", "BENIGN", mammogram=series)
    assert list(found(opened(archive, image_column=WHOLE))) == [key]


def test_a_mammogram_has_one_class_of_a_label_column_or_is_left_out(archive):
    series, key = archive.image("full mammogram images")
    for pathology in ("BENIGN", "MALIGNANT"):
        archive.lesion("P_00001", pathology, mammogram=series)
    archive.lesion("P_00002", "BENIGN")
    source = opened(archive, image_column=WHOLE, label_column="pathology")
    assert problems(source) == [(key, "conflicting_label")] and labels(source) == {"BENIGN": 1}


@pytest.mark.parametrize("column", ["ROI mask file path", "image_file_path"])
def test_another_image_column_is_refused(archive, column):
    archive.lesion("P_00001", "BENIGN")
    with pytest.raises(ConfigError, match=r"'cropped image file path', 'image file path'"):
        opened(archive, image_column=column)


def test_a_group_column_is_refused(archive):
    archive.lesion("P_00001", "BENIGN")
    with pytest.raises(ConfigError, match="--group-column needs a table"):
        opened(archive, group_column="patient_id")


def test_lines_whose_image_is_missing_are_reported(archive):
    kept, gone = archive.lesion("P_00001", "BENIGN"), archive.lesion("P_00002", "BENIGN")
    archive.line("P_00003", "BENIGN", "mass_train", ["1.9", "1.9", "1.9"])
    (archive.root / gone).unlink()
    source = opened(archive)
    table = "mass_case_description_train_set.csv"
    assert list(found(source)) == [kept]
    assert [problem.message for problem in source.problems()] == [
        "Leads to a cropped lesion whose file is not there.",
        "Leads to no cropped lesion that dicom_info.csv lists.",
    ]
    assert {(key.partition(":")[0], kind) for key, kind in problems(source)} == {(table, "missing_file")}


def test_images_without_a_line_are_reported_masks_and_mammograms_are_not(archive, encode):
    archive.lesion("P_00001", "BENIGN")
    for kind in ("ROI mask images", "full mammogram images"):
        archive.image(kind)
    _, crop = archive.image("cropped images")
    _, unknown = archive.image("cropped images", described=False)
    _, unlisted = archive.image("cropped images")
    archive.info.pop()
    source = opened(archive)
    assert sorted(problems(source)) == [(key, "no_label") for key in sorted([crop, unknown, unlisted])]
    assert len(source.items()) == 1


def test_a_line_that_leads_to_two_crops_is_reported(archive):
    archive.lesion("P_00001", "BENIGN")
    crops = [archive.image("cropped images")[0] for _ in range(2)]
    archive.line("P_00002", "BENIGN", "mass_train", [archive.image("full mammogram images")[0], *crops])
    source = opened(archive)
    assert [kind for _, kind in problems(source)] == ["several_images"] and len(source.items()) == 1


def test_lines_that_disagree_on_one_crop_are_reported(archive):
    archive.lesion("P_00001", "BENIGN")
    mammogram = archive.image("full mammogram images")[0]
    crop, key = archive.image("cropped images")
    archive.line("P_00002", "BENIGN", "mass_train", [mammogram, crop, crop])
    archive.line("P_00002", "MALIGNANT", "calc_train", [mammogram, crop, crop])
    source = opened(archive)
    assert problems(source) == [(key, "conflicting_label")]
    assert "mass_case_description_train_set.csv:9" in source.problems()[0].message


def test_an_empty_pathology_is_no_label_and_an_unknown_one_an_error(archive):
    archive.lesion("P_00001", "BENIGN")
    empty = archive.lesion("P_00002", "")
    assert problems(opened(archive)) == [(empty, "no_label")]
    archive.lesion("P_00003", "UNPROVEN")
    with pytest.raises(DatasetError, match="'UNPROVEN'.*BENIGN_WITHOUT_CALLBACK.*--label-column pathology"):
        opened(archive)


def test_tables_that_are_not_there_are_named(archive):
    archive.lesion("P_00001", "BENIGN", "mass_test")
    (remark, *_) = opened(archive).remarks()
    assert "mass_case_description_train_set.csv" in remark and "mass_case_description_test_set.csv" not in remark


@pytest.mark.parametrize("part", ["csv/dicom_info.csv", "jpeg"])
def test_a_part_of_the_archive_is_no_data_set(archive, part):
    archive.lesion("P_00001", "BENIGN")
    root = archive.write()
    (root / part).rename(root / "elsewhere")
    with pytest.raises(DatasetError, match=f"has no .*{part}.*Unpack the whole archive"):
        open_source(str(root))


def test_a_table_that_lacks_a_column_is_named(archive):
    archive.lesion("P_00001", "BENIGN")
    path = archive.write() / "csv/dicom_info.csv"
    path.write_text(path.read_text().replace("SeriesDescription", "Description"))
    with pytest.raises(DatasetError, match=r"dicom_info.csv has no column 'SeriesDescription'"):
        open_source(str(archive.root))


def test_tables_that_lead_nowhere_are_an_error(archive):
    archive.lesion("P_00001", "BENIGN")
    archive.info[:] = [row | {"image_path": "elsewhere/1.jpg"} for row in archive.info]
    with pytest.raises(DatasetError, match="lead to no cropped lesion: 4 problems, the first: Leads to no cropped"):
        opened(archive)


def test_no_other_column_and_no_patient_reaches_an_item_or_a_problem(archive):
    archive.lesion("P_00001", "BENIGN")
    archive.line("P_77777", "BENIGN", "mass_train", ["1.9", "1.9", "1.9"])
    source = opened(archive)
    assert "SECRET" not in repr(vars(source))
    assert "P_77777" not in repr(source.problems())


def test_the_hash_follows_tables_and_options(archive):
    archive.lesion("P_00001", "BENIGN")
    hashes = {opened(archive).content_hash(), opened(archive, image_column=WHOLE).content_hash()}
    archive.info[0]["PatientID"] = "another"
    assert len(hashes | {opened(archive).content_hash()}) == 3


def test_a_patient_of_both_tables_and_splits_is_one_group_that_leaks(archive):
    for patient in range(12):
        archive.lesion(f"P_{patient:05}", ("BENIGN", "MALIGNANT")[patient % 2], "mass_train")
    for patient in (0, 1, 20, 21):
        archive.lesion(f"P_{patient:05}", ("BENIGN_WITHOUT_CALLBACK", "MALIGNANT")[patient % 2], "calc_test")
    found = inspect(str(archive.write()))
    fingerprint = found.fingerprint
    assert fingerprint.source == "cbis-ddsm" and fingerprint.images == 16 and fingerprint.carved == ("val",)
    assert fingerprint.groups.known == 14 and fingerprint.groups.across["test in train"] == 2
    assert fingerprint.classes.counts["benign"]["test"] == 2
    assert fingerprint.notes[0].startswith("Recognised as CBIS-DDSM")
    assert not any("P_0" in group for group in found.table.groups)
    cleaned = inspect(str(archive.root), remove_copies=True).fingerprint
    assert cleaned.removed == {"train: group in test": 2} and cleaned.groups.leaking == 2
