import numpy as np
import pytest

from synthetyk.data.dataset import Subset
from synthetyk.evaluation.experiments.analysis import Split, class_figures, confusion_of, figures

LABELS = np.arange(30) % 2


def subset(labels=LABELS, groups=None):
    rows = np.arange(len(labels))
    return Subset(
        np.zeros((len(labels), 1, 8, 8), np.uint8), rows, labels, rows if groups is None else groups, ("a", "b")
    )


def said(seeds=2):
    p = np.random.default_rng(0).uniform(size=(seeds, 30)).astype(np.float32)
    return np.stack([1 - p, p], axis=2)


def test_confusions_are_summed_over_the_seeds():
    p = said()
    expected = [[(i == LABELS) & (q.argmax(axis=1) == j) for j in (0, 1)] for q in p for i in (0, 1)]
    assert np.array_equal(confusion_of(p, Split.of(subset(), 0)), np.sum(expected, axis=2).reshape(2, 2, 2).sum(axis=0))


def test_each_class_has_its_figures_and_its_number_of_images():
    first, second = class_figures(said(), Split.of(subset(), 0))
    assert (first.name, first.images, second.images) == ("a", 15, 15)
    assert first.scores["sensitivity"].mean == pytest.approx(second.scores["specificity"].mean)


def test_no_interval_leaves_the_bounds_of_a_score():
    sure = np.stack([LABELS == 0, LABELS == 1], axis=1).astype(np.float32)
    found = figures(Split.of(subset(), 0).resampling.scores(sure[None]))
    assert (found["auc"].low, found["auc"].mean, found["auc"].high) == (1, 1, 1)
    assert found["loss"].low == 0


def test_other_images_with_the_same_labels_are_others():
    one, other, again = (Split.of(subset(), 0, data).identity for data in ("these", "those", "these"))
    assert one == again != other


def test_images_with_other_labels_or_groups_are_others():
    same = Split.of(subset(), 1).identity
    assert Split.of(subset(), 0).identity == same
    assert Split.of(subset(groups=np.arange(30) + 7), 0).identity == same  # the same groups under other numbers
    assert Split.of(subset(groups=np.arange(30) // 2), 0).identity != same
    assert Split.of(subset(labels=1 - LABELS), 0).identity != same
