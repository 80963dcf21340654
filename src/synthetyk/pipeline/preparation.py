"""The two stages before any image is decoded to stay: what the data is like, and what is to be done with it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthetyk.core.errors import DatasetError, RunError
from synthetyk.core.progress import Progress
from synthetyk.data.classes import classes_of
from synthetyk.data.fingerprint import Fingerprint, inspect
from synthetyk.data.open import open_source
from synthetyk.evaluation.study.start import fitting
from synthetyk.pipeline.begin import is_trained
from synthetyk.pipeline.configs import classifier_config
from synthetyk.pipeline.facts import facts_of
from synthetyk.pipeline.hardware import has_gpu, usable_threads
from synthetyk.pipeline.plan import Plan, PlanValues
from synthetyk.pipeline.planner import make_plan, replanned
from synthetyk.pipeline.run_folder import RunFolder, load_present
from synthetyk.pipeline.speeds import MeasuredSpeeds
from synthetyk.pipeline.stage import Stage, StageRecord, hashes, record_path
from synthetyk.training.world import current_world


def _fingerprint(run: RunFolder, progress: Progress) -> None:
    asked = run.settings()
    _check_unchanged(run)
    found = inspect(asked.dataset, asked.options, seed=asked.seed, remove_copies=asked.remove_copies, progress=progress)
    found.fingerprint.save(run.fingerprint)
    found.table.save(run.splits)


def _check_unchanged(run: RunFolder) -> None:
    """Refuse other data once a GAN is trained: it could not be gone on with, nor judged by what it met."""
    record = load_present(StageRecord, record_path(run, "fingerprint"))
    if record and is_trained(run) and record.settings["content"] != _fingerprint_settings(run)["content"]:
        raise RunError(
            f"{run.settings().dataset} has changed since the GAN of {run.path} was begun",
            expected="the same files with the same contents",
            action="Put them back, or begin another run: choose another --output",
        )


def _fingerprint_settings(run: RunFolder) -> Mapping[str, Any]:
    asked = run.settings().model_dump(include={"dataset", "options", "seed", "remove_copies"})
    return asked | {"content": open_source(run.settings().dataset, run.settings().options).content_hash()}


def _plan(run: RunFolder, _progress: Progress) -> None:
    """Plan, or, where a plan of the same data exists, lay what the user fixed since over it."""
    asked, processes = run.settings(), current_world().size
    fingerprint = Fingerprint.load(run.fingerprint)
    _check_validation(fingerprint, run)
    classes = classes_of(fingerprint.classes.names, asked.classes)
    facts = facts_of(fingerprint, usable_threads(), classes, gpu=has_gpu(), processes=processes)
    before, record = load_present(Plan, run.plan), load_present(StageRecord, record_path(run, "plan"))
    if before and record and record.inputs == hashes(run, PLAN.reads):
        plan = replanned(before, facts, asked)
    else:
        plan = make_plan(facts, asked, MeasuredSpeeds())
    _check_weights(plan.values, asked.encoder_weights)
    classes.save(run.classes)
    plan.save(run.plan)


def _check_validation(found: Fingerprint, run: RunFolder) -> None:
    """See that there are images on which trainings are judged, before anything is measured."""
    if not any(counts["val"] for counts in found.classes.counts.values()):
        raise DatasetError("There are no validation images", action=f"The notes of {run.fingerprint} say why")


def _check_weights(plan: PlanValues, path: str) -> None:
    """See that published weights fit the encoder before anything is trained."""
    if plan.classifier_weights != "none":
        shape = (plan.channels, plan.resolution, plan.resolution)
        config = classifier_config(plan, steps=plan.classifier_steps, seed=0)
        fitting(config, shape, Path(path), plan.classifier_weights)


def _plan_settings(run: RunFolder) -> Mapping[str, Any]:
    return run.settings().model_dump(include={"overrides", "weights", "classes", "encoder_weights"})


FINGERPRINT = Stage(
    "fingerprint",
    "Looks at the data: what it is, which images cannot be used, copies, leaks, splits.",
    reads=(),
    writes=("fingerprint.json", "splits.csv"),
    work=_fingerprint,
    settings=_fingerprint_settings,
)
PLAN = Stage(
    "plan",
    "Derives every setting from the data, this machine and the budget.",
    reads=("fingerprint.json",),
    writes=("plan.json", "classes.json"),
    work=_plan,
    settings=_plan_settings,
)
