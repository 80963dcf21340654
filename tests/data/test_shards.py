import io
import json
import pickle
import tarfile
import tracemalloc
from functools import partial

import numpy as np
import pytest
import webdataset
from PIL import Image

from synthetyk.core.errors import ArtifactError, ConfigError
from synthetyk.data.shards import (
    Layout,
    decode_png,
    encode_png,
    folder_names,
    open_npz,
    read_npz,
    read_png,
    read_webdataset,
    write_npz,
    write_png,
    write_webdataset,
)


def whole(writer):
    """Return a function that writes a set to its end and returns the files."""
    return lambda *args, **options: list(writer(*args, **options))


WRITERS = {"png": whole(write_png), "npz": whole(write_npz), "webdataset": whole(write_webdataset)}
READERS = {
    "png": lambda path, layout: read_png(path, layout.class_names),
    "npz": lambda path, layout: read_npz(path),
    "webdataset": lambda path, layout: read_webdataset(path),
}


def a_set(count=25, shape=(1, 6, 5), class_names=("normal", "ill")):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (count, *shape), dtype=np.uint8)
    labels = random.integers(0, len(class_names), count) if class_names else np.full(count, -1)
    return Layout(count, shape, tuple(class_names)), images, labels.astype(np.int64)


def batches(images, labels, size=7):
    return [(images[start : start + size], labels[start : start + size]) for start in range(0, len(images), size)]


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("shape", [(1, 6, 5), (3, 6, 5)])
@pytest.mark.parametrize("class_names", [("normal", "ill"), ()])
def test_every_format_gives_back_what_it_was_given(tmp_path, kind, shape, class_names):
    layout, images, labels = a_set(shape=shape, class_names=class_names)
    path = tmp_path / ("set.npz" if kind == "npz" else "set")
    WRITERS[kind](path, layout, batches(images, labels))
    found, found_labels = READERS[kind](path, layout)
    assert np.array_equal(found, images)
    assert np.array_equal(found_labels, labels)
    assert found.dtype == np.uint8
    assert found_labels.dtype == np.int64


@pytest.mark.parametrize("kind", WRITERS)
def test_the_batch_size_leaves_no_trace(tmp_path, kind):
    layout, images, labels = a_set()
    for size in (1, 25):
        (tmp_path / str(size)).mkdir()
        WRITERS[kind](tmp_path / str(size) / "set", layout, batches(images, labels, size))
    one, other = (
        {path.relative_to(tmp_path / size).as_posix(): path.read_bytes() for path in (tmp_path / size).rglob("*.*")}
        for size in ("1", "25")
    )
    assert one == other


@pytest.mark.parametrize("kind", WRITERS)
def test_every_file_is_named_when_it_is_whole(tmp_path, kind):
    layout, images, labels = a_set()
    writer = {"png": write_png, "npz": write_npz, "webdataset": partial(write_webdataset, per_shard=10)}[kind]
    sizes = [(path, path.stat().st_size) for path in writer(tmp_path / "set", layout, batches(images, labels))]
    assert {path for path, _ in sizes} == {
        path for path in [tmp_path / "set", *tmp_path.rglob("*.*")] if path.is_file()
    }
    assert all(path.stat().st_size == size for path, size in sizes)


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("announced", [24, 26])
def test_another_count_than_announced_is_an_error(tmp_path, kind, announced):
    layout, images, labels = a_set()
    wrong = Layout(announced, layout.shape, layout.class_names)
    with pytest.raises(ConfigError, match="25 images"):
        WRITERS[kind](tmp_path / "set", wrong, batches(images, labels))


def test_images_beyond_full_shards_are_an_error(tmp_path):
    layout, images, labels = a_set()
    with pytest.raises(ConfigError, match="25 images"):
        WRITERS["webdataset"](tmp_path, Layout(20, layout.shape, ("a", "b")), batches(images, labels), per_shard=10)


def test_numpy_reads_the_npz_as_medmnist_lays_it_out(tmp_path):
    for shape, stored in (((1, 6, 5), (25, 6, 5)), ((3, 6, 5), (25, 6, 5, 3))):
        layout, images, labels = a_set(shape=shape)
        WRITERS["npz"](tmp_path / "set.npz", layout, batches(images, labels))
        with np.load(tmp_path / "set.npz") as arrays:
            assert arrays["images"].shape == stored
            assert arrays["images"].dtype == np.uint8
            assert np.array_equal(np.moveaxis(images, 1, -1).reshape(stored), arrays["images"])
            assert np.array_equal(arrays["labels"], labels)


def test_an_npz_without_classes_has_no_labels(tmp_path):
    layout, images, labels = a_set(class_names=())
    WRITERS["npz"](tmp_path / "set.npz", layout, batches(images, labels))
    with np.load(tmp_path / "set.npz") as arrays:
        assert arrays.files == ["images"]


