import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss, precision_score, recall_score, roc_auc_score

from synthetyk.core.errors import MetricError
from synthetyk.metrics.bootstrap import auc_samples, difference
from synthetyk.metrics.classification import classification_scores
from synthetyk.metrics.resampling import SCORES, Resampling, mean_of


def said(classes, seeds=3, count=90, strength=1.0, seed=0):
    """Return labels and what some classifiers say of them."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    logits = rng.normal(size=(seeds, count, classes)) + strength * np.eye(classes)[labels]
    odds = np.exp(logits)
    return labels, odds / odds.sum(axis=2, keepdims=True)


def resampling(labels, resamples=200, seed=0):
    return Resampling(labels, np.arange(len(labels)), resamples=resamples, seed=seed)


@pytest.mark.parametrize("classes", [2, 3])
def test_each_score_is_the_mean_over_the_seeds_of_what_others_compute(classes):
    labels, p = said(classes)
    found = resampling(labels).scores(p)
    average = {"average": "macro"} if classes > 2 else {}
    called = p.argmax(axis=2)
    wanted = {
        "auc": [roc_auc_score(labels, q[:, 1] if classes == 2 else q, multi_class="ovr") for q in p],
        "accuracy": [accuracy_score(labels, c) for c in called],
        "balanced_accuracy": [recall_score(labels, c, average="macro") for c in called],
        "f1": [f1_score(labels, c, average="macro") for c in called],
        "precision": [precision_score(labels, c, **average) for c in called],
        "recall": [recall_score(labels, c, **average) for c in called],
        "specificity": [classification_scores(q, labels).specificity for q in p],
        "loss": [log_loss(labels, q) for q in p],
    }
    assert list(found) == list(SCORES)
    assert {name: one.value for name, one in found.items()} == pytest.approx(
        {name: np.mean(each) for name, each in wanted.items()}
    )


def test_scores_of_a_class_are_those_against_the_rest():
    labels, p = said(3, seeds=1)
    found = resampling(labels).class_scores(p)[1]
    called, true = p[0].argmax(axis=1) == 1, labels == 1
    assert found["sensitivity"].value == pytest.approx(recall_score(true, called))
    assert found["specificity"].value == pytest.approx(recall_score(~true, ~called))
    assert found["precision"].value == pytest.approx(precision_score(true, called))
    assert found["auc"].value == pytest.approx(roc_auc_score(true, p[0, :, 1]))


def test_the_interval_of_an_auc_is_the_studys():
    labels, p = said(2, seeds=5)
    mine = resampling(labels, resamples=2000).scores(p)["auc"].interval
    theirs = auc_samples(p, labels, np.arange(len(labels)), arm="a", resamples=2000, seed=0).interval
    assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_the_positive_class_may_be_the_first():
    labels, p = said(2)
    one, other = resampling(labels).scores(p, positive=0), resampling(labels).scores(p)
    assert one["recall"].value == pytest.approx(other["specificity"].value)
    assert one["auc"].value == pytest.approx(other["auc"].value)


def test_classifiers_of_the_same_seeds_are_compared_seed_by_seed():
    labels, p = said(2, seeds=4)
    drawn = resampling(labels)
    shifted = p.copy()
    shifted[:, labels == 0] = shifted[:, labels == 0][..., ::-1]  # the same change to every seed
    accuracy = [drawn.scores(q)["accuracy"] for q in (p, p)]
    assert difference(*accuracy).standard_error == 0
    assert difference(drawn.scores(p)["accuracy"], drawn.scores(shifted)["accuracy"]).standard_error > 0


def test_one_seed_has_an_interval_over_images_alone():
    labels, p = said(2, seeds=1)
    interval = resampling(labels).scores(p)["accuracy"].interval
    assert interval.low < interval.value < interval.high


def test_a_class_that_is_never_called_has_a_precision_of_zero():
    labels = np.arange(20) % 2
    p = np.tile([0.9, 0.1], (1, 20, 1))
    assert resampling(labels).class_scores(p)[1]["precision"].value == 0


def test_groups_are_drawn_whole():
    labels, _ = said(2, seeds=1, count=40)
    groups = np.arange(40) // 2 % 5
    one = Resampling(labels, groups, resamples=50, seed=0)
    assert all((one.weights[:, groups == g] == one.weights[:, groups == g][:, :1]).all() for g in range(5))
    assert (one.weights[0] == 1).all()


def test_the_mean_of_scores_has_the_mean_of_their_samples():
    labels, p = said(2)
    a, b = (resampling(labels).scores(p)[name] for name in ("auc", "accuracy"))
    both = mean_of([a, b])
    assert both.value == pytest.approx((a.value + b.value) / 2)
    assert np.allclose(both.samples, (a.samples + b.samples) / 2)


def test_what_has_no_seeds_is_refused():
    labels, p = said(2)
    with pytest.raises(MetricError, match=r"\(S, N, K\)"):
        resampling(labels).scores(p[0])
