"""Tries a few settings of the GAN in short trainings before the long one, see `pipeline.halving`."""

import shutil
from collections.abc import Callable, Sequence
from typing import Any

from synthetyk.core import seeding
from synthetyk.core.errors import NotApplicableError, RunError
from synthetyk.core.progress import Progress, silent
from synthetyk.data.cache import open_cache
from synthetyk.pipeline.configs import gan_config
from synthetyk.pipeline.halving import (
    ENOUGH_SECONDS,
    FEWER,
    TRIALS,
    Knobs,
    Trial,
    TuningReport,
    decided,
    drawn,
    grid,
    kimg_of,
    places_of,
    seconds_of,
)
from synthetyk.pipeline.hardware import usable_threads
from synthetyk.pipeline.plan import Plan, PlanValues
from synthetyk.pipeline.run_folder import RunFolder, load_present
from synthetyk.pipeline.settings import Override
from synthetyk.pipeline.stage import Stage, hashes, run_stage
from synthetyk.pipeline.stages import BY_NAME
from synthetyk.pipeline.trials import Crew, Pace, Stretch
from synthetyk.training.gan_config import GANConfig

PACE_SECONDS = 2.0
TICKS = 4  # lines of metrics in the first rung, after each of which the monitor looks


def tuning_stage(minutes: float) -> Stage:
    """Return the stage that tries settings for some minutes and lays what it finds over the plan.

    It is none of the stages of every run; it belongs before `train`.
    """

    def work(run: RunFolder, progress: Progress) -> None:
        _refuse_begun(run)
        found, asked = tune(run, minutes, progress), run.settings()
        asked.model_copy(update={"overrides": asked.overrides | found}).save(run.config)
        run_stage(BY_NAME["plan"], run, silent)

    return Stage(
        "tune",
        "Tries settings of the GAN in short trainings.",
        reads=("cache", "features"),
        writes=("tuning.json",),
        work=work,
        settings=lambda run: _asked(run, minutes),
    )


def _refuse_begun(run: RunFolder) -> None:
    if any(run.path.glob("checkpoints/*")) or any(run.path.glob("replicas/*/checkpoints/*")):
        raise RunError(
            f"{run.path} holds a GAN whose training has begun, which other settings would throw away",
            expected="--tune from the beginning of a run",
            action="Go on without --tune, or tune in another --output",
        )


def _asked(run: RunFolder, minutes: float) -> dict[str, Any]:
    """Return what the user said that decides the trials."""
    fixed = run.settings().overrides_by("command line", "config file")
    return {"minutes": minutes, "fixed": {name: override.value for name, override in fixed.items()}}


def tune(run: RunFolder, minutes: float, progress: Progress = silent) -> dict[str, Override]:
    """Try settings for some minutes, or go on with it; return what is to be laid over the plan.

    Every look is kept in tuning.json, and every trial in a folder of its own until all is decided.

    Args:
        run: Its cache and its feature network are there.
        minutes: Wall time.
        progress: Called with seconds of training done and in all.

    Raises:
        NotApplicableError: The user fixed all that could be tried.
        TrainingError: A worker was killed, or there are too few images.
    """
    question = _asked(run, minutes) | {"inputs": hashes(run, ("cache", "features"))}
    report = load_present(TuningReport, run.tuning)
    if report is None or report.question != question:
        shutil.rmtree(run.trials, ignore_errors=True)
        report = _begin(run, question)
    if report.winner is None:
        with Crew(run, report.workers, report.threads, _seed(run)) as crew:
            report = report if report.speeds else _paced(run, report, crew)
            for rung in range(len(report.places)):
                report = _climb(run, report, rung, crew, progress)
        report = decided(report, question["fixed"], Plan.load(run.plan).reasons)
        report.save(run.tuning)
    shutil.rmtree(run.trials, ignore_errors=True)
    return report.result


def _seed(run: RunFolder) -> int:
    """Return the seed of every trial, the same one: only their settings are to differ."""
    return seeding.derive(run.settings().seed, "tuning")


