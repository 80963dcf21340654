from dataclasses import replace

import numpy as np
import pytest

from synthetyk.evaluation import described as module
from synthetyk.evaluation.described import PIECE, Described, copies_of, described, described_subset, some, unmet


def test_a_subset_is_described_as_its_images_are(blobs, projection):
    whole = described(projection, blobs.train.all())
    found = described_subset(projection, blobs.train)
    assert np.allclose(found.features, whole.features)
    assert np.allclose(found.probabilities, whole.probabilities)


def test_a_long_subset_is_read_piece_by_piece(blobs, projection):
    rows = np.resize(np.arange(len(blobs.train)), PIECE + 5)
    assert len(described_subset(projection, blobs.train.select(rows))) == PIECE + 5


def test_no_images_have_no_rows(blobs, projection):
    nothing = described_subset(projection, blobs.train.select(np.arange(0)))
    assert nothing.features.shape == (0, 6)


def test_joining_leaves_empty_parts_out(blobs, projection):
    full, empty = described(projection, blobs.val.all()), described(projection, blobs.images[:0])
    joined = Described.join([empty, full, full.take(slice(3))])
    assert len(joined) == len(full) + 3
    assert joined.probabilities is not None
    assert len(Described.join([empty, empty])) == 0


class Counted:
    """Images that note how many rows were read at a time."""

    def __init__(self, images):
        self.images, self.shape, self.reads = images, images.shape, []

    def __len__(self):
        return len(self.images)

    def __getitem__(self, rows):
        self.reads.append(len(rows))
        return self.images[rows]


@pytest.fixture
def counted(blobs, monkeypatch):
    monkeypatch.setattr(module, "PIECE", 50)
    images = blobs.images.copy()
    leaked = np.flatnonzero(blobs.splits == "val")[[3, 70]]
    images[leaked] = blobs.train.batch(np.array([2, 235]))
    return replace(blobs, images=Counted(images))


def test_copies_are_found_in_one_pass_over_the_training_images(counted):
    assert np.flatnonzero(copies_of(counted.val.all(), counted.train)).tolist() == [3, 70]
    assert counted.images.reads == [90, 50, 50, 50, 50, 40]


def test_held_out_images_without_a_copy_are_chosen_piece_by_piece(counted):
    assert len(unmet(counted.val, counted.train)) == 88
    assert sum(counted.images.reads) == 90 + 240 and max(counted.images.reads) == 50


def test_where_nothing_is_sought_nothing_is_read(counted):
    assert copies_of([], counted.train).tolist() == [] == counted.images.reads


def test_some_images_are_few_in_order_and_the_same_each_time(blobs):
    chosen = some(blobs.train, 50, 0, "test")
    assert len(chosen) == 50
    assert np.all(np.diff(chosen.rows) > 0)
    assert np.array_equal(chosen.rows, some(blobs.train, 50, 0, "test").rows)
    assert not np.array_equal(chosen.rows, some(blobs.train, 50, 1, "test").rows)
    assert some(blobs.train, 240, 0, "test") is blobs.train
