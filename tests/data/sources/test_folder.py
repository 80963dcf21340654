import pickle

import numpy as np
import pytest

from synthetyk.core.errors import DatasetError, DecodeError
from synthetyk.data.source import Item, SourceOptions
from synthetyk.data.sources.folder import FolderSource


def listed(root, **options):
    return FolderSource.open(str(root), SourceOptions(**options))


def found(source):
    return [(item.key, item.label, item.split) for item in source.items()]


def problems(source):
    return [(problem.key, problem.kind) for problem in source.problems()]


def failure(source, key):
    with pytest.raises(DecodeError) as caught:
        source.read(Item(key))
    return caught.value.kind


def test_class_folders_give_labels_in_the_order_of_the_paths(tree):
    assert found(listed(tree("b/2.png", "a/1.png", "b/1.png"))) == [
        ("a/1.png", "a", None),
        ("b/1.png", "b", None),
        ("b/2.png", "b", None),
    ]


def test_split_folders_have_their_usual_names_in_any_case(tree):
    root = tree("Training/a/1.png", "valid/a/1.png", "TEST/a/1.png", "train/a/1.png")
    splits = {key: split for key, _, split in found(listed(root))}
    assert splits == {
        "TEST/a/1.png": "test",
        "Training/a/1.png": "train",
        "train/a/1.png": "train",
        "valid/a/1.png": "val",
    }


def test_deeper_folders_belong_to_the_class_above(tree):
    assert found(listed(tree("train/sick/patient1/left/1.png"))) == [
        ("train/sick/patient1/left/1.png", "sick", "train")
    ]


def test_images_alone_are_a_set_without_labels(tree):
    assert found(listed(tree("1.png", "2.png"))) == [("1.png", None, None), ("2.png", None, None)]


def test_split_folders_without_classes_are_a_set_without_labels(tree):
    assert found(listed(tree("train/1.png", "test/1.png"))) == [
        ("test/1.png", None, "test"),
        ("train/1.png", None, "train"),
    ]


def test_a_class_may_be_called_test(tree):
    assert found(listed(tree("test/1.png", "control/1.png"))) == [
        ("control/1.png", "control", None),
        ("test/1.png", "test", None),
    ]


def test_images_beside_the_class_folders_are_reported(tree):
    source = listed(tree("a/1.png", "stray.png", "b/1.png"))
    assert problems(source) == [("stray.png", "no_label")]
    assert len(source.items()) == 2


def test_images_outside_and_directly_in_split_folders_are_reported(tree):
    source = listed(tree("train/a/1.png", "test/a/1.png", "train/stray.png", "more/a/1.png", "top.png"))
    assert problems(source) == [("more/a/1.png", "no_label"), ("top.png", "no_label"), ("train/stray.png", "no_label")]
    assert len(source.items()) == 2


def test_side_files_and_hidden_files_are_passed_over(tree):
    names = ["README", "a/notes.txt", "a/Thumbs.db", "list.csv", ".DS_Store", "a/._1.png", ".cache/a/1.png"]
    source = listed(tree("a/1.png", **dict.fromkeys(names, "text")))
    assert (len(source.items()), source.problems()) == (1, [])


def test_tables_that_are_passed_over_are_named(tree):
    tables = {"train.csv": "id_code,diagnosis\n1,0\n", "test.csv": "id_code\n2\n"}
    source = listed(tree("train_images/1.png", "test_images/2.png", **tables))
    assert source.remarks() == [
        "Not read: test.csv, train.csv. If labels are in there, give the path of that file itself."
    ]


def test_a_folder_without_tables_speaks_for_itself(tree):
    assert listed(tree("a/1.png", **{"a/list.csv": "x"})).remarks() == []


def test_content_makes_an_image_whatever_its_name(tree, encode):
    root = tree("a/1.png", **{"a/scan": encode(np.zeros((3, 3), np.uint8), "TIFF"), "a/BM.txt": "BMI,age\n20,30\n"})
    assert [key for key, *_ in found(listed(root))] == ["a/1.png", "a/scan"]


def test_bad_files_are_listed_and_refused_when_read(tree, png, png_bomb):
    source = listed(
        tree(
            **{"a/text.png": "no image", "a/zero.png": b"", "a/cut.png": png[:-20], "a/bomb.png": png_bomb},
            **{"a/moving.gif": b"GIF89a" + bytes(20)},
        )
    )
    kinds = {item.key: failure(source, item.key) for item in source.items()}
    assert kinds == {
        "a/bomb.png": "too_large",
        "a/cut.png": "truncated",
        "a/moving.gif": "unsupported",
        "a/text.png": "not_an_image",
        "a/zero.png": "empty",
    }