def _begin(run: RunFolder, question: dict[str, Any]) -> TuningReport:
    """Draw the trials and share out their time."""
    plan, minutes = Plan.load(run.plan).values, question["minutes"]
    workers = usable_threads() if plan.device == "cpu" else 1
    combinations = grid(plan, question["fixed"])
    if len(combinations) < 2:
        raise NotApplicableError("Every value that tuning could try is fixed")
    enough = seconds_of(minutes, places_of(TRIALS), workers)[0] >= ENOUGH_SECONDS
    knobs = drawn(combinations, TRIALS if enough else FEWER, run.settings().seed)
    places = places_of(len(knobs))
    return TuningReport(
        question=question,
        plan=plan,
        seconds=seconds_of(minutes, places, workers),
        places=places,
        workers=workers,
        threads=1 if workers > 1 else plan.threads,
        trials=tuple(Trial(number=number, knobs=own) for number, own in enumerate(knobs)),
    )


def _paced(run: RunFolder, report: TuningReport, crew: Crew) -> TuningReport:
    """Turn the trials' time into kimg by measured speeds, once: whoever goes on with them does the same work."""
    plan = report.plan
    widths = dict.fromkeys(report.width(trial) for trial in report.trials)
    jobs = {Pace(_config(run, plan, {"gan_width": width}, (plan.gan_kimg,)), PACE_SECONDS): width for width in widths}
    measured = crew.do(list(jobs), lambda _job, _kimg: None)
    speeds = {jobs[job]: round(speed, 1) for job, speed in measured}
    # A trial longer than the training that it stands for would tell nothing more.
    share = min(1.0, plan.gan_kimg * 1000 / speeds[plan.gan_width] / report.seconds[-1])
    seconds = tuple(round(share * end, 3) for end in report.seconds)
    trials = tuple(trial.replace(kimg=kimg_of(seconds, speeds[report.width(trial)])) for trial in report.trials)
    report = report.model_copy(update={"seconds": seconds, "speeds": speeds, "trials": trials})
    report.save(run.tuning)
    return report


def _config(run: RunFolder, plan: PlanValues, knobs: Knobs, kimg: tuple[float, ...]) -> GANConfig:
    """Return the settings of one trial: it is not mended when it fails, and looked at only between rungs."""
    lengths = {"gan_kimg": kimg[-1], "gan_checkpoint_kimg": kimg[-1], "gan_sample_kimg": kimg[-1]}
    values = plan.replace(**knobs, **lengths, gan_tick_kimg=kimg[0] / TICKS)
    config = gan_config(values, classes=len(open_cache(run.cache).class_names), seed=_seed(run))
    return config.replace(max_rollbacks=0)


def _climb(run: RunFolder, report: TuningReport, rung: int, crew: Crew, progress: Progress) -> TuningReport:
    """Train the trials of a rung to its end and look at them, those that were not yet looked at there."""
    inside = report.in_rung(rung)
    jobs = [
        Stretch(trial.number, _config(run, report.plan, trial.knobs, trial.kimg), trial.kimg[rung])
        for trial in inside
        if len(trial.looks) <= rung
    ]
    for job, look in crew.do(jobs, _told(report, inside, rung, progress)):
        report = report.with_look(job.number, look)
        report.save(run.tuning)
    return report


def _told(
    report: TuningReport, inside: Sequence[Trial], rung: int, progress: Progress
) -> Callable[[Stretch, float], None]:
    """Return what turns a trial's kimg into seconds of training of all trials and reports them."""
    lengths = [end - begin for begin, end in zip((0.0, *report.seconds), report.seconds, strict=False)]
    ended = [trials * length for trials, length in zip(report.places, lengths, strict=True)]
    spent = {trial.number: lengths[rung] if len(trial.looks) > rung else 0.0 for trial in inside}
    message = f"{len(inside)} trials, rung {rung + 1} of {len(lengths)}"

    def told(job: Stretch, kimg: float) -> None:
        left = max(0.0, 1 - kimg / job.kimg) * report.seconds[rung]
        spent[job.number] = max(0.0, lengths[rung] - left)
        progress(sum(ended[:rung]) + sum(spent.values()), sum(ended), message)

    return told
