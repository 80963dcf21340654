import numpy as np
import pytest
from sklearn.metrics import recall_score

from synthetyk.metrics.auc import weighted_macro_auc
from synthetyk.metrics.bootstrap import auc_samples, joint_samples
from synthetyk.metrics.presence import presence_of, type_of, weighted_sensitivity, weighted_specificity

RNG = np.random.default_rng(0)
P, LABELS = RNG.dirichlet(np.ones(3), 90), RNG.integers(0, 3, 90)
ONCE = np.ones((1, 90))


def test_anything_is_what_is_not_nothing():
    assert presence_of(np.array([[0.2, 0.5, 0.3]]), 1).tolist() == [[0.5, 0.5]]
    rounded = presence_of(np.array([[1.0000001, 0.0, 0.0]]), 0)
    assert rounded.min() >= 0


def test_types_are_what_is_left_when_something_is_there():
    assert type_of(np.array([[0.2, 0.5, 0.3]]), 1) == pytest.approx(np.array([[0.4, 0.6]]))
    assert type_of(np.array([[0.0, 1.0, 0.0]]), 1).tolist() == [[0.5, 0.5]]
    assert type_of(P.reshape(2, 3, 15, 3), 0).shape == (2, 3, 15, 2)


@pytest.mark.parametrize("positive", [[0], [2], [0, 1, 2]])
def test_sensitivity_and_specificity_are_scikit_learns(positive):
    called = P.argmax(axis=1)
    wanted = np.mean([recall_score(k == LABELS, called == k) for k in positive])
    assert weighted_sensitivity(P, LABELS, ONCE, positive) == pytest.approx(wanted)
    wanted = np.mean([recall_score(k != LABELS, called != k) for k in positive])
    assert weighted_specificity(P, LABELS, ONCE, positive) == pytest.approx(wanted)


def test_a_weight_counts_an_image_as_often():
    weights = RNG.integers(1, 4, (5, 90))
    for of in (weighted_sensitivity, weighted_specificity):
        several = of(P, LABELS, weights, [0, 1, 2])
        for row, value in zip(weights, several, strict=True):
            repeated = np.repeat(np.arange(90), row)
            again = of(P[repeated], LABELS[repeated], np.ones((1, len(repeated))), [0, 1, 2])
            assert again[0] == pytest.approx(value)


def test_the_bootstrap_of_any_score_is_that_of_the_auc():
    said, groups = np.stack([P, P[:, [0, 2, 1]]])[None], np.arange(90) // 2
    aucs = auc_samples(said, LABELS, groups, arm="a", resamples=50, seed=1)
    again = joint_samples(weighted_macro_auc, said, LABELS, groups, arm="a", resamples=50, seed=1)
    assert np.array_equal(aucs.samples, again.samples)
