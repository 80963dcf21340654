"""The verdict: do synthetic images help, in one word and in one sentence that says how much it can carry."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from synthetyk.core.config import Config
from synthetyk.data.classes import in_words
from synthetyk.metrics.bootstrap import Difference, smallest_detectable_effect

Outcome = Literal["helps", "no difference shown", "hurts", "inconclusive"]


class VerdictRules(Config):
    """What a verdict asks for; fixed before the study.

    Attributes:
        margin: Smallest difference in AUC that matters; the whole interval has to lie beyond it.
        widest: Widest 95% interval of the difference for which *no difference shown* still says something.
        seeds: Fewest classifiers per arm (and GAN).
        test_images: Fewest test images of a class.
    """

    margin: float = Field(0.0, ge=0)
    widest: float = Field(0.1, gt=0)
    seeds: int = Field(5, ge=2)
    test_images: int = Field(5, ge=1)


@dataclass(frozen=True)
class Alike:
    """Two arms between which nothing but the synthetic images differs.

    Attributes:
        first: The one with them.
        second: The one without.
        difference: Test AUC of the first minus that of the second; None: the study lacks one of them.
    """

    first: str
    second: str
    difference: Difference | None


@dataclass(frozen=True)
class Evidence:
    """What a study measured for its primary comparison.

    Attributes:
        challenger: Name of the best arm with real and synthetic images, chosen on validation.
        baseline: Name of the best arm without, chosen on validation.
        challenger_auc: Mean test AUC of its classifiers.
        baseline_auc: The same of the other arm.
        difference: The first minus the second.
        unfinished: Those of the two arms whose validation AUC was still rising at the end.
        seeds: Classifiers per arm (and GAN).
        gans: GANs that synthetic images come from.
        test_counts: Test images by class name.
        test_groups: Patients, slides or other groups among them.
        alike: If the two arms differ in augmentation too: the better of them, with and without synthetic images.
    """

    challenger: str
    baseline: str
    challenger_auc: float
    baseline_auc: float
    difference: Difference
    unfinished: tuple[str, ...]
    seeds: int
    gans: int
    test_counts: dict[str, int]
    test_groups: int
    alike: Alike | None = None


class Verdict(Config):
    """What the study says.

    Attributes:
        outcome: In one word.
        reasons: Why it is inconclusive; empty otherwise.
        sentence: In one sentence, with interval, counts and the smallest effect that could have been seen.
        difference: AUC with synthetic images minus AUC without.
        low: Lower end of its 95% interval.
        high: Upper end.
        smallest_effect: Smallest true difference that would have been seen in four of five such studies.
    """

    outcome: Outcome
    reasons: tuple[str, ...]
    sentence: str
    difference: float
    low: float
    high: float
    smallest_effect: float


def judge(evidence: Evidence, rules: VerdictRules) -> Verdict:
    """Return the verdict on a study's primary comparison.

    *Helps* and *hurts* need the whole 95% interval beyond the margin. *No difference shown* needs an interval narrow
    enough to say something. Too few seeds or test images, or arms still learning, make any of them *inconclusive*; so
    does, for the first two, augmentation that may be the cause, unless the same is seen with nothing else changed.
    """
    reasons = tuple(_reasons(evidence, rules))
    outcome: Outcome = "inconclusive" if reasons else _outcome(evidence.difference, rules.margin)
    smallest = smallest_detectable_effect(evidence.difference)
    return Verdict(
        outcome=outcome,
        reasons=reasons,
        sentence=_sentence(evidence, outcome, reasons, smallest),
        difference=evidence.difference.mean,
        low=evidence.difference.low,
        high=evidence.difference.high,
        smallest_effect=smallest,
    )


def _outcome(difference: Difference, margin: float) -> Outcome:
    if difference.low > margin:
        return "helps"
    return "hurts" if difference.high < -margin else "no difference shown"


def _reasons(evidence: Evidence, rules: VerdictRules) -> list[str]:
    reasons = []
    if evidence.unfinished:
        arms = " and ".join(evidence.unfinished)
        reasons.append(f"budget: {arms} had not reached the validation plateau when the steps were used up")
    if evidence.seeds < rules.seeds:
        reasons.append(f"too few seeds: {evidence.seeds} classifiers an arm, at least {rules.seeds} are needed")
    rare, count = min(evidence.test_counts.items(), key=lambda item: item[1])
    if count < rules.test_images:
        reasons.append(f"too few test images: {count} of class {rare}, at least {rules.test_images} are needed")
    width = evidence.difference.high - evidence.difference.low
    outcome = _outcome(evidence.difference, rules.margin)
    if outcome == "no difference shown" and width > rules.widest:
        reasons.append(f"the interval is {width:.3f} wide, and above {rules.widest:g} it says nothing either way")
    if outcome != "no difference shown" and evidence.alike:
        reasons.extend(_other_cause(evidence.alike, outcome, rules.margin))
    return reasons


def _other_cause(alike: Alike, outcome: Outcome, margin: float) -> list[str]:
    """Return why a difference cannot be laid to the synthetic images, if it cannot."""
    if alike.difference is None:
        pair = f"{alike.first} and {alike.second}"
        return [f"{TOO}, and {pair}, which would tell the cause, are not both in the study"]
    seen = _outcome(alike.difference, margin) == outcome
    return [] if seen else [f"{TOO}, and {_augmented_alike(alike.difference, alike)}"]


def _augmented_alike(found: Difference, alike: Alike) -> str:
    return f"augmented alike {alike.first} differs from {alike.second} by {_in_figures(found)}"


def _in_figures(found: Difference) -> str:
    digits = _digits(smallest_detectable_effect(found))
    low, high = f"{found.low:+z.{digits}f}", f"{found.high:+z.{digits}f}"
    return f"{found.mean:+z.{digits}f} (95% interval {low} to {high})"


def _digits(smallest: float) -> int:
    return 3 if smallest >= 0.001 else 5  # near perfection three would read 0.000 throughout


TOO = "the two arms differ in augmentation too"
_OPENINGS: dict[Outcome, str] = {
    "helps": "Synthetic images help",
    "hurts": "Synthetic images hurt",
    "no difference shown": "No difference shown",
    "inconclusive": "Inconclusive",
}


def _sentence(evidence: Evidence, outcome: Outcome, reasons: tuple[str, ...], smallest: float) -> str:
    why = f" ({'; '.join(reasons)})" if reasons else ""
    counts = ", ".join(
        f"{count} of {in_words(name)}" if name.isdigit() else f"{count} {name}"
        for name, count in evidence.test_counts.items()
    )
    gans = "one GAN, and the interval holds for that one" if evidence.gans == 1 else f"{evidence.gans} GANs"
    alike, claimed = evidence.alike, outcome in ("helps", "hurts")
    part = f"; {TOO}: {_augmented_alike(alike.difference, alike)}" if claimed and alike and alike.difference else ""
    images = f"{sum(evidence.test_counts.values())} test images ({counts}) in {evidence.test_groups} groups"
    return (
        f"{_OPENINGS[outcome]}{why}: {evidence.challenger} has a test AUC of {evidence.challenger_auc:.3f} against "
        f"{evidence.baseline_auc:.3f} for {evidence.baseline}, the best arms with and without them by validation, a "
        f"difference of {_in_figures(evidence.difference)} on {images}, from {evidence.seeds} classifiers an arm and "
        f"{gans}; the smallest effect that this study could have seen is {smallest:.{_digits(smallest)}f}{part}."
    )
