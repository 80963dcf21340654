"""From what the classifiers said to what the study found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthetyk.data.dataset import Subset
from synthetyk.evaluation.study.arms import Arm
from synthetyk.evaluation.study.jobs import JobResult
from synthetyk.evaluation.study.presence import asked_twice
from synthetyk.evaluation.study.report import ArmReport, Comparison, MeanPoint, Reliability, Spread, StudyConfig
from synthetyk.evaluation.study.verdict import Alike
from synthetyk.metrics.bootstrap import (
    ArmSamples,
    Difference,
    auc_samples,
    difference,
    holm,
    smallest_detectable_effect,
)
from synthetyk.metrics.calibration import brier_score, expected_calibration_error, reliability_curve
from synthetyk.metrics.classification import ClassificationScores, classification_scores
from synthetyk.metrics.interval import Interval, mean_interval
from synthetyk.training.labelled_images import looked_at
from synthetyk.training.validation_curve import ValidationPoint, has_plateaued

# Arms that validation cannot tell apart are taken in this order: what needs least, and among that what is most robust.
PREFERENCE = (
    "real+augmentation",
    "real+weights",
    "real",
    "real+duplicates",
    "real+synthetic+augmentation",
    "real+synthetic",
    "synthetic-then-real",
    "synthetic",
)

# Comparisons besides the primary one, fixed beforehand like it.
SECONDARY = (
    *((name, "real") for name in PREFERENCE if name != "real"),
    ("real+synthetic", "real+duplicates"),
    ("real+synthetic+augmentation", "real+augmentation"),
    ("synthetic-then-real", "real+augmentation"),
)
# Of each arm with real and synthetic images the one in which nothing else differs, and of each without the one with.
WITHOUT = {
    "real+synthetic": "real",
    "real+synthetic+augmentation": "real+augmentation",
    "synthetic-then-real": "real+augmentation",
}
WITH = {"real+augmentation": "real+synthetic+augmentation"} | dict.fromkeys(
    ("real", "real+weights", "real+duplicates"), "real+synthetic"
)
SCORES = ("auc", "sensitivity", "specificity", "accuracy", "balanced_accuracy", "f1")


@dataclass(frozen=True)
class ArmOutcome:
    """All classifiers of one arm.

    Attributes:
        arm: Which.
        results: By GAN, then by seed.
        val: Bootstrap of the validation AUC.
        test: Bootstrap of the test AUC.
    """

    arm: Arm
    results: tuple[tuple[JobResult, ...], ...]
    val: ArmSamples
    test: ArmSamples

    @property
    def flat(self) -> list[JobResult]:
        """Every classifier."""
        return [result for gan in self.results for result in gan]


def outcome_of(
    arm: Arm, results: Sequence[Sequence[JobResult]], val: Subset, test: Subset, *, resamples: int, seed: int
) -> ArmOutcome:
    """Bootstrap an arm's AUC; arms of one study share the draws of validation and test groups.

    Raises:
        MetricError: A class lies in too few groups to be resampled.
    """
    said_val = np.array([[result.val for result in gan] for gan in results])
    said_test = np.array([[result.test for result in gan] for gan in results])
    return ArmOutcome(
        arm,
        tuple(tuple(gan) for gan in results),
        auc_samples(said_val, val.labels, val.groups, arm=arm.name, resamples=resamples, seed=seed),
        auc_samples(said_test, test.labels, test.groups, arm=arm.name, resamples=resamples, seed=seed),
    )


def choose(candidates: Iterable[str], samples: Mapping[str, ArmSamples]) -> str:
    """Return the first arm, in the order of `PREFERENCE`, within one standard error of the highest AUC.

    The one-standard-error rule of Breiman et al., "Classification and regression trees", 1984, section 3.4.3.
    """
    ordered = [name for name in PREFERENCE if name in set(candidates)]
    best = max(ordered, key=lambda name: samples[name].value)
    behind = {name: difference(samples[best], samples[name]) for name in ordered}
    return next(name for name in ordered if behind[name].mean <= behind[name].standard_error)


def alike(pair: tuple[str, str], outcomes: Mapping[str, ArmOutcome]) -> Alike | None:
    """Return the better of two arms with and without synthetic images, if augmentation sets the two apart as well.

    Args:
        pair: The arm with synthetic images, and the one without.
        outcomes: Of every arm.
    """
    challenger, baseline = pair
    if outcomes[challenger].arm.augment == outcomes[baseline].arm.augment:
        return None
    better = outcomes[challenger].test.value > outcomes[baseline].test.value
    first, second = (challenger, WITHOUT[challenger]) if better else (WITH[baseline], baseline)
    both = {first, second} <= set(outcomes)
    return Alike(first, second, difference(outcomes[first].test, outcomes[second].test) if both else None)


def secondary_comparisons(outcomes: Mapping[str, ArmOutcome], primary: tuple[str, str]) -> tuple[Comparison, ...]:
    """Return every comparison of `SECONDARY` whose arms are there, but the primary one, corrected for their number."""
    pairs = [pair for pair in SECONDARY if pair != primary and set(pair) <= set(outcomes)]
    found = [difference(outcomes[first].test, outcomes[second].test) for first, second in pairs]
    corrected = holm([one.p_value for one in found])
    return tuple(
        comparison(pair, one, significant=bool(p < 0.05), p_corrected=float(p))
        for pair, one, p in zip(pairs, found, corrected, strict=True)
    )


def like_for_like(comparisons: Iterable[Comparison]) -> list[str]:
    """Say in words what adding synthetic images did with nothing else changed."""
    pairs = (("real+synthetic", "real"), ("real+synthetic+augmentation", "real+augmentation"))
    return [
        f"Nothing else changed, synthetic images moved the test AUC of {one.second} by {one.difference:+.3f} "
        f"(95% interval {one.low:+.3f} to {one.high:+.3f}; {one.outcome}, Holm-corrected p {one.p_corrected:.3f})."
        for one in comparisons
        if (one.first, one.second) in pairs
    ]


def comparison(pair: tuple[str, str], found: Difference, *, significant: bool, p_corrected: float) -> Comparison:
    """Put a difference into the report's words."""
    return Comparison(
        first=pair[0],
        second=pair[1],
        difference=found.mean,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        p_corrected=p_corrected,
        smallest_effect=smallest_detectable_effect(found),
        outcome=("higher" if found.mean > 0 else "lower") if significant else "no difference shown",
    )


