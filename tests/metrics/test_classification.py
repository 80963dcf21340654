import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from synthetyk.core.errors import MetricError
from synthetyk.metrics.classification import classification_scores

RNG = np.random.default_rng(0)


def example(seed: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(classes), size=80), rng.permutation(np.arange(80) % classes)


@given(st.integers(0, 2**31), st.integers(2, 5))
@settings(max_examples=30, deadline=None)
def test_scores_are_sklearns(seed: int, classes: int):
    p, labels = example(seed, classes)
    called = p.argmax(1)
    scores = classification_scores(p, labels)
    assert scores.accuracy == pytest.approx(sk.accuracy_score(labels, called))
    assert scores.balanced_accuracy == pytest.approx(sk.balanced_accuracy_score(labels, called))
    assert scores.f1 == pytest.approx(sk.f1_score(labels, called, average="macro", zero_division=0))
    assert np.array_equal(scores.confusion, sk.confusion_matrix(labels, called, labels=range(classes)))
    one_class = {"average": "binary"} if classes == 2 else {"average": "macro", "zero_division": 0}
    assert scores.sensitivity == pytest.approx(sk.recall_score(labels, called, **one_class))


@pytest.mark.parametrize("classes", [2, 4])
def test_specificity_is_the_recall_of_the_rest(classes: int):
    p, labels = example(1, classes)
    rest = [sk.recall_score(labels != k, p.argmax(1) != k) for k in ([1] if classes == 2 else range(classes))]
    assert classification_scores(p, labels).specificity == pytest.approx(np.mean(rest))


def test_auc_stands_among_the_scores():
    p, labels = example(2, 3)
    assert classification_scores(p, labels).auc == pytest.approx(sk.roc_auc_score(labels, p, multi_class="ovr"))


def test_a_threshold_includes_itself():
    p = np.array([[0.7, 0.3], [0.4, 0.6], [0.8, 0.2], [0.2, 0.8]])
    scores = classification_scores(p, np.array([1, 1, 0, 0]), threshold=0.3)
    assert scores.confusion == ((1, 1), (0, 2))
    assert (scores.sensitivity, scores.specificity) == (1, 0.5)


def test_the_other_class_may_be_positive():
    p, labels = example(3, 2)
    usual, swapped = classification_scores(p, labels), classification_scores(p, labels, positive=0)
    assert (usual.sensitivity, usual.specificity) == pytest.approx((swapped.specificity, swapped.sensitivity))
    assert usual.auc == swapped.auc


def test_a_threshold_applies_to_the_positive_class():
    p = np.array([[0.4, 0.6], [0.2, 0.8]])
    assert classification_scores(p, np.array([0, 1]), threshold=0.3, positive=0).accuracy == 1


def test_a_threshold_for_three_classes_is_refused():
    with pytest.raises(MetricError, match="two classes"):
        classification_scores(*example(4, 3), threshold=0.5)


def test_a_test_set_without_a_class_is_refused_by_its_number():
    with pytest.raises(MetricError, match="class 1"):
        classification_scores(np.full((3, 2), 0.5), np.zeros(3, dtype=int))
