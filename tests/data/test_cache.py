import dataclasses
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from synthetyk.core.errors import ArtifactError, DatasetError
from synthetyk.data.cache import CacheRecord, build_cache, open_cache
from synthetyk.data.dataset import Dataset
from synthetyk.data.fingerprint import Inspection, inspect
from synthetyk.data.source import RawImage


@pytest.fixture(scope="module")
def inspection() -> Inspection:
    return inspect("phantom:n=30,size=32")


def cache(inspection: Inspection, folder, **options) -> Dataset:
    return build_cache(inspection.source, inspection.table, inspection.fingerprint.pixels.depth_rule, folder, **options)


class Wrapped:
    """A source that lists the images of another."""

    def __init__(self, source):
        self.items, self.content_hash = source.items, source.content_hash


def test_the_cache_holds_every_image_of_the_table_in_its_order(inspection, tmp_path):
    data = cache(inspection, tmp_path, size=(32, 32), channels=1)
    assert data.keys.tolist() == inspection.table.keys.tolist() and len(data) == 30
    assert np.array_equal(data.splits, inspection.table.splits)
    images = data.images[:]
    for row, item in enumerate(inspection.source.items()):
        np.testing.assert_array_equal(images[row, 0], inspection.source.read(item).pixels[..., 0])
        assert data.class_names[data.labels[row]] == item.label


def test_images_of_one_patient_share_a_group_number(inspection, tmp_path):
    data = cache(inspection, tmp_path, size=(8, 8), channels=1)
    same_name = inspection.table.groups[:, None] == inspection.table.groups[None, :]
    np.testing.assert_array_equal(same_name, data.groups[:, None] == data.groups[None, :])


def test_images_are_brought_to_the_size_and_channels_asked_for(inspection, tmp_path):
    data = cache(inspection, tmp_path, size=(20, 24), channels=3, fit="pad")
    assert data.images.shape == (30, 3, 20, 24)
    assert (data.images[:][..., 0] == 0).all()  # the bars of a square picture in a wide frame
    assert CacheRecord.load(tmp_path / "cache.json").fit == "pad"


def test_an_opened_cache_is_the_one_that_was_built(inspection, tmp_path):
    built = cache(inspection, tmp_path, size=(16, 16), channels=1)
    opened = open_cache(tmp_path)
    assert np.array_equal(opened.images[:], built.images[:])
    for part in ("labels", "groups", "splits", "keys"):
        np.testing.assert_array_equal(getattr(opened, part), getattr(built, part))


def test_an_image_has_one_digest_whatever_its_size_in_the_cache(inspection, tmp_path):
    small = cache(inspection, tmp_path / "small", size=(8, 8), channels=1)
    large = cache(inspection, tmp_path / "large", size=(20, 24), channels=3)
    assert np.array_equal(small.digests, large.digests)
    scanned = [int(image.digest[:16], 16) for image in inspection.scan.images]
    assert small.digests.tolist() == scanned


def test_a_cache_of_before_digests_were_kept_has_none(inspection, tmp_path):
    cache(inspection, tmp_path, size=(8, 8), channels=1)
    (tmp_path / "digests.npy").unlink()
    assert open_cache(tmp_path).digests is None


def test_digests_of_other_images_are_refused(inspection, tmp_path):
    cache(inspection, tmp_path, size=(8, 8), channels=1)
    np.save(tmp_path / "digests.npy", np.zeros(3, dtype=np.uint64))
    with pytest.raises(ArtifactError, match="digests.npy holds uint64"):
        open_cache(tmp_path)


def test_the_record_says_how_the_cache_was_made(inspection, tmp_path):
    cache(inspection, tmp_path, size=(16, 16), channels=1)
    record = CacheRecord.load(tmp_path / "cache.json")
    assert record.class_names == ("benign", "malignant", "normal")
    assert record.size == (16, 16) and record.channels == 1 and record.fit == "stretch"
    assert record.depth_rule == inspection.fingerprint.pixels.depth_rule


