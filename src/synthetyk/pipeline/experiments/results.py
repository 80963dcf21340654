"""What experiments found: figures of each, what each key changes, and both told to trackers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from synthetyk.compression.report import ClassifierPart
from synthetyk.data.classes import positive_label
from synthetyk.evaluation.experiments.analysis import (
    RESAMPLES,
    Judged,
    Split,
    class_figures,
    confusion_of,
    figures,
)
from synthetyk.evaluation.experiments.effects import effects, precision_effects
from synthetyk.evaluation.experiments.report import ExperimentResult, ExperimentsReport
from synthetyk.pipeline.experiments.compression import precisions
from synthetyk.pipeline.experiments.folder import ExperimentsAsked, ExperimentsFolder
from synthetyk.pipeline.experiments.models import chosen_training, hand_out
from synthetyk.pipeline.experiments.plan import Done, Planned
from synthetyk.tracking.several import SeveralTrackers


def gather(
    folder: ExperimentsFolder,
    asked: ExperimentsAsked,
    plans: Sequence[Planned],
    compressed: Mapping[str, ClassifierPart | str],
) -> ExperimentsReport:
    """Judge every experiment that has a classifier, on validation images and then, this once, on test images.

    Args:
        folder: Where they are kept.
        asked: What was asked for.
        plans: The experiments, trained as far as they could be.
        compressed: By experiment the forms of its model, or what went wrong with them.
    """
    judge = _Judge(folder, asked.seed)
    results = [_with_forms(judge.result(plan), compressed.get(plan.name)) for plan in plans]
    tried = [one for one in results if one.seeds]
    whole = [one for one in tried if not one.failures]
    comparable = (whole or tried) if len(judge.validated) == 1 else []
    best = max(comparable, key=lambda one: (one.val["auc"].mean, -one.val["loss"].mean), default=None)
    return ExperimentsReport(
        experiments=tuple(results),
        effects=(*effects(judge.judged_of(whole)), *precision_effects(results)),
        best=best.name if best else None,
        resamples=RESAMPLES,
        seed=asked.seed,
        notes=(*_notes(tried, alike=len(judge.validated) < 2), *_notes_on_data(plans)),
    )


class _Judge:
    """Judges experiments one by one; those on the same images share the bootstrap's draws.

    Args:
        folder: Where they are kept.
        seed: Of the bootstrap.
    """

    def __init__(self, folder: ExperimentsFolder, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.judged: list[Judged] = []
        self.validated: set[str] = set()  # names the validation images of all of them
        self._splits: dict[Path, tuple[Split, Split]] = {}

    def judged_of(self, results: Sequence[ExperimentResult]) -> list[Judged]:
        """Return what is known of some experiments."""
        names = {one.name for one in results}
        return [one for one in self.judged if one.name in names]

    def result(self, plan: Planned) -> ExperimentResult:
        """Return what an experiment is worth, and hand out its model."""
        settings = plan.experiment.model_dump(mode="json")
        done = plan.done()
        bare = ExperimentResult(name=plan.name, settings=settings, failures=dict(plan.failures))
        if not done:
            return bare
        return bare.model_copy(update=_trained(done) | self._figures(plan, done) | self._model(plan, done))

    def _figures(self, plan: Planned, done: Sequence[Done]) -> dict[str, Any]:
        val, test = self._split(plan)
        self.validated.add(val.identity)
        said_val, said_test = (np.stack([getattr(result, name) for _, result in done]) for name in ("val", "test"))
        names = test.images.class_names
        positive = positive_label(names) if len(names) == 2 else 1
        scores = (
            val.resampling.scores(said_val, positive=positive),
            test.resampling.scores(said_test, positive=positive),
        )
        seeds = tuple(each.number for each, _ in done)
        self.judged.append(Judged(plan.name, plan.experiment.deciding, seeds, test.identity, *scores))
        return {
            "seeds": seeds,
            "val": figures(scores[0]),
            "test": figures(scores[1]),
            "classes": class_figures(said_test, test),
            "confusion": confusion_of(said_test, test),
        }

    def _model(self, plan: Planned, done: Sequence[Done]) -> dict[str, Any]:
        kept, home = chosen_training(done), self.folder.experiment(plan.name)
        weights = hand_out(plan.experiment, kept, dict(done)[kept], home)
        folder = (home / plan.experiment.model_save_dir).relative_to(self.folder.path)
        return {"chosen": kept.number, "folder": str(folder), "weights": weights}

    def _split(self, plan: Planned) -> tuple[Split, Split]:
        images = plan.trainings[0].images
        if images.folder not in self._splits:
            _, val, test = images.splits()
            data = images.identity()
            self._splits[images.folder] = (Split.of(val, self.seed, data), Split.of(test, self.seed, data))
        return self._splits[images.folder]


def tell_results(folder: ExperimentsFolder, report: ExperimentsReport, trackers: Mapping[str, SeveralTrackers]) -> None:
    """Tell each experiment's trackers its figures, and those of all together what was found."""
    for one in report.experiments:
        tracker = trackers[one.name]
        told = {
            f"{split}/{name}": figure.mean for split in ("val", "test") for name, figure in getattr(one, split).items()
        }
        if told:
            tracker.log(0, told)
        for number, why in one.failures.items():
            tracker.event(0, f"failed/{number}", why)
        if not one.seeds:
            tracker.close("failed")
    if report.best:
        trackers[""].event(0, "best", f"{report.best} has the highest AUC on validation images")
    for path in (folder.report, folder.page, *([folder.figure] if report.tried else [])):
        trackers[""].keep(path)


