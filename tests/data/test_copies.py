import tracemalloc

import numpy as np
import pytest
from PIL import Image

from synthetyk.data.copies import clusters, exact_copies, find_copies, near_copies
from synthetyk.data.source import SourceOptions
from synthetyk.data.sources.phantom import PhantomSource


def thumbnail(pixels) -> np.ndarray:
    plane = Image.fromarray(pixels.astype(np.float32))
    return np.asarray(plane.resize((16, 16), Image.Resampling.BOX), dtype=np.float32)


@pytest.fixture(scope="module")
def chests() -> np.ndarray:
    """120 patients with one image each: alike, as chests are, but no two the same."""
    source = PhantomSource.open("phantom:n=120,patients=120", SourceOptions())
    return np.stack([source.read(item).pixels[..., 0] for item in source.items()])


def pairs_with(chests: np.ndarray, changed: np.ndarray) -> list[tuple[int, int]]:
    thumbs = np.stack([thumbnail(image) for image in [*chests, changed]])
    return near_copies(thumbs, [str(row) for row in range(len(thumbs))])


def test_exact_copies_are_grouped_in_the_order_of_their_first_row():
    assert exact_copies(["a", "b", "c", "b", "a", "b"]) == [(0, 4), (1, 3, 5)]


def test_no_copies_make_no_groups():
    assert exact_copies(["a", "b"]) == []


def test_different_patients_are_no_near_copies(chests):
    thumbs = np.stack([thumbnail(image) for image in chests])
    assert np.corrcoef(thumbs.reshape(120, -1)).mean() > 0.8  # although all of them look alike
    assert near_copies(thumbs, [str(row) for row in range(120)]) == []


@pytest.mark.parametrize("row", [0, 17, 63])
def test_a_brighter_and_flatter_copy_is_found(chests, row):
    assert pairs_with(chests, chests[row] * 0.7 + 40) == [(row, 120)]


def test_a_noisy_copy_is_found(chests):
    noise = np.random.default_rng(0).normal(0, 3, chests[5].shape)
    assert pairs_with(chests, chests[5] + noise) == [(5, 120)]


def test_a_smaller_copy_is_found(chests):
    half = chests[8].reshape(32, 2, 32, 2).mean(axis=(1, 3))
    assert pairs_with(chests, half) == [(8, 120)]


def test_of_exact_copies_only_the_first_takes_part(chests):
    thumbs = np.stack([thumbnail(chests[0]), thumbnail(chests[0]), thumbnail(chests[0] * 0.8)])
    assert near_copies(thumbs, ["a", "a", "b"]) == [(0, 2)]


def test_flat_pictures_are_like_nothing():
    flat = np.ones((4, 16, 16), dtype=np.float32) * np.arange(4, dtype=np.float32)[:, None, None]
    assert near_copies(flat, list("abcd")) == []


def test_two_images_are_compared_although_their_mean_tells_little(chests):
    thumbs = np.stack([thumbnail(chests[0]), thumbnail(chests[0] * 0.9)])
    assert near_copies(thumbs, ["a", "b"]) == [(0, 1)]


def test_the_block_size_changes_nothing(chests):
    rng = np.random.default_rng(1)
    thumbs = np.stack([thumbnail(image) for image in chests])
    thumbs = np.concatenate([thumbs, thumbs[rng.integers(120, size=30)] * 1.1])
    digests = [str(row) for row in range(150)]
    assert near_copies(thumbs, digests, block=7) == near_copies(thumbs, digests, block=1000)


def test_memory_grows_with_the_block_and_not_with_the_square_of_the_set():
    thumbs = np.random.default_rng(0).normal(size=(6000, 16, 16)).astype(np.float32)
    tracemalloc.start()
    near_copies(thumbs, [str(row) for row in range(6000)], block=256)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6000**2 * 4 / 2  # a matrix of all pairs would need 144 MB


def look_alikes(rows: int) -> np.ndarray:
    """Four pictures, each there in so many variants that hardly differ."""
    rng = np.random.default_rng(0)
    pictures = np.tile(rng.normal(size=(4, 16, 16)), (rows // 4, 1, 1))
    return (pictures + rng.normal(scale=0.01, size=pictures.shape)).astype(np.float32)


@pytest.mark.parametrize("block", [100, 512, 4096])
def test_each_of_many_look_alikes_is_linked_with_the_first_once(block):
    links = near_copies(look_alikes(1200), [str(row) for row in range(1200)], block=block)
    assert links == sorted((row % 4, row) for row in range(4, 1200))


def test_memory_does_not_grow_with_the_pairs_of_look_alikes():
    thumbs, digests = look_alikes(3000), np.array([str(row) for row in range(3000)])
    tracemalloc.start()
    copies = find_copies(thumbs, digests)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [len(group) for group in copies.near] == [750] * 4
    assert peak < 50e6  # 1.1 million pairs alone are more than 150 MB


@pytest.mark.parametrize("block", [3, 7, 60])
def test_rows_that_are_alike_over_others_have_one_first(block):
    rng = np.random.default_rng(0)
    around = rng.permutation(60) * 2 * np.pi / 60  # of a ring of pictures only neighbours are alike
    one, other = rng.normal(size=(2, 16, 16))
    ring = np.stack([np.cos(angle) * one + np.sin(angle) * other for angle in around]).astype(np.float32)
    assert near_copies(ring, [str(row) for row in range(60)], block=block) == [(0, row) for row in range(1, 60)]


def test_clusters_are_linked_over_others():
    assert clusters(6, [(3, 1), (5, 3), (0, 4)]).tolist() == [0, 1, 2, 1, 0, 1]