def test_writing_an_npz_takes_memory_for_one_batch_only(tmp_path):
    count = 40_000
    batch = np.zeros((1000, 1, 28, 28), dtype=np.uint8)
    labels = np.zeros(1000, dtype=np.int64)
    tracemalloc.start()
    WRITERS["npz"](
        tmp_path / "set.npz", Layout(count, (1, 28, 28), ("a",)), ((batch, labels) for _ in range(count // 1000))
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "set.npz").stat().st_size > 31e6
    assert peak < 5e6


@pytest.mark.parametrize("shape", [(1, 6, 5), (3, 6, 5)])
@pytest.mark.parametrize("class_names", [("normal", "ill"), ()])
def test_images_of_an_npz_can_stay_in_the_file(tmp_path, shape, class_names):
    layout, images, labels = a_set(shape=shape, class_names=class_names)
    WRITERS["npz"](tmp_path / "set.npz", layout, batches(images, labels))
    found, found_labels = open_npz(tmp_path / "set.npz")
    assert found.shape == images.shape and len(found) == 25
    assert np.array_equal(found_labels, labels)
    for rows in (np.array([24, 0, 3]), slice(4, 9), np.arange(0)):
        assert np.array_equal(pickle.loads(pickle.dumps(found))[rows], images[rows])


def test_an_npz_that_something_else_wrote_has_to_be_read_whole(tmp_path):
    np.savez_compressed(tmp_path / "set.npz", images=np.zeros((4, 6, 5), np.uint8), labels=np.zeros(4, np.int64))
    np.savez(tmp_path / "other.npz", pictures=np.zeros(3))
    for name in ("set", "other", "missing"):
        with pytest.raises(ArtifactError, match=f"{name}.npz cannot be opened"):
            open_npz(tmp_path / f"{name}.npz")


def test_pillow_reads_the_folder_of_png(tmp_path):
    layout, images, labels = a_set(shape=(3, 6, 5))
    WRITERS["png"](tmp_path, layout, batches(images, labels))
    name = layout.class_names[labels[4]]
    with Image.open(tmp_path / name / "0000004.png") as image:
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), images[4].transpose(1, 2, 0))


def test_webdataset_reads_the_shards(tmp_path):
    layout, images, labels = a_set()
    WRITERS["webdataset"](tmp_path, layout, batches(images, labels), per_shard=10)
    shards = sorted(str(path) for path in tmp_path.iterdir())
    assert [path.rsplit("/", 1)[1] for path in shards] == [f"shard-{number:06d}.tar" for number in range(3)]
    samples = list(webdataset.WebDataset(shards, shardshuffle=False).decode("l8"))
    assert [sample["__key__"] for sample in samples] == [f"{number:07d}" for number in range(25)]
    assert np.array_equal([sample["cls"] for sample in samples], labels)
    assert np.array_equal([sample["png"] for sample in samples], images[:, 0])
    assert samples[0]["json"] == {"class": layout.class_names[labels[0]], "synthetic": True}


def test_a_tar_header_says_nothing_of_time_or_owner(tmp_path):
    layout, images, labels = a_set()
    WRITERS["webdataset"](tmp_path, layout, batches(images, labels))
    with tarfile.open(tmp_path / "shard-000000.tar") as tar:
        assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in tar} == {(0, 0, 0, "", "", 0o644)}


def test_shards_without_classes_hold_no_labels(tmp_path):
    layout, images, labels = a_set(class_names=())
    WRITERS["webdataset"](tmp_path, layout, batches(images, labels))
    with tarfile.open(tmp_path / "shard-000000.tar") as tar:
        assert {name.rsplit(".", 1)[1] for name in tar.getnames()} == {"png", "json"}
        assert json.load(tar.extractfile("0000000.json"))["class"] == "image"


@pytest.mark.parametrize("shape", [(1, 3, 4), (3, 4, 3)])
def test_png_keeps_every_pixel(shape):
    image = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(decode_png(encode_png(image)), image)
    assert Image.open(io.BytesIO(encode_png(image))).format == "PNG"


@pytest.mark.parametrize(
    ("names", "folders"),
    [
        (("normal", "ill"), ("normal", "ill")),
        (("a/b", "..", "c"), ("0_a_b", "1", "2_c")),
        (("Cat", "cat"), ("0_Cat", "1_cat")),
        (("größe 1", "x."), ("größe 1", "x")),
        (("../../etc",), ("_.._etc",)),
    ],
)
def test_class_names_become_safe_and_different_folder_names(names, folders):
    assert folder_names(names) == folders


def test_a_file_that_is_no_such_npz_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", pictures=np.zeros(3))
    (tmp_path / "text.npz").write_text("not a zip")
    np.savez(tmp_path / "pickled.npz", images=np.array([{}], dtype=object))
    for name in ("other", "text", "pickled", "missing"):
        with pytest.raises(ArtifactError, match=f"{name}.npz cannot be read"):
            read_npz(tmp_path / f"{name}.npz")


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match="holds no images"):
        read_png(tmp_path, ("a",))
    with pytest.raises(ArtifactError, match="holds no images"):
        read_webdataset(tmp_path)