def arm_report(
    outcome: ArmOutcome, val: Subset, test: Subset, config: StudyConfig, *, positive: Literal[0, 1]
) -> ArmReport:
    """Return an arm's scores, calibration and validation curve."""
    said = [result.test for result in outcome.flat]
    scored = [classification_scores(p, test.labels, positive=positive) for p in said]
    curve = mean_curve([result.about.curve for result in outcome.flat])
    pooled = reliability_curve(np.concatenate(said), np.tile(test.labels, len(said)))
    aucs = [result.best.auc or 0.0 for result in outcome.flat]
    by_gan = np.array([[result.test for result in gan] for gan in outcome.results], dtype=np.float64)
    return ArmReport(
        name=outcome.arm.name,
        description=outcome.arm.description,
        synthetic=outcome.arm.synthetic,
        classifiers=len(said),
        training_counts=outcome.flat[0].about.counts,
        scores=_scores(outcome, scored, said, test.labels),
        confusion=_summed(scored),
        reliability=Reliability(confidence=pooled.confidence, accuracy=pooled.accuracy, count=pooled.count),
        validation_auc=_bootstrapped(aucs, outcome.val),
        curve=curve,
        plateaued=arm_plateaued(curve, val),
        asked=asked_twice(outcome.arm.name, by_gan, test, config, spread=_bootstrapped),
    )


def mean_curve(curves: Sequence[Sequence[ValidationPoint]]) -> tuple[MeanPoint, ...]:
    """Return the average of curves with the same steps."""
    points = []
    for together in zip(*curves, strict=True):
        aucs = [point.auc for point in together if point.auc is not None]
        mean = float(np.mean(aucs)) if aucs else None
        points.append(MeanPoint(step=together[0].step, loss=float(np.mean([p.loss for p in together])), auc=mean))
    return tuple(points)


def arm_plateaued(curve: Sequence[MeanPoint], val: Subset) -> bool:
    """Tell whether an arm's average curve has plateaued; one classifier's alone jumps too much to tell."""
    points = [ValidationPoint(step=point.step, loss=point.loss, accuracy=0, auc=point.auc) for point in curve]
    counts = np.bincount(looked_at(val).labels, minlength=len(val.class_names))
    return has_plateaued(points, int(counts.min()))


def _scores(
    outcome: ArmOutcome,
    scored: Sequence[ClassificationScores],
    said: Sequence[NDArray[np.float32]],
    labels: NDArray[np.int64],
) -> dict[str, Spread]:
    values = {name: [float(getattr(scores, name)) for scores in scored] for name in SCORES}
    values["calibration_error"] = [expected_calibration_error(p, labels) for p in said]
    values["brier"] = [brier_score(p, labels) for p in said]
    return {name: _spread(each) for name, each in values.items()} | {"auc": _bootstrapped(values["auc"], outcome.test)}


def _spread(values: Sequence[float]) -> Spread:
    return _within_bounds(values, mean_interval(values))


def _bootstrapped(values: Sequence[float], samples: ArmSamples) -> Spread:
    return _within_bounds(values, samples.interval)


def _within_bounds(values: Sequence[float], interval: Interval) -> Spread:
    """No score leaves 0 to 1 (Brier's, over several classes, 0 to 2), so no interval of one needs to."""
    low, high = max(0.0, interval.low), min(max(1.0, interval.value), interval.high)
    return Spread(mean=interval.value, sd=float(np.std(values, ddof=1)), low=low, high=high)


def _summed(scored: Sequence[ClassificationScores]) -> tuple[tuple[int, ...], ...]:
    total = np.sum([scores.confusion for scores in scored], axis=0)
    return tuple(tuple(int(count) for count in row) for row in total)