def test_mixed_sizes_and_modes_are_read_in_one_set(tree, encode):
    rng = np.random.default_rng(0)
    files = {
        "a/rgb.png": encode(rng.integers(0, 255, (4, 5, 3), dtype=np.uint8)),
        "a/rgba.png": encode(np.full((7, 3, 4), 255, np.uint8)),
        "b/l.bmp": encode(np.zeros((2, 9), np.uint8), "BMP"),
        "b/deep.tif": encode(np.full((6, 6), 4000, np.uint16), "TIFF"),
    }
    source = listed(tree(**files))
    shapes = {item.key: (source.read(item).mode, source.read(item).pixels.shape) for item in source.items()}
    assert shapes == {
        "a/rgb.png": ("RGB", (4, 5, 3)),
        "a/rgba.png": ("RGBA", (7, 3, 3)),
        "b/deep.tif": ("I;16", (6, 6, 1)),
        "b/l.bmp": ("L", (2, 9, 1)),
    }


def test_the_limit_on_pixels_is_an_option(tree):
    assert failure(listed(tree("a/1.png"), max_pixels=29), "a/1.png") == "too_large"


def test_a_file_that_went_away_is_missing(tree):
    root = tree("a/1.png")
    source = listed(root)
    (root / "a/1.png").unlink()
    assert failure(source, "a/1.png") == "missing_file"
    assert len(source.content_hash()) == 64


@pytest.mark.parametrize("files", [{}, {"notes.txt": "no image"}])
def test_a_folder_without_images_is_an_error(tree, tmp_path, files):
    (tmp_path / "set").mkdir()
    with pytest.raises(DatasetError, match="no image"):
        listed(tree(**files))


def test_one_class_and_a_class_of_one_are_listed(tree):
    assert [label for _, label, _ in found(listed(tree("only/1.png")))] == ["only"]


def test_dicom_among_images_is_read_frame_by_frame(tree, make_dicom):
    frame = np.arange(16, dtype=np.uint8).reshape(4, 4) * 17
    cine = make_dicom(frame, PixelData=frame.tobytes() * 2, NumberOfFrames=2, PatientID="SECRET7")
    source = listed(tree("a/1.png", **{"b/cine.png": cine, "b/report.dcm": make_dicom(None)}))
    assert [(item.key, item.label, item.group) for item in source.items()] == [
        ("a/1.png", "a", None),
        ("b/cine.png#0", "b", "patient-1"),
        ("b/cine.png#1", "b", "patient-1"),
    ]
    np.testing.assert_array_equal(source.read(source.items()[2]).pixels[..., 0], frame)
    assert problems(source) == [("b/report.dcm", "no_pixels")]


def test_a_number_sign_in_a_name_is_no_frame(tree):
    source = listed(tree("a/1#2.png", "a/x#3"))
    assert [source.read(item).mode for item in source.items()] == ["L", "L"]


def test_linked_folders_are_followed_once(tree):
    root = tree("a/1.png")
    (root / "b").symlink_to(root / "a")
    (root / "a" / "loop").symlink_to(root)
    assert [key for key, *_ in found(listed(root))] == ["a/1.png"]


def test_the_hash_follows_content_labels_and_options(tree, png):
    root = tree("a/1.png", "b/2.png")
    first = listed(root).content_hash()
    assert listed(root).content_hash() == first
    assert listed(root, max_pixels=99).content_hash() != first
    (root / "b/2.png").rename(root / "a/2.png")
    moved = listed(root).content_hash()
    assert moved != first
    (root / "a/2.png").write_bytes(png + b"\0")
    assert listed(root).content_hash() not in (first, moved)
    (root / "stray.png").write_bytes(png)
    assert len({listed(root).content_hash(), first, moved}) == 3


def test_a_source_can_be_sent_to_another_process(tree):
    source = listed(tree("a/1.png"))
    again = pickle.loads(pickle.dumps(source))
    assert again.content_hash() == source.content_hash()


def test_chest_xray_is_listed_by_split_and_class(real_data):
    source = listed(real_data("chest_xray"))
    counts = {}
    for _, label, split in found(source):
        counts[split, label] = counts.get((split, label), 0) + 1
    assert counts == {
        ("train", "NORMAL"): 1341,
        ("train", "PNEUMONIA"): 3875,
        ("test", "NORMAL"): 234,
        ("test", "PNEUMONIA"): 390,
    }
    assert source.problems() == []
