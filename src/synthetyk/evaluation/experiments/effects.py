"""What each setting changes: experiments that differ in one key alone, compared pair by pair."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from synthetyk.evaluation.experiments.analysis import Judged
from synthetyk.evaluation.experiments.report import Averaged, Effect, ExperimentResult, PairDifference
from synthetyk.evaluation.experiments.words import called
from synthetyk.metrics.bootstrap import ArmSamples, Difference, difference, holm, smallest_detectable_effect
from synthetyk.metrics.resampling import mean_of

SCORES = ("auc", "accuracy")
SIGNIFICANT = 0.05
PRUNED = ("magnitude", "channels")  # how the names of such forms of a model begin
OFF: tuple[Any, ...] = (False, "", "none", [], ())


@dataclass(frozen=True)
class Change:
    """One key from one value to another, with every pair of experiments that differ in it alone.

    Attributes:
        key: The key.
        value: Its value.
        baseline: What it is compared with.
        pairs: The experiment with the value, and the one with the baseline.
    """

    key: str
    value: Any
    baseline: Any
    pairs: tuple[tuple[Judged, Judged], ...]


def effects(judged: Sequence[Judged]) -> tuple[Effect, ...]:
    """Return what every key changes that varies with everything else equal, corrected for their number.

    Args:
        judged: Experiments in the order asked for; among values of a key that are all on, the first is the baseline.
    """
    found = list(changes(judged))
    return tuple(effect for score in SCORES for effect in _corrected([_compared(one, score) for one in found], score))


def changes(judged: Sequence[Judged]) -> Iterator[Change]:
    """Yield every key with its values, and the pairs of experiments that differ in it alone."""
    keys = dict.fromkeys(key for one in judged for key in one.settings)
    for key in keys:
        values = _values(judged, key)
        for value in values[1:]:
            pairs = tuple(
                (one, other)
                for other in judged
                for one in judged
                if one.settings[key] == value and other.settings[key] == values[0] and _alike(one, other, key)
            )
            if pairs:
                yield Change(key, value, values[0], pairs)


def precision_effects(results: Sequence[ExperimentResult]) -> tuple[Effect, ...]:
    """Return what fewer bits and pruning change in the test AUC of the models that were kept.

    Over several models the ends of the intervals are averaged, as if the test images moved all of them alike: the
    interval is rather too wide.

    Args:
        results: Experiments, those without other forms of their model passed over.
    """
    pairs: dict[str, list[PairDifference]] = {}
    for one in results:
        for form in one.precisions[1:]:
            if form.difference:
                pair = PairDifference(first=f"{one.name}, {form.name}", second=one.name, difference=form.difference)
                pairs.setdefault(form.name, []).append(pair)
    return tuple(_of_precision(name, found) for name, found in pairs.items())


def _of_precision(name: str, pairs: Sequence[PairDifference]) -> Effect:
    mean, low, high = (
        sum(getattr(pair.difference, end) for pair in pairs) / len(pairs) for end in ("mean", "low", "high")
    )
    pruned = name.startswith(PRUNED)
    return Effect(
        key="pruning" if pruned else "precision",
        value=name,
        baseline="none" if pruned else "fp32",
        score="auc",
        difference=Averaged(mean=mean, low=low, high=high),
        outcome="higher" if low > 0 else "lower" if high < 0 else "no difference shown",
        pairs=tuple(pairs),
    )


def said(value: Any) -> str:
    """Return a setting's value as people say it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return " + ".join(map(said, value)) or "none"
    if isinstance(value, Mapping):
        return called(value)
    return "/".join(PurePath(value).parts[-2:]) or "none" if isinstance(value, str) else f"{value:g}"


def _values(judged: Sequence[Judged], key: str) -> list[Any]:
    """Return a key's values, the baseline first: what is off, or else what came first."""
    values: list[Any] = []
    for one in judged:
        if one.settings[key] not in values:
            values.append(one.settings[key])
    off = [value for value in values if any(value == each and type(value) is type(each) for each in OFF)]
    return [*off, *(value for value in values if value not in off)]


def _alike(one: Judged, other: Judged, key: str) -> bool:
    """Tell whether two experiments differ in one key alone, and met the same test images with the same seeds."""
    rest, others = ({k: v for k, v in each.settings.items() if k != key} for each in (one, other))
    return rest == others and (one.images, one.seeds) == (other.images, other.seeds)


def _compared(change: Change, score: str) -> tuple[Change, Difference, tuple[PairDifference, ...]]:
    """Return a change with its mean difference and that of each pair."""
    each = [difference(one.test[score], other.test[score]) for one, other in change.pairs]
    firsts, seconds = (mean_of(side) for side in zip(*_samples(change, score), strict=True))
    pairs = tuple(
        PairDifference(first=one.name, second=other.name, difference=_figure(found))
        for (one, other), found in zip(change.pairs, each, strict=True)
    )
    return change, difference(firsts, seconds), pairs


def _samples(change: Change, score: str) -> list[tuple[ArmSamples, ArmSamples]]:
    return [(one.test[score], other.test[score]) for one, other in change.pairs]


def _corrected(
    compared: Sequence[tuple[Change, Difference, tuple[PairDifference, ...]]], score: str
) -> Iterator[Effect]:
    corrected = holm([found.p_value for _, found, _ in compared]) if compared else ()
    for (change, found, pairs), p in zip(compared, corrected, strict=True):
        direction = "higher" if found.mean > 0 else "lower"
        yield Effect(
            key=change.key,
            value=said(change.value),
            baseline=said(change.baseline),
            score=score,
            difference=_figure(found),
            p_value=found.p_value,
            p_corrected=float(p),
            outcome=direction if p < SIGNIFICANT else "no difference shown",
            smallest_effect=smallest_detectable_effect(found),
            pairs=pairs,
        )


def _figure(found: Difference) -> Averaged:
    return Averaged(mean=found.mean, low=found.low, high=found.high)
