import numpy as np
import pytest

from synthetyk.core.errors import TrainingError
from synthetyk.data.dataset import Subset
from synthetyk.training.labelled_images import ArrayImages, Chosen, Concatenated, LabelledImages, looked_at

NAMES = ("a", "b")


def numbered(first: int, count: int, side: int = 2) -> ArrayImages:
    images = np.arange(first, first + count, dtype=np.uint8)[:, None, None, None].repeat(side, 2).repeat(side, 3)
    return ArrayImages(images, np.arange(count) % 2, NAMES)


def seen(images: LabelledImages, positions: list[int]) -> list[int]:
    return images.batch(np.array(positions, dtype=np.int64))[:, 0, 0, 0].tolist()


def test_a_subset_of_a_data_set_can_be_trained_on() -> None:
    whole = numbered(0, 6)
    rows = np.array([4, 1], dtype=np.int64)
    subset = Subset(whole.images, rows, whole.labels[rows], rows, NAMES)
    joined = Concatenated([subset, numbered(10, 2)])
    assert seen(joined, [0, 1, 2]) == [4, 1, 10]


def test_concatenated_reads_each_position_from_its_part_in_the_order_asked() -> None:
    joined = Concatenated([numbered(0, 3), numbered(10, 1), numbered(20, 2)])
    assert len(joined) == 6
    assert seen(joined, [5, 0, 3, 4, 2, 2]) == [21, 0, 10, 20, 2, 2]
    assert joined.labels.tolist() == [0, 1, 0, 0, 0, 1]


def test_concatenated_refuses_parts_of_another_shape() -> None:
    with pytest.raises(TrainingError, match="the same shape"):
        Concatenated([numbered(0, 3), numbered(0, 3, side=4)])


def test_chosen_may_repeat_an_image() -> None:
    chosen = Chosen(numbered(0, 4), np.array([3, 3, 0], dtype=np.int64))
    assert (len(chosen), chosen.shape, chosen.class_names) == (3, (1, 2, 2), NAMES)
    assert chosen.labels.tolist() == [1, 1, 0]
    assert seen(chosen, [2, 0]) == [0, 3]


def of_classes(*counts: int) -> ArrayImages:
    labels = np.repeat(np.arange(len(counts)), counts)
    return ArrayImages(np.zeros((len(labels), 1, 1, 1), dtype=np.uint8), labels, tuple(map(str, range(len(counts)))))


def test_of_few_validation_images_all_are_looked_at() -> None:
    few = of_classes(1500, 500)
    assert looked_at(few) is few


@pytest.mark.parametrize("counts", [(2000, 1), (20_000, 3000, 600, 39, 1), (500,) * 60])
def test_of_many_validation_images_every_class_is_looked_at_by_its_share(counts: tuple[int, ...]) -> None:
    many = of_classes(*counts)
    found = looked_at(many)
    assert 2000 - len(counts) < len(found) <= 2000
    shares = np.bincount(found.labels, minlength=len(counts))
    assert shares.min() >= 1
    np.testing.assert_allclose(shares, 2000 * np.array(counts) / sum(counts), atol=4)


def test_every_classifier_is_looked_at_with_the_same_images_none_of_them_twice() -> None:
    many = of_classes(4000, 1000)
    first, second = (looked_at(many) for _ in range(2))
    assert isinstance(first, Chosen) and isinstance(second, Chosen)
    assert np.array_equal(first.positions, second.positions)
    assert len(np.unique(first.positions)) == len(first)
    assert first.positions[:5].tolist() != [0, 1, 2, 3, 4]
