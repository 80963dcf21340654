import gc
import io
import tempfile
import zipfile

import numpy as np
import pytest

from synthetyk.core.errors import DatasetError, DatasetNotFoundError, DecodeError, ImageTooLargeError
from synthetyk.data.source import SourceOptions
from synthetyk.data.sources.npz import NpzSource

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 5, 4), dtype=np.uint8)
LABELS = np.array([0, 1, 0, 1, 1, 0])


@pytest.fixture
def npz(tmp_path):
    def make(name="set.npz", **arrays):
        np.savez_compressed(tmp_path / name, **arrays)
        return tmp_path / name

    return make


def listed(path, **options):
    return NpzSource.open(str(path), SourceOptions(**options))


def test_medmnist_arrays_are_listed_by_split(npz):
    arrays = {f"{split}_{what}": value for split in ("train", "val", "test") for what, value in
              (("images", IMAGES), ("labels", LABELS[:, None]))}  # fmt: skip
    source = listed(npz(**arrays))
    assert len(source.items()) == 18
    assert [(i.key, i.label, i.split) for i in source.items()[5:8]] == [
        ("train/0005", "0", "train"),
        ("val/0000", "0", "val"),
        ("val/0001", "1", "val"),
    ]


def test_plain_arrays_have_no_split_and_labels_are_optional(npz):
    labelled = listed(npz(images=IMAGES, labels=np.array(list("xyzxyz"))))
    assert [(i.key, i.label, i.split) for i in labelled.items()[:2]] == [("0000", "x", None), ("0001", "y", None)]
    assert {i.label for i in listed(npz(images=IMAGES)).items()} == {None}


@pytest.mark.parametrize(
    ("images", "mode", "bits"),
    [
        (IMAGES, "npz L;8", 8),
        (IMAGES[..., None], "npz L;8", 8),
        (np.stack([IMAGES] * 3, axis=-1), "npz RGB;8", 8),
        (IMAGES.astype(np.uint16) * 16, "npz L;16", 16),
        (IMAGES.astype(">u2"), "npz L;16", 16),
    ],
)
def test_images_are_read_exactly(npz, images, mode, bits):
    source = listed(npz(train_images=images, train_labels=LABELS))
    raw = source.read(source.items()[3])
    np.testing.assert_array_equal(raw.pixels, images[3].reshape(5, 4, -1))
    assert (raw.mode, raw.bit_depth, raw.pixels.dtype.isnative) == (mode, bits, True)


def test_images_without_labels_in_a_set_with_labels_are_reported(npz):
    source = listed(npz(train_images=IMAGES, train_labels=LABELS, test_images=IMAGES[:2]))
    assert [(p.key, p.kind) for p in source.problems()] == [("test/0000", "no_label"), ("test/0001", "no_label")]
    assert len(source.items()) == 6


def test_pickled_objects_are_refused_and_never_run(npz, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    for arrays in ({"labels": np.array([Bomb()] * 6, object)}, {"labels": LABELS, "note": np.array([Bomb()], object)}):
        with pytest.raises(DatasetError, match="pickled Python objects"):
            listed(npz(images=IMAGES, **arrays))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"other": IMAGES}, "holds other"),
        ({"images": IMAGES.astype(float)}, "uint8 or uint16"),
        ({"images": IMAGES.astype(bool)}, "uint8 or uint16"),
        ({"images": IMAGES.astype(np.int64)}, "uint8 or uint16"),
        ({"images": IMAGES[0]}, "shape"),
        ({"images": IMAGES[:0]}, "shape"),
        ({"images": np.stack([IMAGES] * 4, axis=-1)}, "shape"),
        ({"images": IMAGES, "labels": LABELS[:4]}, "4 labels for 6 images"),
        ({"images": IMAGES, "labels": np.zeros((6, 3), int)}, "several labels"),
        ({"images": IMAGES, "labels": LABELS * 0.5}, "integers or strings"),
    ],
)
def test_arrays_of_another_layout_are_a_clear_error(npz, arrays, message):
    with pytest.raises(DatasetError, match=message):
        listed(npz(**arrays))


def test_images_beyond_the_limit_are_refused(npz):
    with pytest.raises(ImageTooLargeError, match="4 x 5"):
        listed(npz(images=IMAGES), max_pixels=19)


