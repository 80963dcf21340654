import numpy as np
import pytest

from synthetyk.evaluation.experiments.analysis import Judged
from synthetyk.evaluation.experiments.effects import changes, effects, precision_effects, said
from synthetyk.evaluation.experiments.report import Averaged, ExperimentResult, Precision
from synthetyk.metrics.bootstrap import ArmSamples

DRAWN = np.random.default_rng(0).normal(scale=0.01, size=400)


def judged(auc=0.8, *, seeds=(0, 1), images="the same", own=0.0, **settings):
    """An experiment whose AUC moves with the draws of all, and by `own` with draws of its own."""
    moved = DRAWN + own * np.random.default_rng(len(str(settings))).normal(size=400)
    scores = {"auc": ArmSamples(auc, auc + moved), "accuracy": ArmSamples(auc / 2, auc / 2 + moved)}
    name = " ".join(f"{key}={value}" for key, value in settings.items())
    return Judged(name, {"encoder": "edgenet", "augmentation": False, **settings}, seeds, images, scores, scores)


def test_a_key_that_varies_alone_is_compared_with_what_is_off():
    (change,) = changes([judged(augmentation=True), judged(augmentation=False)])
    assert (change.key, change.value, change.baseline) == ("augmentation", True, False)
    assert [(one.name, other.name) for one, other in change.pairs] == [("augmentation=True", "augmentation=False")]


def test_among_values_that_are_all_on_the_first_is_compared_with():
    found = list(changes([judged(encoder=name) for name in ("resnet18", "edgenet", "resnet50")]))
    assert [(change.value, change.baseline) for change in found] == [("edgenet", "resnet18"), ("resnet50", "resnet18")]


def test_no_value_at_all_is_called_none():
    assert [said(value) for value in (None, 0.2, True, "")] == ["none", "0.2", "on", "none"]


def test_a_grid_gives_the_mean_over_all_pairs():
    grid = [judged(0.7 + 0.1 * (e == "b") + 0.02 * a, encoder=e, augmentation=a) for e in "ab" for a in (False, True)]
    found = {(one.key, one.score): one for one in effects(grid)}
    encoder, augmentation = found["encoder", "auc"], found["augmentation", "auc"]
    assert encoder.difference.mean == pytest.approx(0.1)
    assert augmentation.difference.mean == pytest.approx(0.02)
    assert [len(one.pairs) for one in (encoder, augmentation)] == [2, 2]
    assert found["augmentation", "accuracy"].difference.mean == pytest.approx(0.01)


def test_what_all_share_is_no_part_of_a_difference():
    (auc, _) = effects([judged(0.80), judged(0.81, augmentation=True)])
    assert auc.outcome == "higher"
    assert (auc.difference.low, auc.difference.high) == pytest.approx((0.01, 0.01))


def test_a_difference_within_what_chance_does_is_not_shown():
    (auc, _) = effects([judged(0.80), judged(0.81, own=0.05, augmentation=True)])
    assert auc.outcome == "no difference shown"
    assert auc.smallest_effect > 0.05


def test_more_comparisons_ask_for_more():
    few = effects([judged(0.80), judged(0.82, own=0.009, augmentation=True)])
    many = effects([judged(0.80), *(judged(0.82, own=0.009, encoder=name) for name in "abcdefgh")])
    assert few[0].p_corrected == few[0].p_value
    assert all(one.p_corrected >= one.p_value for one in many)
    assert max(one.p_corrected for one in many) > max(one.p_value for one in many)


@pytest.mark.parametrize(
    "other",
    [
        judged(augmentation=True, encoder="resnet18"),
        judged(augmentation=True, seeds=(0,)),
        judged(augmentation=True, images="others"),
    ],
    ids=["two keys", "other seeds", "other images"],
)
def test_what_differs_otherwise_too_is_not_compared(other):
    assert effects([judged(), other]) == ()


def form(name, mean):
    difference = Averaged(mean=mean, low=mean - 0.01, high=mean + 0.01)
    numbers = {"megabytes": 1, "gzip_megabytes": 1, "speedups": {1: 2.0}, "validation_auc": 0.8, "agreement": 1}
    said = {"about": "", "file": "", "benefit": "", "picked": False}
    return Precision(name=name, difference=difference, auc=None, **numbers, **said)


def test_other_forms_of_models_are_compared_with_the_models_themselves():
    results = [
        ExperimentResult(
            name=name, settings={}, precisions=(form("fp32", 0), form("int8", change), form("magnitude", -1))
        )
        for name, change in (("a", -0.02), ("b", -0.04))
    ]
    int8, pruned = precision_effects([*results, ExperimentResult(name="c", settings={})])
    assert (int8.key, int8.value, int8.baseline) == ("precision", "int8", "fp32")
    assert int8.difference.mean == pytest.approx(-0.03)
    assert (int8.difference.low, int8.difference.high) == pytest.approx((-0.04, -0.02))
    assert int8.outcome == "lower"
    assert [pair.second for pair in int8.pairs] == ["a", "b"]
    assert (pruned.key, pruned.baseline) == ("pruning", "none")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "on"),
        (False, "off"),
        ("", "none"),
        ("/data/runs/one/synthetic/0", "synthetic/0"),
        (0.001, "0.001"),
        ([], "none"),
        ([{"class_name": "EarlyStopping"}, {"class_name": "ModelCheckpoint"}], "EarlyStopping + ModelCheckpoint"),
    ],
)
def test_values_are_said_as_people_say_them(value, words):
    assert said(value) == words
