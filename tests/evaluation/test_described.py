import numpy as np

from synthetyk.evaluation.described import PIECE, Described, described, described_subset, some


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


def test_some_images_are_few_in_order_and_the_same_each_time(blobs):
    chosen = some(blobs.train, 50, 0, "test")
    assert len(chosen) == 50
    assert np.all(np.diff(chosen.rows) > 0)
    assert np.array_equal(chosen.rows, some(blobs.train, 50, 0, "test").rows)
    assert not np.array_equal(chosen.rows, some(blobs.train, 50, 1, "test").rows)
    assert some(blobs.train, 240, 0, "test") is blobs.train
