from dataclasses import fields

import pytest

from synthetyk.core.errors import ConfigError, DatasetError, DatasetNotFoundError
from synthetyk.data.open import open_source
from synthetyk.data.source import Item, SourceOptions
from synthetyk.data.sources.table import TableSource


def listed(location, **options):
    return TableSource.open(str(location), SourceOptions(**options))


def found(source):
    return [(item.key, item.label) for item in source.items()]


def problems(source):
    return [(problem.key, problem.kind) for problem in source.problems()]


def test_a_folder_with_one_table_is_read(tree):
    root = tree("images/1.png", "images/2.png", **{"labels.csv": "file,label\nimages/1.png,sick\nimages/2.png,well\n"})
    assert found(listed(root)) == [("images/1.png", "sick"), ("images/2.png", "well")]


def test_group_and_split_columns_are_used(tree):
    text = "file,label,slide,split\n1.png,a,s1,Training\n2.png,b,,\n"
    source = listed(tree("1.png", "2.png", **{"labels.csv": text}))
    assert list(source.items()) == [Item("1.png", "a", "train", "s1"), Item("2.png", "b", None, None)]


def test_other_columns_never_reach_an_item(tree):
    text = "file,label,age,sex,hospital\n1.png,a,SECRETAGE,SECRETSEX,SECRETPLACE\n"
    source = listed(tree("1.png", **{"labels.csv": text}))
    assert {field.name for field in fields(Item)} == {"key", "label", "split", "group"}
    assert list(source.items()) == [Item("1.png", "a", None, None)]
    assert "SECRET" not in repr(vars(source))


def test_numbers_find_files_with_leading_zeros_in_a_subfolder(tree):
    text = "id, hemorrhage\n0,1\n1,0\n12,0\n"
    source = listed(tree("scans/000.png", "scans/001.png", "scans/012.png", **{"labels.csv": text}))
    assert found(source) == [("scans/000.png", "1"), ("scans/001.png", "0"), ("scans/012.png", "0")]


@pytest.mark.parametrize(
    "cell", ["a/one.png", "./a//one.png", "a/../a/one.png", "a/one", "one.png", "one", r"a\one.png"]
)
def test_a_cell_may_be_a_path_a_name_or_a_stem(tree, cell):
    assert found(listed(tree("a/one.png", **{"labels.csv": f"file,label\n{cell},x\n"}))) == [("a/one.png", "x")]


def test_an_absolute_path_is_found(tree):
    root = tree("a/one.png")
    (root / "labels.csv").write_text(f"file,label\n{root / 'a/one.png'},x\n")
    assert found(listed(root)) == [("a/one.png", "x")]


def test_the_images_may_lie_elsewhere(tree, tmp_path):
    root = tree("images/1.png")
    table = tmp_path / "elsewhere.csv"
    table.write_text("file,label\n1.png,a\n")
    assert found(listed(table, images_root=str(root / "images"))) == [("1.png", "a")]
    with pytest.raises(DatasetNotFoundError, match="--images-root"):
        listed(table, images_root=str(root / "nothing"))


def test_a_name_that_fits_two_files_is_an_error(tree):
    root = tree("a/one.png", "b/one.png", **{"labels.csv": "file,label\none,x\n"})
    with pytest.raises(DatasetError, match=r"Line 2 means several files: a/one.png, b/one.png"):
        listed(root)


def test_labels_for_files_that_do_not_exist_are_reported(tree):
    long = "x" * 5000
    text = f"file,label\n1.png,a\ngone.png,b\n,b\n{long},b\n"
    source = listed(tree("1.png", **{"labels.csv": text}))
    assert problems(source) == [("gone.png", "missing_file"), ("line 4", "missing_file"), (long, "missing_file")]


def test_a_table_that_leads_nowhere_is_an_error(tree):
    with pytest.raises(DatasetError, match="leads to no image"):
        listed(tree(**{"labels.csv": "file,label\n1.png,a\n"}))


def test_files_without_a_line_or_with_an_empty_label_are_reported(tree):
    source = listed(tree("1.png", "2.png", "sub/3.png", **{"labels.csv": "file,label\n1.png,a\n2.png, \n"}))
    assert problems(source) == [("2.png", "no_label"), ("sub/3.png", "no_label")]
    assert found(source) == [("1.png", "a")]


def test_lines_that_disagree_about_a_file_are_reported_and_the_file_left_out(tree):
    text = "file,label,patient\n1.png,a,p\n1.png,b,p\n2.png,a,p\n2,a,q\n3.png,a,p\n"
    source = listed(tree("1.png", "2.png", "3.png", **{"labels.csv": text}))
    assert problems(source) == [("1.png", "conflicting_label"), ("2.png", "conflicting_row")]
    assert found(source) == [("3.png", "a")]


