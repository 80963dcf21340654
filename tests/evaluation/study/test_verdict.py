import re
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from synthetyk.evaluation.study.verdict import Alike, Evidence, VerdictRules, judge
from synthetyk.metrics.bootstrap import paired_difference

LABELS = np.arange(400) % 2
RULES = VerdictRules()


def said(signal: float, seed: int, count: int = 400) -> NDArray[np.float64]:
    """Made-up probabilities of five classifiers; the higher the signal the better they are."""
    shared = np.random.default_rng(99).standard_normal(count)
    own = np.random.default_rng(seed).standard_normal((5, count))
    logit = signal * (2 * LABELS[:count] - 1) + 0.8 * shared + 0.5 * own
    p = 1 / (1 + np.exp(-logit))
    return np.stack([1 - p, p], axis=2)


def evidence(with_: float, without: float, *, count: int = 400, **changes: object) -> Evidence:
    labels, groups = LABELS[:count], np.arange(count)
    change = paired_difference(said(with_, 0, count), said(without, 1, count), labels, groups, resamples=500, seed=0)
    values: dict[str, object] = {
        "challenger": "real+synthetic",
        "baseline": "real+weights",
        "challenger_auc": 0.91,
        "baseline_auc": 0.9,
        "difference": change,
        "unfinished": (),
        "seeds": 5,
        "gans": 2,
        "test_counts": {"normal": count // 2, "ill": count // 2},
        "test_groups": count,
    }
    return Evidence(**{**values, **changes})  # type: ignore[arg-type]


def test_clearly_better_probabilities_help() -> None:
    verdict = judge(evidence(1.5, 0.8), RULES)
    assert verdict.outcome == "helps"
    assert verdict.low > 0
    assert verdict.sentence.startswith("Synthetic images help: real+synthetic has a test AUC of 0.910 against 0.900")


def test_clearly_worse_probabilities_hurt() -> None:
    verdict = judge(evidence(0.8, 1.5), RULES)
    assert verdict.outcome == "hurts"
    assert verdict.high < 0


def test_equally_good_probabilities_show_no_difference() -> None:
    verdict = judge(evidence(1.0, 1.0), RULES)
    assert verdict.outcome == "no difference shown"
    assert verdict.low < 0 < verdict.high
    assert verdict.reasons == ()


def test_a_difference_within_the_margin_is_none() -> None:
    wide = RULES.replace(margin=0.3, widest=1.0)
    assert judge(evidence(1.5, 0.8), wide).outcome == "no difference shown"
    assert judge(evidence(0.8, 1.5), wide).outcome == "no difference shown"


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (evidence(1.5, 0.8, unfinished=("real+synthetic",)), "budget: real\\+synthetic had not reached"),
        (evidence(1.5, 0.8, seeds=4), "too few seeds: 4 classifiers an arm, at least 5"),
        (evidence(1.5, 0.8, test_counts={"normal": 90, "ill": 4}), "too few test images: 4 of class ill"),
        (evidence(0.3, 0.3, count=24), "interval is .* wide"),
    ],
)
def test_what_cannot_carry_a_verdict_is_inconclusive_with_its_reason(case: Evidence, reason: str) -> None:
    verdict = judge(case, RULES)
    assert verdict.outcome == "inconclusive"
    assert len(verdict.reasons) == 1
    assert re.search(reason, verdict.sentence)


def test_a_wide_interval_beyond_zero_is_still_an_answer() -> None:
    assert judge(evidence(2.5, 0.0), RULES.replace(widest=0.01)).outcome == "helps"


def test_the_sentence_says_what_it_rests_on() -> None:
    verdict = judge(evidence(1.0, 1.0, gans=1), RULES)
    for part in ("400 test images (200 normal, 200 ill)", "in 400 groups", "one GAN, and the interval holds for that"):
        assert part in verdict.sentence
    assert f"{verdict.low:+.3f} to {verdict.high:+.3f}" in verdict.sentence
    assert f"could have seen is {verdict.smallest_effect:.3f}" in verdict.sentence
    assert "from 5 classifiers an arm and 2 GANs" in judge(evidence(1.0, 1.0), RULES).sentence


def test_near_perfection_the_sentence_has_more_digits() -> None:
    tiny = replace(evidence(1.0, 1.0).difference, mean=-5e-5, low=-2e-4, high=4e-5, standard_error=5e-5)
    sentence = judge(evidence(1.0, 1.0, difference=tiny), RULES).sentence
    assert "difference of -0.00005 (95% interval -0.00020 to +0.00004)" in sentence


def test_classes_that_are_bare_numbers_read_as_classes() -> None:
    found = judge(evidence(0.9, 0.9, test_counts={"0": 200, "1": 200}), RULES)
    assert "400 test images (200 of class 0, 200 of class 1)" in found.sentence


AUGMENTED = ("real+synthetic+augmentation", "real+augmentation")


def alike(with_: float, without: float) -> Alike:
    return Alike(*AUGMENTED, evidence(with_, without).difference)


@pytest.mark.parametrize(("with_", "without"), [(1.5, 0.8), (0.8, 1.5)])
def test_what_augmentation_may_have_done_is_not_laid_to_synthetic_images(with_: float, without: float) -> None:
    same = alike(1.0, 1.0)
    verdict = judge(evidence(with_, without, alike=same), RULES)
    assert verdict.outcome == "inconclusive"
    assert same.difference
    assert (
        "(the two arms differ in augmentation too, and augmented alike real+synthetic+augmentation differs "
        f"from real+augmentation by {same.difference.mean:+z.3f}"
    ) in verdict.sentence


@pytest.mark.parametrize(("with_", "without", "outcome"), [(1.5, 0.8, "helps"), (0.8, 1.5, "hurts")])
def test_what_is_seen_with_nothing_else_changed_is_laid_to_them(with_: float, without: float, outcome: str) -> None:
    same = alike(with_, without)
    verdict = judge(evidence(with_, without, alike=same), RULES)
    assert verdict.outcome == outcome
    assert same.difference
    assert "; the two arms differ in augmentation too: augmented alike" in verdict.sentence
    assert f"{same.difference.mean:+z.3f}" in verdict.sentence


def test_without_the_arm_that_would_tell_the_cause_nothing_is_laid_to_them() -> None:
    verdict = judge(evidence(0.8, 1.5, alike=Alike(*AUGMENTED, None)), RULES)
    assert verdict.outcome == "inconclusive"
    assert "are not both in the study" in verdict.sentence


def test_where_no_difference_is_shown_no_cause_is_asked_for() -> None:
    assert judge(evidence(1.0, 1.0, alike=Alike(*AUGMENTED, None)), RULES).outcome == "no difference shown"