def test_what_is_no_npz_is_an_error(tmp_path):
    path = tmp_path / "a.npz"
    path.write_text("text")
    with pytest.raises(DatasetError, match="no npz"):
        listed(path)
    with pytest.raises(DatasetNotFoundError):
        listed(tmp_path / "gone.npz")


def test_a_damaged_array_is_a_decode_error(npz):
    path = npz(images=np.random.default_rng(0).integers(0, 256, (50, 20, 20), dtype=np.uint8))
    data = bytearray(path.read_bytes())
    data[2000:2100] = b"\0" * 100
    path.write_bytes(data)
    source = listed(path)
    with pytest.raises(DecodeError, match="damaged"):
        source.read(source.items()[0])


@pytest.mark.parametrize("name", ["images", "labels"])
def test_an_array_that_claims_more_than_the_file_holds_is_refused(tmp_path, name):
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, {"descr": "|u1", "fortran_order": False, "shape": (2000, 60000, 1000)})
    with zipfile.ZipFile(tmp_path / "set.npz", "w") as archive:
        archive.writestr(f"{name}.npy", member.getvalue())
    with pytest.raises(DatasetError, match=rf"{name} of set.npz claims shape \(2000, 60000, 1000\) .* holds 0 bytes"):
        listed(tmp_path / "set.npz")


@pytest.mark.parametrize("error", [MemoryError(), OSError(28, "No space left on device")])
def test_without_room_to_unpack_it_says_where_to_make_some(npz, monkeypatch, error):
    source = listed(npz(images=IMAGES))

    def full(*_, **__):
        raise error

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(DatasetError, match=r"unpacked: .*(out of memory|No space).* TMPDIR") as caught:
        source.read(source.items()[0])
    assert not isinstance(caught.value, DecodeError)  # one image after the other would be tried in vain


def test_arrays_are_mapped_from_files_that_go_with_the_source(npz, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "room"))
    (tmp_path / "room").mkdir()
    split = {f"{name}_images": IMAGES for name in ("train", "test")}
    source = listed(npz(**split))
    for item in [*source.items(), *reversed(source.items())]:
        np.testing.assert_array_equal(source.read(item).pixels[..., 0], IMAGES[int(item.key[-4:])])
    del source
    gc.collect()
    assert not list((tmp_path / "room").iterdir())


def test_an_array_is_unpacked_once_whatever_the_order(npz, monkeypatch):
    unpacked = []
    make = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: unpacked.append(1) or make())
    source = listed(npz(train_images=IMAGES, test_images=IMAGES))
    for first, second in zip(source.items()[:6], source.items()[6:], strict=True):
        source.read(first), source.read(second)
    assert len(unpacked) == 2


def test_arrays_in_fortran_order_are_read_exactly(npz):
    source = listed(npz(images=np.asfortranarray(IMAGES)))
    np.testing.assert_array_equal(source.read(source.items()[3]).pixels[..., 0], IMAGES[3])


def test_npz_is_recognised_by_name_or_content(npz, tmp_path):
    path = npz(images=IMAGES)
    renamed = path.rename(tmp_path / "set.bin")
    assert NpzSource.recognises(str(renamed))
    assert not NpzSource.recognises(str(tmp_path))
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    assert not NpzSource.recognises(str(tmp_path / "other.zip"))
    (tmp_path / "text").write_text("x")
    assert not NpzSource.recognises(str(tmp_path / "text"))


def test_the_hash_follows_content_and_options(npz):
    path = npz(images=IMAGES)
    assert listed(path).content_hash() == listed(path).content_hash() != listed(path, max_pixels=99).content_hash()
    first = listed(path).content_hash()
    assert listed(npz(images=255 - IMAGES)).content_hash() != first


def test_pneumoniamnist_has_its_published_counts(real_data):
    source = listed(real_data("pneumoniamnist.npz"))
    counts = {}
    for item in source.items():
        counts[item.split, item.label] = counts.get((item.split, item.label), 0) + 1
    assert (counts["train", "0"], counts["train", "1"]) == (1214, 3494)
    assert (len(source.items()), source.read(source.items()[-1]).pixels.shape) == (5856, (28, 28, 1))