def test_building_needs_far_less_memory_than_the_images(inspection, tmp_path):
    class Large(Wrapped):
        def read(self, item):
            return RawImage(np.zeros((512, 512, 3), dtype=np.uint8), bit_depth=8, mode="RGB")

    large = dataclasses.replace(inspection, source=Large(inspection.source))
    tracemalloc.start()
    cache(large, tmp_path, size=(512, 512), channels=3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = (tmp_path / "images.npy").stat().st_size
    assert size > 23e6 and peak < size / 5


def test_a_build_that_is_cut_short_leaves_no_cache(inspection, tmp_path):
    class Breaks(Wrapped):
        def read(self, item):
            raise KeyboardInterrupt

    cache(inspection, tmp_path, size=(16, 16), channels=1)
    with pytest.raises(KeyboardInterrupt):
        cache(dataclasses.replace(inspection, source=Breaks(inspection.source)), tmp_path, size=(16, 16), channels=1)
    with pytest.raises(ArtifactError, match="missing"):
        open_cache(tmp_path)
    assert len(cache(inspection, tmp_path, size=(16, 16), channels=1)) == 30


def test_only_the_rows_of_the_table_are_cached(inspection, tmp_path):
    chosen = inspection.table.splits == "val"
    part = dataclasses.replace(inspection, table=inspection.table.select(chosen))
    data = cache(part, tmp_path, size=(32, 32), channels=1)
    whole = cache(inspection, tmp_path / "whole", size=(32, 32), channels=1)
    np.testing.assert_array_equal(data.images[:], whole.images[np.flatnonzero(chosen)])


def test_an_image_that_has_vanished_is_named(inspection, tmp_path):
    other = dataclasses.replace(inspection, source=inspect("phantom:n=10,size=32").source)
    with pytest.raises(DatasetError, match=r"no longer in the data set, for example patient-00"):
        cache(other, tmp_path, size=(32, 32), channels=1)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "images.npy").unlink(), "cannot be read"),
        (lambda folder: (folder / "images.npy").write_bytes(b"\x93NUMPY"), "cannot be read"),
        (
            lambda folder: np.save(folder / "images.npy", np.zeros((30, 1, 8, 8), np.uint8)),
            r"holds uint8 \(30, 1, 8, 8\)",
        ),
        (lambda folder: np.save(folder / "images.npy", np.zeros((30, 1, 16, 16))), "holds float64"),
        (
            lambda folder: (folder / "splits.csv").write_text(
                (folder / "splits.csv").read_text().replace("malignant", "cyst")
            ),
            "other classes",
        ),
    ],
)
def test_a_damaged_cache_is_refused(inspection, tmp_path, damage, message):
    cache(inspection, tmp_path, size=(16, 16), channels=1)
    damage(tmp_path)
    with pytest.raises(ArtifactError, match=message):
        open_cache(tmp_path)


def test_deep_images_are_mapped_by_the_rule_of_the_whole_set(tmp_path):
    for name, top in (("a", 1000), ("b", 4000)):
        pixels = np.linspace(0, top, 64, dtype=np.uint16).reshape(8, 8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    data = cache(inspect(str(tmp_path)), tmp_path / "cache", size=(8, 8), channels=1)
    assert data.images[:].reshape(2, -1).max(axis=1).tolist() == [round(1000 * 255 / 4095), round(4000 * 255 / 4095)]


def test_a_set_without_labels_has_no_classes(tmp_path):
    for number in range(3):
        Image.fromarray(np.full((8, 8), 50 * number, np.uint8)).save(tmp_path / f"{number}.png")
    data = cache(inspect(str(tmp_path)), tmp_path / "cache", size=(8, 8), channels=1)
    assert data.class_names == () and data.labels.tolist() == [-1, -1, -1]
    assert len(set(data.groups.tolist())) == 3


def test_progress_reaches_the_number_of_images(inspection, tmp_path):
    calls = []
    cache(inspection, tmp_path, size=(8, 8), channels=1, progress=lambda *args: calls.append(args[:2]))
    assert calls[0] == (0, 30) and calls[-1] == (30, 30)