def test_a_repeated_line_is_reported_and_the_file_used_once(tree):
    source = listed(tree("1.png", **{"labels.csv": "file,label\n1.png,a\n1.png,a\n"}))
    assert (found(source), problems(source)) == ([("1.png", "a")], [("1.png", "duplicate_row")])


def test_a_split_of_another_name_is_an_error(tree):
    root = tree("1.png", **{"labels.csv": "file,label,split\n1.png,a,holdout\n"})
    with pytest.raises(DatasetError, match="'holdout'"):
        listed(root)
    assert listed(root, split_column="none").items()[0].split is None


def test_no_label_column_makes_a_set_without_labels(tree):
    root = tree("1.png", **{"labels.csv": "file,age\n1.png,70\n"})
    assert found(listed(root, label_column="none")) == [("1.png", None)]


def test_dicom_in_a_table_takes_its_group_from_the_table_first(tree, make_dicom):
    import numpy as np

    scan = make_dicom(np.zeros((2, 2), np.uint8), PatientID="SECRET7")
    text = "file,label,patient\n1.dcm,a,p1\n2.dcm,b,\n"
    source = listed(tree(**{"labels.csv": text, "1.dcm": scan, "2.dcm": scan}))
    assert [item.group for item in source.items()] == ["p1", "patient-1"]


def test_the_hash_follows_the_table(tree):
    root = tree("1.png", **{"labels.csv": "file,label\n1.png,a\n"})
    first = listed(root).content_hash()
    (root / "labels.csv").write_text("file,label,age\n1.png,a,7\n")
    assert listed(root).content_hash() != first


def test_tables_are_recognised_by_what_they_lead_to(tree):
    root = tree("a/1.png", **{"people.csv": "id,age\nnobody,70\n"})
    assert not TableSource.recognises(str(root))
    assert TableSource.recognises(str(root / "people.csv"))
    (root / "people.csv").write_text("image,age\na/1.png,70\n")
    assert TableSource.recognises(str(root))
    (root / "people.csv").rename(root / "labels.csv")
    (root / "labels.csv").write_text("x,y\n1,2\n")
    assert TableSource.recognises(str(root))
    (root / "second.csv").write_text("file,label\n")
    assert not TableSource.recognises(str(root))
    assert not TableSource.recognises(str(root / "a/1.png"))
    assert not TableSource.recognises(str(root / "nothing"))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("id_code,diagnosis", "No column looks like the image; the columns are 'id_code', 'diagnosis'"),
        ("file,path,diagnosis", "More than one column could be the image: 'file', 'path'"),
        ("file,age,sex", "No column looks like the label; the columns are 'file', 'age', 'sex'"),
    ],
)
def test_a_folder_whose_table_leads_to_images_by_unclear_columns_is_no_image_folder(tree, header, message):
    cells = ",x" * header.count(",")
    root = tree("png/1a.png", "png/2b.png", **{"index.csv": f"{header}\n1a{cells}\n2b{cells}\n"})
    with pytest.raises(DatasetError, match=message):
        open_source(str(root))
    named = SourceOptions(image_column=header.partition(",")[0], label_column=header.rpartition(",")[2])
    assert [item.label for item in open_source(str(root), named).items()] == ["x", "x"]


def test_a_table_of_counts_beside_class_folders_leads_to_no_image(tree):
    root = tree("sick/1.png", "sick/2.png", "well/3.png", **{"counts.csv": "class,count\nsick,2\nwell,1000\n"})
    assert not TableSource.recognises(str(root))


def test_a_table_that_cannot_be_read_is_not_recognised_in_a_folder(tree):
    assert not TableSource.recognises(str(tree("1.png", **{"people.csv": b"\xff\xfe\0\0"})))


def test_a_folder_without_a_single_table_cannot_be_opened(tree):
    with pytest.raises(DatasetError, match="not exactly one table"):
        listed(tree("1.png"))


def test_a_missing_option_column_is_named(tree):
    with pytest.raises(ConfigError, match="--group-column"):
        listed(tree("1.png", **{"labels.csv": "file,label\n1.png,a\n"}), group_column="patient")


def test_blood_cells_come_with_slides_and_splits(real_data):
    source = listed(real_data("blood_cells"))
    train = [item.label for item in source.items() if item.split == "train"]
    assert {label: train.count(label) for label in set(train)} == {"RBC": 2381, "WBC": 214, "Platelets": 209}
    assert all(item.group for item in source.items())
    assert source.problems() == []


def test_head_ct_is_found_by_number(real_data):
    source = listed(real_data("head_ct"))
    labels = [item.label for item in source.items()]
    assert (len(labels), labels.count("1"), source.problems()) == (200, 100, [])
    assert source.items()[0].key == "head_ct/000.png"
