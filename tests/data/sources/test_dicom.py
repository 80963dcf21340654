import numpy as np
import pytest

from synthetyk.core.errors import DatasetError
from synthetyk.data.open import open_source
from synthetyk.data.source import SourceOptions
from synthetyk.data.sources.dicom import DicomSource

FRAME = np.arange(16, dtype=np.uint8).reshape(4, 4) * 17


@pytest.fixture
def scan(make_dicom):
    return lambda patient="", frames=1: make_dicom(
        FRAME, PatientID=patient, PixelData=FRAME.tobytes() * frames, NumberOfFrames=frames
    )


def listed(location):
    return DicomSource.open(str(location), SourceOptions())


def found(source):
    return [(item.key, item.label, item.split, item.group) for item in source.items()]


def test_class_folders_give_labels(tree, scan):
    root = tree(**{"sick/1": scan("A"), "sick/2": scan("B"), "well/1": scan("A")})
    assert found(listed(root)) == [
        ("sick/1", "sick", None, "patient-1"),
        ("sick/2", "sick", None, "patient-2"),
        ("well/1", "well", None, "patient-1"),
    ]


def test_split_and_class_folders_give_both(tree, scan):
    root = tree(**{"train/sick/1": scan(), "test/sick/1": scan()})
    assert found(listed(root)) == [("test/sick/1", "sick", "test", None), ("train/sick/1", "sick", "train", None)]


def test_a_tree_of_patients_studies_and_series_has_no_labels(tree, scan):
    root = tree(**{"p1/study/1": scan("A"), "p2/study/1": scan("B")})
    assert [label for _, label, _, _ in found(listed(root))] == [None, None]


def test_folders_of_one_patient_each_are_no_classes_and_that_is_said(tree, scan):
    source = listed(tree(**{"p1/1": scan("A"), "p1/2": scan("A"), "p2/1": scan("B")}))
    assert {label for _, label, _, _ in found(source)} == {None}
    assert [(problem.key, problem.kind) for problem in source.problems()] == [(".", "no_label")]


def test_files_alone_have_no_labels(tree, scan):
    assert found(listed(tree(**{"b": scan("B"), "a": scan("A")}))) == [
        ("a", None, None, "patient-1"),
        ("b", None, None, "patient-2"),
    ]


def test_a_single_file_gives_its_frames_as_one_group(tree, scan):
    source = listed(tree(**{"cine": scan(frames=3)}) / "cine")
    assert found(source) == [(f"cine#{n}", None, None, "cine") for n in range(3)]
    np.testing.assert_array_equal(source.read(source.items()[2]).pixels[..., 0], FRAME)


def test_hostile_files_and_files_without_pixels_are_reported(tree, scan, make_dicom, nested, deflated_bomb):
    root = tree(**{"a": scan(), "bomb": deflated_bomb, "deep": nested(330), "report": make_dicom(None)})
    source = listed(root)
    assert [(problem.key, problem.kind) for problem in source.problems()] == [
        ("bomb", "hostile_dicom"),
        ("deep", "hostile_dicom"),
        ("report", "no_pixels"),
    ]
    assert [key for key, *_ in found(source)] == ["a"]


def test_nothing_usable_is_an_error(tree, make_dicom):
    with pytest.raises(DatasetError, match="holds no pixels"):
        listed(tree(report=make_dicom(None)))


def test_only_trees_of_dicom_alone_are_recognised(tree, scan, tmp_path):
    root = tree(**{"a/1": scan(), "a/notes.txt": "text"})
    assert DicomSource.recognises(str(root))
    assert DicomSource.recognises(str(root / "a/1"))
    assert not DicomSource.recognises(str(root / "a/notes.txt"))
    assert not DicomSource.recognises(str(tree("a/2.png")))
    (tmp_path / "empty").mkdir()
    assert not DicomSource.recognises(str(tmp_path / "empty"))
    assert not DicomSource.recognises(str(tmp_path / "nothing"))


def test_no_patient_value_is_kept(tree, scan):
    source = listed(tree(a=scan("SECRET7")))
    assert "SECRET7" not in repr(vars(source))


def test_the_hash_does_not_change_from_run_to_run(tree, scan):
    root = tree(a=scan("A"), b=scan("B"))
    assert listed(root).content_hash() == listed(root).content_hash()


def test_real_files_are_listed_frame_by_frame(real_data):
    source = listed(real_data("dicom"))
    assert len(source.items()) == 39
    assert source.problems() == []
    assert {source.read(item).pixels.dtype for item in source.items()} == {np.dtype(np.uint8)}


def test_a_table_beside_dicom_files_is_named_as_passed_over(tree, make_dicom):
    source = open_source(str(tree(**{"scans/1.dcm": make_dicom([[0, 1], [2, 3]]), "train.csv": "id,label\n7,a\n"})))
    assert isinstance(source, DicomSource)
    assert source.remarks() == ["Not read: train.csv. If labels are in there, give the path of that file itself."]
