import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from synthetyk.core.errors import DivergedError
from synthetyk.evaluation.candidate import CandidateConfig, CandidateScorer, auc_error
from synthetyk.training.classifier_trainer import ClassifierTrainer

CONFIG = CandidateConfig(generated=120, classifiers=1, classifier_steps=25)
NAMES = {
    *("val_kd", "val_kd_error", "val_auc", "val_auc_error"),
    *("nn_ratio_pixels", "nn_ratio_features", "exact_copies", "near_copies"),
}


@pytest.fixture(scope="module")
def scorer(blobs, projection):
    return CandidateScorer(blobs.train, blobs.val, projection, CONFIG)


@pytest.fixture(scope="module")
def scored(scorer, fresh, copied, collapsed, noised):
    samplers = {"fresh": fresh, "copied": copied, "collapsed": collapsed, "noised": noised}
    return {name: scorer(sampler) for name, sampler in samplers.items()}


def test_every_value_has_its_name(scored):
    assert all(set(scores) == NAMES for scores in scored.values())


def test_new_images_of_the_same_kind_are_as_near_as_real_ones_and_teach_a_classifier(scored):
    fresh = scored["fresh"]
    assert abs(fresh["val_kd"]) < 2 * fresh["val_kd_error"]
    assert fresh["val_auc"] > 0.95
    assert 0.8 < fresh["nn_ratio_pixels"] < 1.2
    assert 0.8 < fresh["nn_ratio_features"] < 1.2
    assert fresh["exact_copies"] == fresh["near_copies"] == 0


def test_copies_have_a_low_distance_and_are_given_away_by_everything_else(scored):
    copied = scored["copied"]
    assert copied["val_kd"] < 2 * copied["val_kd_error"]
    assert copied["nn_ratio_pixels"] == copied["nn_ratio_features"] == 0
    assert (copied["exact_copies"], copied["near_copies"]) == (120, 0)


def test_collapsed_and_noisy_images_are_far_away(scored):
    good, collapsed, noised = (scored[name]["val_kd"] for name in ("fresh", "collapsed", "noised"))
    assert good + 10 * scored["fresh"]["val_kd_error"] < min(collapsed, noised)
    assert scored["noised"]["nn_ratio_pixels"] > 1.5


def test_images_of_the_wrong_class_teach_the_wrong_thing(scorer, fresh, stand_in):
    swapped = scorer(stand_in(lambda label, indices: fresh.draw(1 - label, indices)))
    assert swapped["val_auc"] < 0.1
    assert swapped["val_kd"] > 10 * swapped["val_kd_error"]


def test_slightly_changed_copies_are_near_copies(scorer, fresh, copied, stand_in):
    def draw(label, indices):
        images = fresh.draw(label, indices)
        images[:5] = np.clip(copied.draw(label, indices[:5]).astype(int) + 1, 0, 255)
        return images

    found = scorer(stand_in(draw))
    assert (found["exact_copies"], found["near_copies"]) == (0, 10)


def test_the_same_images_get_the_same_numbers(blobs, projection, fresh, scored):
    assert CandidateScorer(blobs.train, blobs.val, projection, CONFIG)(fresh) == scored["fresh"]


def test_another_seed_trains_another_classifier(blobs, projection, noised, scored):
    other = CandidateScorer(blobs.train, blobs.val, projection, CONFIG.replace(seed=1))
    assert other(noised)["val_auc"] != scored["noised"]["val_auc"]


def test_the_auc_is_the_mean_over_classifiers(blobs, projection, noised, monkeypatch):
    points = iter([0.5, 0.9])
    monkeypatch.setattr(ClassifierTrainer, "fit", lambda _: SimpleNamespace(curve=[SimpleNamespace(auc=next(points))]))
    both = CandidateScorer(blobs.train, blobs.val, projection, CONFIG.replace(classifiers=2))(noised)
    assert both["val_auc"] == pytest.approx(0.7)


