import pytest

from synthetyk.core.errors import ConfigError, DatasetError
from synthetyk.data.fingerprint import inspect
from synthetyk.data.open import open_source
from synthetyk.data.source import SourceOptions
from synthetyk.data.sources.folder import FolderSource
from synthetyk.data.sources.idc import IdcSource
from synthetyk.data.sources.table import TableSource

NESTED = "IDC_regular_ps50_idx5"


def name(patient, label, x=1):
    return f"{patient}/{label}/{patient}_idx5_x{x}_y1_class{label}.png"


def listed(root):
    return IdcSource.open(str(root), SourceOptions())


def found(source):
    return [(item.key, item.label, item.split, item.group) for item in source.items()]


def problems(source):
    return [(problem.key, problem.kind) for problem in source.problems()]


def test_folders_below_a_patient_are_classes_and_patients_are_groups(tree):
    assert found(listed(tree(name(9036, 1), name(8863, 0), name(8863, 1)))) == [
        (name(8863, 0), "IDC negative", None, "8863"),
        (name(8863, 1), "IDC positive", None, "8863"),
        (name(9036, 1), "IDC positive", None, "9036"),
    ]


def test_a_second_tree_inside_the_first_does_not_double_the_images(tree):
    names = [name(8863, 0), name(8863, 1), name(9036, 0)]
    source = listed(tree(*names, *(f"{NESTED}/{each}" for each in names)))
    assert [key for key, *_ in found(source)] == names and problems(source) == []
    assert any("second copy" in remark and f"3 in {NESTED}." in remark for remark in source.remarks())


def test_without_a_second_tree_none_is_mentioned(tree):
    assert len(listed(tree(name(8863, 0))).remarks()) == 1


def test_what_only_the_inner_tree_holds_is_used(tree):
    source = listed(tree(name(8863, 0), f"{NESTED}/{name(8863, 0)}", f"{NESTED}/{name(9036, 1)}"))
    assert [key for key, *_ in found(source)] == [name(8863, 0), f"{NESTED}/{name(9036, 1)}"]


@pytest.mark.parametrize("above", ["", f"{NESTED}/", f"archive/{NESTED}/"])
def test_it_is_recognised_from_the_tree_and_from_the_folders_above_it(tree, above):
    root = tree(above + name(8863, 0), above + name(9036, 1))
    assert isinstance(open_source(str(root)), IdcSource)


def test_numbered_folders_of_other_images_are_classes_as_ever(tree):
    assert isinstance(open_source(str(tree("8863/0/1.png", "8863/1/2.png"))), FolderSource)


def test_a_table_of_the_user_goes_first(tree):
    root = tree(name(8863, 0), **{"labels.csv": f"file,label\n{name(8863, 0)},mine\n"})
    assert isinstance(open_source(str(root)), TableSource)


def test_other_images_do_not_hide_it_and_are_reported(tree):
    source = open_source(str(tree("0_slide.png", *(name(8863, n) for n in (0, 1)), name(9036, 0), "8863/0/mask.png")))
    assert isinstance(source, IdcSource)
    assert problems(source) == [("0_slide.png", "no_label"), ("8863/0/mask.png", "no_label")]


def test_a_name_that_contradicts_its_folders_is_reported(tree):
    moved = ["8863/1/8863_idx5_x51_y1_class0.png", "8863/0/9036_idx5_x1_y1_class0.png"]
    source = listed(tree(name(8863, 0), *moved))
    assert problems(source) == [(key, "conflicting_label") for key in sorted(moved)]
    assert len(source.items()) == 1


def test_a_tree_without_patches_cannot_be_opened(tree):
    with pytest.raises(DatasetError, match=r"no patch .* PATIENT/0\|1/"):
        listed(tree("8863/0/1.png"))


def test_options_of_tables_are_refused(tree):
    with pytest.raises(ConfigError, match="kind idc"):
        open_source(str(tree(name(8863, 0))), SourceOptions(label_column="x"))


def test_no_patient_stands_in_two_of_the_carved_splits(patches):
    patches(12)
    found = inspect(str(patches(12, NESTED)))
    assert found.fingerprint.source == "idc" and found.fingerprint.images == 48
    assert found.fingerprint.groups.known == 12 and found.fingerprint.groups.leaking == 0
    assert found.fingerprint.classes.names == ("IDC negative", "IDC positive")  # the study looks for the second
    assert found.fingerprint.exact_copies.groups == 0
    assert found.fingerprint.notes[:2] == tuple(found.source.remarks())
