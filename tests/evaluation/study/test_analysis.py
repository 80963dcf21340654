import numpy as np

from synthetyk.data.dataset import Dataset
from synthetyk.evaluation.study.analysis import (
    PREFERENCE,
    SECONDARY,
    WITH,
    WITHOUT,
    ArmOutcome,
    _within_bounds,
    alike,
    arm_plateaued,
    choose,
    mean_curve,
)
from synthetyk.evaluation.study.arms import ARMS, BY_NAME
from synthetyk.evaluation.study.report import CHALLENGERS, MeanPoint
from synthetyk.metrics.bootstrap import ArmSamples
from synthetyk.metrics.interval import Interval
from synthetyk.training.validation_curve import ValidationPoint


def arm_at(value: float, sd: float, seed: int) -> ArmSamples:
    return ArmSamples(value, value + sd * np.random.default_rng(seed).standard_normal(1000))


def test_among_arms_within_a_standard_error_the_most_robust_is_chosen() -> None:
    samples = {
        "real": arm_at(0.95, 0.01, 0),
        "real+augmentation": arm_at(0.945, 0.01, 1),
        "real+weights": arm_at(0.94, 0.01, 2),
    }
    assert choose(samples, samples) == "real+augmentation"


def test_a_clearly_better_arm_is_chosen_against_the_preference() -> None:
    samples = {"real+augmentation": arm_at(0.90, 0.01, 1), "real+duplicates": arm_at(0.95, 0.01, 0)}
    assert choose(samples, samples) == "real+duplicates"


def test_only_candidates_are_chosen() -> None:
    samples = {"real": arm_at(0.9, 0.01, 0), "synthetic": arm_at(0.99, 0.01, 1)}
    assert choose(["real"], samples) == "real"


def test_every_arm_has_its_place_in_the_preference() -> None:
    assert sorted(PREFERENCE) == sorted(BY_NAME)
    assert {name for pair in SECONDARY for name in pair} == set(BY_NAME)
    assert len(set(SECONDARY)) == len(SECONDARY)


def test_curves_are_averaged_step_by_step() -> None:
    curves = [
        [ValidationPoint(step=5, loss=1, accuracy=0, auc=0.6), ValidationPoint(step=9, loss=0.5, accuracy=0, auc=None)],
        [ValidationPoint(step=5, loss=2, accuracy=0, auc=0.8), ValidationPoint(step=9, loss=0.7, accuracy=0, auc=None)],
    ]
    assert mean_curve(curves) == (MeanPoint(step=5, loss=1.5, auc=0.7), MeanPoint(step=9, loss=0.6, auc=None))


def test_an_arm_still_rising_has_not_plateaued(bars: Dataset) -> None:
    flat, rising = (
        [MeanPoint(step=i, loss=0, auc=auc) for i, auc in enumerate(aucs)]
        for aucs in ((0.7, 0.9, 0.9, 0.9, 0.9, 0.9), (0.5, 0.6, 0.7, 0.8, 0.85, 0.9))
    )
    assert arm_plateaued(flat, bars.val)
    assert not arm_plateaued(rising, bars.val)


def test_an_interval_of_a_score_stays_where_scores_are() -> None:
    spread = _within_bounds([0.99, 1.0], Interval(0.995, 0.93, 1.01))
    assert (spread.low, spread.mean, spread.high) == (0.93, 0.995, 1.0)


def outcomes(**test_auc: float) -> dict[str, ArmOutcome]:
    """Made-up outcomes of arms by their names, in which ``_`` stands for ``+``."""
    samples = {key.replace("_", "+"): arm_at(auc, 0.001, number) for number, (key, auc) in enumerate(test_auc.items())}
    return {name: ArmOutcome(BY_NAME[name], (), one, one) for name, one in samples.items()}


def test_arms_that_are_augmented_alike_need_no_other_pair() -> None:
    found = outcomes(real_synthetic=0.9, real=0.8)
    assert alike(("real+synthetic", "real"), found) is None


def test_what_is_better_with_augmentation_is_held_against_itself_with_and_without_synthetic_images() -> None:
    found = outcomes(real_synthetic=0.934, real_augmentation=0.973, real_synthetic_augmentation=0.967, real=0.931)
    hurt = alike(("real+synthetic", "real+augmentation"), found)
    assert hurt and hurt.difference
    assert (hurt.first, hurt.second) == ("real+synthetic+augmentation", "real+augmentation")
    assert round(hurt.difference.mean, 3) == -0.006
    helped = alike(("real+synthetic+augmentation", "real"), found)
    assert helped and helped.difference
    assert (helped.first, helped.second) == ("real+synthetic+augmentation", "real+augmentation")


def test_a_study_without_the_other_pair_has_no_difference_of_it() -> None:
    found = alike(("real+synthetic", "real+augmentation"), outcomes(real_synthetic=0.9, real_augmentation=0.97))
    assert found and found.difference is None


def test_every_arm_has_another_from_which_only_synthetic_images_set_it_apart() -> None:
    assert set(WITHOUT) == set(CHALLENGERS)
    assert set(WITH) == {arm.name for arm in ARMS if not arm.synthetic}
    for one, other in (*WITHOUT.items(), *WITH.items()):
        assert BY_NAME[one].augment == BY_NAME[other].augment
        assert BY_NAME[one].synthetic != BY_NAME[other].synthetic
