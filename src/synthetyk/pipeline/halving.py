"""Successive halving: which settings of the GAN are tried, for how long, which go on, and what is taken in the end.

Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", AISTATS 2016,
algorithm 1: all trials train for a short time, the better half goes on for twice as long, until two are left. The
plan's own settings always stay to the end, so that the last word is a comparison with them at equal time.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, ClassVar

from pydantic import Field

from synthetyk.core import seeding
from synthetyk.core.artifacts import Artifact, Migration
from synthetyk.core.config import Config
from synthetyk.pipeline.plan import PlanValues
from synthetyk.pipeline.settings import Override
from synthetyk.pipeline.trials import Look
from synthetyk.training.recipes import recipe
from synthetyk.training.selection import Candidate, best

Knobs = dict[str, Any]

TRIALS, FEWER = 8, 4
ENOUGH_SECONDS = 15.0  # that each of eight trials gets at first, or four are made
POLICIES = ("", "translation", "translation,cutout", "color,translation,cutout")
START_SECONDS, LOOK_SECONDS = 6.0, 3.0  # a worker's start, a look at a generator
MARGIN = 0.85  # of the rest: lines of metrics and files take their time too
LENGTHS = ("gan_kimg", "gan_ema_kimg", "gan_tick_kimg", "gan_checkpoint_kimg", "gan_sample_kimg")


class Trial(Config):
    """One short training.

    Attributes:
        number: 0 is the plan's own settings.
        knobs: Values of the plan that it is trained with.
        kimg: Thousand images shown until the end of each rung, the same time in every trial.
        looks: What was measured at the end of every rung that it came to.
    """

    number: int
    knobs: Knobs
    kimg: tuple[float, ...] = ()
    looks: tuple[Look, ...] = ()

    def distance(self, rung: int) -> float:
        """Return the kernel distance at the end of a rung."""
        return self.looks[rung].scores["val_kd"]

    def candidate(self, rung: int, step: int = 0) -> Candidate:
        """Return what the rules of `training.selection` judge; among equals the higher `step` is taken."""
        return Candidate(step=step, kimg=self.kimg[rung], weights="ema", scores=self.looks[rung].scores)

    def said(self, rung: int) -> str:
        """Say what decided about it at the end of a rung: kernel distance, AUC, and whether both are void."""
        scores = self.looks[rung].scores
        words = f"{self.distance(rung):.4f} ± {scores.get('val_kd_error', 0):.4f}"
        if "val_auc" in scores:
            words += f" and {scores['val_auc']:.3f} ± {scores.get('val_auc_error', 0):.3f}"
        return words + (" (void: too near to training images)" if self.candidate(rung).void else "")


def _with_discriminators(old: dict[str, Any]) -> dict[str, Any]:
    """Bring tuning/1 to tuning/2: all classes shared one discriminator."""
    return {**old, "plan": {"gan_discriminator": "shared", **old["plan"]}}


class TuningReport(Artifact):
    """tuning.json: which settings were tried, what came of them, and what was taken.

    Attributes:
        question: What decides the trials: minutes, values fixed by the user, hashes of what they are trained on.
        plan: The plan's own values.
        seconds: Training time of a trial until the end of each rung, turned into kimg by the speeds.
        places: Trials in each rung.
        workers: Trials that were made side by side.
        threads: Threads of each.
        speeds: Images per second measured for each width; empty until they are.
        trials: All of them; those that did not survive a rung have no further looks.
        winner: Number of the trial whose settings were taken; None as long as trials are made.
        reason: Why, in words.
        result: What is laid over the plan.
    """

    schema_name: ClassVar[str] = "tuning"
    schema_version: ClassVar[int] = 2
    migrations: ClassVar[dict[int, Migration]] = {1: _with_discriminators}

    question: dict[str, Any]
    plan: PlanValues
    seconds: tuple[float, ...]
    places: tuple[int, ...]
    workers: int
    threads: int
    speeds: dict[int, float] = Field(default={})
    trials: tuple[Trial, ...]
    winner: int | None = None
    reason: str = ""
    result: dict[str, Override] = Field(default={})

    def width(self, trial: Trial) -> int:
        """Return the width of a trial's networks."""
        return int(trial.knobs.get("gan_width", self.plan.gan_width))

    def in_rung(self, rung: int) -> list[Trial]:
        """Return the trials of a rung, which is known once the rungs before it have ended."""
        trials = list(self.trials)
        for ended in range(rung):
            trials = survivors(trials, ended, self.places[ended + 1])
        return trials

    def with_look(self, number: int, look: Look) -> "TuningReport":
        """Return this report with one more look at a trial."""
        trials = list(self.trials)
        trials[number] = trials[number].replace(looks=(*trials[number].looks, look))
        return self.model_copy(update={"trials": tuple(trials)})


def grid(plan: PlanValues, fixed: Mapping[str, Any]) -> list[Knobs]:
    """Return every combination of the knobs' values, the plan's own first; what the user fixed is no knob.

    Args:
        plan: The plan's own values.
        fixed: By the names of the values that the user fixed.
    """
    chosen, width = recipe(plan.gan_recipe), plan.gan_width
    policies = dict.fromkeys((plan.gan_augment, *POLICIES)) if chosen.augmented else (plan.gan_augment,)
    widths = (width,) if chosen.layers else dict.fromkeys((width, _eights(width / 1.5), _eights(width * 1.5)))
    weights = (1.0, 0.1, 10.0) if plan.gan_r1 or plan.gan_r2 else (1.0,)
    knobs: list[list[Knobs]] = [
        [{"gan_learning_rate": plan.gan_learning_rate * factor} for factor in (1.0, 0.5, 2.0)],
        [{"gan_augment": policy} for policy in policies],
        [{"gan_width": width} for width in widths],
        [{"gan_r1": plan.gan_r1 * weight, "gan_r2": plan.gan_r2 * weight} for weight in weights],
    ]
    free = [values for values in knobs if len(values) > 1 and not values[0].keys() & fixed.keys()]
    return [{name: value for part in parts for name, value in part.items()} for parts in product(*free)]


