import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from synthetyk.core.errors import MetricError
from synthetyk.metrics.auc import macro_auc, weighted_auc

RNG = np.random.default_rng(0)


@given(st.integers(0, 2**31), st.integers(2, 30))
@settings(max_examples=40, deadline=None)
def test_weighted_auc_with_ties_is_sklearns(seed: int, levels: int):
    rng = np.random.default_rng(seed)
    positive = np.r_[True, False, rng.random(58) < 0.3]
    scores = rng.integers(levels, size=60) / levels
    weights = np.c_[np.ones((300, 2)), rng.integers(0, 4, size=(300, 58))]
    expected = [roc_auc_score(positive, scores, sample_weight=w) for w in weights[::60]]
    np.testing.assert_allclose(weighted_auc(scores, positive, weights)[::60], expected, rtol=1e-10)


def test_weights_count_like_copies():
    scores, positive = RNG.normal(size=40), np.arange(40) % 3 == 0
    times = RNG.integers(1, 4, size=40)
    copied = weighted_auc(np.repeat(scores, times), np.repeat(positive, times), np.ones((1, times.sum())))
    assert weighted_auc(scores, positive, times[None]) == pytest.approx(copied)


@pytest.mark.parametrize("classes", [3, 5])
def test_macro_auc_is_sklearns(classes: int):
    p = RNG.dirichlet(np.ones(classes), size=200)
    labels = RNG.integers(classes, size=200)
    assert macro_auc(p, labels) == pytest.approx(roc_auc_score(labels, p, multi_class="ovr", average="macro"))


def test_macro_auc_of_two_classes_is_the_plain_auc():
    p = RNG.dirichlet([1, 1], size=200)
    labels = RNG.integers(2, size=200)
    assert macro_auc(p, labels) == pytest.approx(roc_auc_score(labels, p[:, 1]))


def test_scores_that_are_all_the_same_are_chance():
    assert macro_auc(np.full((10, 2), 0.5), np.arange(10) % 2) == 0.5


def test_weights_without_positives_are_refused():
    with pytest.raises(MetricError, match="both"):
        weighted_auc(np.arange(4.0), np.array([True, False, False, False]), np.array([[0.0, 1, 1, 1]]))


@pytest.mark.parametrize(
    "labels", [np.zeros(4, int), np.array([0, 1, 2, 0]), np.array([0, 1, -1, 0]), np.arange(3) % 2, np.ones(4) / 2]
)
def test_labels_that_do_not_fit_are_refused(labels: np.ndarray):
    with pytest.raises(MetricError):
        macro_auc(np.full((4, 2), 0.5), labels)