def _with_forms(one: ExperimentResult, found: ClassifierPart | str | None) -> ExperimentResult:
    if found is None:
        return one
    if isinstance(found, str):
        return one.model_copy(update={"compression_failure": found})
    return one.model_copy(update={"precisions": precisions(found), "precision": found.precision.sentence})


def _trained(done: Sequence[Done]) -> dict[str, Any]:
    abouts = [result.about for _, result in done]
    return {
        "parameters": abouts[0].parameters,
        "train_counts": abouts[0].counts,
        "synthetic_counts": abouts[0].synthetic,
        "steps": tuple(about.curve[-1].step for about in abouts),
        "kept_steps": tuple(about.best_step for about in abouts),
        "seconds": tuple(about.seconds for about in abouts),
    }


def _notes(tried: Sequence[ExperimentResult], *, alike: bool) -> list[str]:
    found = [
        "Test images were met once, after every training; what is kept and what is called best was chosen on "
        "validation images. Intervals come from a joint bootstrap over seeds and groups of test images."
    ]
    pairs = dict.fromkeys(one.class_names for one in tried if len(one.class_names) == 2)
    if positive := dict.fromkeys(names[positive_label(names)] for names in pairs):
        found.append(f"With two classes precision, recall and specificity are those of {' and '.join(positive)}.")
    if not alike:
        found.append("None is called best: not all experiments were validated on the same images.")
    if alone := [one.name for one in tried if len(one.seeds) == 1]:
        which = "every experiment" if len(alone) == len(tried) else ", ".join(alone)
        found.append(f"One seed of {which} was trained: its interval holds for this one classifier (--seeds 5).")
    if uneven := [one.name for one in tried if one.failures]:
        found.append(f"Of {', '.join(uneven)} not every seed was trained: it is compared with no other.")
    return found


def _notes_on_data(plans: Sequence[Planned]) -> list[str]:
    """Say what the data sets have to be known for, such as patients in several splits."""
    images = dict.fromkeys(training.images for plan in plans for training in plan.trainings[:1])
    notes = [(Path(each.fingerprint().location).name, note) for each in images for note in each.fingerprint().notes]
    return [*(f"{name}: {note}" for name, note in dict.fromkeys(notes)), *notes_on_synthetic(plans)]


def notes_on_synthetic(plans: Sequence[Planned]) -> list[str]:
    """Say whose synthetic images may be those of a GAN that was trained on what is measured here."""
    found = []
    for plan in plans:
        carved = [name for training in plan.trainings[:1] for name in training.images.fingerprint().carved]
        if carved and plan.experiment.synthetic and not plan.unmet:
            found.append(
                f"{plan.name}: {' and '.join(carved)} images were carved here. If the GAN behind "
                f"{plan.experiment.synthetic} was trained on some of them, these figures are too good."
            )
    return found