def _eights(width: float) -> int:
    return max(1, round(width / 8)) * 8


def drawn(combinations: Sequence[Knobs], count: int, seed: int) -> list[Knobs]:
    """Return the first combination and others drawn from the rest, at most `count` in all."""
    order = seeding.generator(seed, "tuning/trials").permutation(len(combinations) - 1)[: count - 1]
    return [combinations[0], *(combinations[1 + int(index)] for index in order)]


def places_of(trials: int) -> tuple[int, ...]:
    """Return how many trials each rung has: all, then the better half of the rung before, at last two."""
    places = [trials]
    while places[-1] > 2:
        places.append(math.ceil(places[-1] / 2))
    return tuple(places)


def seconds_of(minutes: float, places: Sequence[int], workers: int) -> tuple[float, ...]:
    """Return each trial's training time in seconds until the end of each rung, which doubles from rung to rung."""
    rounds = [math.ceil(trials / workers) for trials in places]
    rest = 60 * minutes - START_SECONDS - LOOK_SECONDS * sum(rounds)
    units = sum(count * max(1.0, 2.0 ** (rung - 1)) for rung, count in enumerate(rounds))
    first = max(1.0, MARGIN * rest / units)
    return tuple(round(first * 2**rung, 1) for rung in range(len(places)))


def kimg_of(seconds: Sequence[float], speed: float) -> tuple[float, ...]:
    """Return the thousand images that are shown until each of these times at `speed` images per second."""
    return tuple(round(end * speed / 1000, 6) for end in seconds)


def ranking(trials: Sequence[Trial], rung: int) -> list[Trial]:
    """Return the trials that did not diverge, best first.

    The rule is that of `training.selection.best`: void ones last, then the kernel distance, then the AUC, within their
    errors. Where measurement cannot tell trials apart the plan's own comes first, since nothing speaks against it, then
    that with the lower distance.
    """
    sound = [trial for trial in trials if trial.looks[rung].scores]
    sound.sort(key=lambda trial: (trial.number == 0, -trial.distance(rung)))
    left = [trial.candidate(rung, step) for step, trial in enumerate(sound)]
    ranked = []
    while left:
        chosen = best(left)
        left.remove(chosen)
        ranked.append(sound[chosen.step])
    return ranked


def survivors(trials: Sequence[Trial], rung: int, places: int) -> list[Trial]:
    """Return the trials that go on after a rung, by number: the best, and the plan's own if it has not diverged."""
    ranked = ranking(trials, rung)
    own = [trial for trial in ranked if trial.number == 0]
    others = [trial for trial in ranked if trial.number]
    return sorted([*own, *others[: places - len(own)]], key=lambda trial: trial.number)


def decided(report: TuningReport, fixed: Mapping[str, Any], rules: Mapping[str, str]) -> TuningReport:
    """Return the report with winner, reason and result once every rung has ended.

    Args:
        report: All of its trials are made.
        fixed: By the names of the values that the user fixed.
        rules: Why the plan's own values are what they are, by name.
    """
    last = len(report.places) - 1
    ranked = ranking(report.in_rung(last), last)
    winner = ranked[0] if ranked else report.trials[0]
    reason = _reason(report, ranked, last)
    values = winner.knobs | _lengths(report, winner, fixed)
    own = report.plan.model_dump()
    result = {
        name: Override(
            value=value, origin="tuning", reason=f"tuning: {reason} (the rule says {own[name]}: {rules[name]})"
        )
        for name, value in values.items()
    }
    return report.model_copy(update={"winner": winner.number, "reason": reason, "result": result})


def _lengths(report: TuningReport, winner: Trial, fixed: Mapping[str, Any]) -> Knobs:
    """Return the lengths that fill the budget at the winner's width, as far as the user fixed none."""
    factor = report.speeds[report.width(winner)] / report.speeds[report.plan.gan_width]
    if factor == 1 or "gan_kimg" in fixed:
        return {}
    return {name: round(getattr(report.plan, name) * factor, 6) for name in LENGTHS if name not in fixed}


def _reason(report: TuningReport, ranked: Sequence[Trial], last: int) -> str:
    trials = f"{len(report.trials)} short trainings, {report.seconds[0]:.3g} to {report.seconds[-1]:.3g} s each"
    if not ranked:
        return f"all of {trials}, diverged, so the plan's own settings stay"
    look = ranked[0].looks[last]
    also = " and AUC of classifiers trained on its images alone" if "val_auc" in look.scores else ""
    said = f"kernel distance to {look.measured_on} images{also} {ranked[0].said(last)}"
    if ranked[0].number == 0:
        other = f"with the best of the others {ranked[1].said(last)}" if len(ranked) > 1 else "the others diverged"
        return f"of {trials}, none was measurably better than that with the plan's own settings: {said}, {other}"
    own = [trial for trial in ranked if trial.number == 0]
    beside = f"with the plan's own settings {own[0].said(last)}" if own else "the plan's own settings diverged"
    return f"the best of {trials}: {said}, {beside}"
