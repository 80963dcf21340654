"""Whom experiments report to: a run for all of them, in it one for each experiment, in that one for each seed."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from synthetyk.pipeline.experiments.experiment import Experiment
from synthetyk.pipeline.experiments.folder import ExperimentsAsked, ExperimentsFolder, folder_name
from synthetyk.pipeline.trackers import METRICS, guarded
from synthetyk.tracking.jsonl import JsonlTracker
from synthetyk.tracking.several import SeveralTrackers
from synthetyk.tracking.subject import Subject
from synthetyk.tracking.tracker import NullTracker, Tracker, closing


def training_subject(folder: ExperimentsFolder, experiment: Experiment, number: int) -> Subject:
    """Return what trackers hear of one training of an experiment."""
    name = experiment.model_name
    return Subject(
        run=folder.path,
        part=f"{folder_name(name)}/seed-{number}",
        settings=experiment.model_dump(mode="json") | {"seed": number},
        metrics=folder.seed(name, number) / METRICS,
    )


@contextmanager
def training_tracker(subject: Subject, names: tuple[str, ...]) -> Iterator[Tracker]:
    """Yield what a training reports to: its JSON lines from the beginning, and trackers by name."""
    with closing(SeveralTrackers(JsonlTracker.open(subject), guarded(names, subject))) as tracker:
        tracker.rewind(-1)  # a training that was killed begins again
        yield tracker


@contextmanager
def whole_trackers(folder: ExperimentsFolder, asked: ExperimentsAsked) -> Iterator[Mapping[str, SeveralTrackers]]:
    """Yield what each experiment as a whole reports to, and all of them together under an empty name.

    They are open before the block begins, so that the trainings find the runs that they are nested in. Results are in
    `experiments.json`, without JSON lines.
    """
    experiments = asked.experiments.values()
    every = tuple(dict.fromkeys(name for experiment in experiments for name in experiment.trackers))
    of_wandb = next((each.model_dump(mode="json")["wandb"] for each in experiments if each.wandb), False)
    subject = Subject(run=folder.path, settings={"seed": asked.seed, "wandb": of_wandb})
    with ExitStack() as stack:
        found = {"": stack.enter_context(closing(SeveralTrackers(NullTracker(), guarded(every, subject))))}
        found[""].wait_open()
        for experiment in experiments:
            part = folder_name(experiment.model_name)
            one = Subject(run=folder.path, part=part, settings=experiment.model_dump(mode="json"))
            tracker = SeveralTrackers(NullTracker(), guarded(experiment.trackers, one))
            found[experiment.model_name] = stack.enter_context(closing(tracker))
        for tracker in found.values():
            tracker.wait_open()
        yield found