def test_a_classifier_that_diverges_leaves_the_auc_out(scorer, fresh, monkeypatch):
    def diverge(_):
        raise DivergedError("The classifier diverged")

    monkeypatch.setattr(ClassifierTrainer, "fit", diverge)
    assert set(scorer(fresh)) == NAMES - {"val_auc", "val_auc_error"}


def test_without_labels_everything_but_the_auc_is_measured(make_blobs, projection, fresh, stand_in):
    blobs = make_blobs({"train": (80, 80), "val": (40, 40)}, labelled=False)
    both = stand_in(
        lambda label, indices: np.concatenate([fresh.draw(0, indices[::2]), fresh.draw(1, indices[1::2])]), 0
    )
    found = CandidateScorer(blobs.train, blobs.val, projection, CONFIG)(both)
    assert set(found) == NAMES - {"val_auc", "val_auc_error"}
    assert abs(found["val_kd"]) < 2 * found["val_kd_error"]


def test_a_class_that_validation_lacks_leaves_the_auc_out(make_blobs, projection, fresh):
    blobs = make_blobs({"train": (80, 80), "val": (40, 0)})
    assert "val_auc" not in CandidateScorer(blobs.train, blobs.val, projection, CONFIG)(fresh)


def test_an_unconditional_generator_of_labelled_images_is_compared_with_all_of_them(scorer, fresh, stand_in):
    mixed = stand_in(lambda _, indices: np.concatenate([fresh.draw(0, indices[:80]), fresh.draw(1, indices[80:])]), 0)
    found = scorer(mixed)
    assert abs(found["val_kd"]) < 2 * found["val_kd_error"]
    assert "val_auc" not in found


def test_validation_images_that_stand_in_training_do_not_excuse_copies(blobs, projection, copied, stand_in):
    images, groups = blobs.images.copy(), blobs.groups.copy()
    held_out = np.flatnonzero(blobs.splits == "val")
    images[held_out[:25]] = blobs.train.all()[:25]
    groups[held_out[25:50]] = blobs.train.groups[:25]
    leaky = dataclasses.replace(blobs, images=images, groups=groups)
    scorer = CandidateScorer(leaky.train, leaky.val, projection, CONFIG)
    assert len(scorer.real) == 40
    assert scorer.measured_on == "validation"
    assert not scorer.note


def test_training_images_stand_in_for_too_few_validation_images(make_blobs, projection, fresh, copied):
    few = make_blobs({"train": (80, 40), "val": (8, 4)})
    scorer = CandidateScorer(few.train, few.val, projection, CONFIG)
    assert scorer.measured_on == "training"
    assert "Fewer than 20 validation images" in scorer.note
    good, copies = scorer(fresh), scorer(copied)
    assert set(good) == NAMES
    assert 0.8 < good["nn_ratio_features"] < 1.2
    assert copies["nn_ratio_features"] < 0.5


def test_exact_copies_are_sought_beyond_the_reference_cap(blobs, projection, copied):
    scorer = CandidateScorer(blobs.train, blobs.val, projection, CONFIG.replace(reference_cap=30))
    assert scorer(copied)["exact_copies"] == 120


def test_auc_error_is_hanley_and_mcneils():
    """The error's square times the pairs, written as in the paper's equation 1, for an AUC of 0.8."""
    a, positives, negatives = 0.8, 40, 60
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    square = a * (1 - a) + (positives - 1) * (q1 - a * a) + (negatives - 1) * (q2 - a * a)
    assert auc_error(a, np.array([negatives, positives])) == pytest.approx(np.sqrt(square / positives / negatives))


def test_auc_error_is_what_other_images_would_have_changed():
    random = np.random.default_rng(0)
    positive, negative = random.normal(1.2, 1, (2000, 1, 30)), random.normal(0, 1, (2000, 50, 1))
    aucs = (positive > negative).mean(axis=(1, 2))
    assert auc_error(float(aucs.mean()), np.array([50, 30])) == pytest.approx(aucs.std(), rel=0.1)


def test_a_perfect_auc_has_no_error():
    assert auc_error(1.0, np.array([5, 6, 7])) == 0
