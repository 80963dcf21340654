"""Runs experiments: images once, a training for each seed side by side, then what they are worth; all can go on."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from synthetyk.compression.report import ClassifierPart
from synthetyk.core.artifacts import write_bytes
from synthetyk.core.errors import SynthetykError
from synthetyk.core.progress import Progress
from synthetyk.evaluation.experiments.report import ExperimentsReport
from synthetyk.pipeline.experiments.compression import compress_kept
from synthetyk.pipeline.experiments.experiment import Experiment
from synthetyk.pipeline.experiments.folder import ExperimentsAsked, ExperimentsFolder
from synthetyk.pipeline.experiments.images import Images, ImagesWanted, prepare_images
from synthetyk.pipeline.experiments.models import chosen_training
from synthetyk.pipeline.experiments.pace import Pace
from synthetyk.pipeline.experiments.plan import Planned, planned, wanted_images
from synthetyk.pipeline.experiments.results import gather, tell_results
from synthetyk.pipeline.experiments.trackers import training_subject, whole_trackers
from synthetyk.pipeline.experiments.training import Training
from synthetyk.pipeline.experiments.workers import Task, Word, in_words, train_all
from synthetyk.pipeline.hardware import usable_threads
from synthetyk.pipeline.lock import locked
from synthetyk.pipeline.trackers import tell_late
from synthetyk.report.experiments import experiments_figure, render_experiments
from synthetyk.tracking.several import SeveralTrackers


class Display(Protocol):
    """How an edge shows experiments."""

    def work(self, name: str) -> AbstractContextManager[Progress]:
        """Show work with its progress while it goes on."""
        ...

    def looked(self, training: Training, message: str) -> None:
        """Show what the newest look at the validation images of a training showed."""
        ...

    def ended(self, training: Training, failure: str, left: int) -> None:
        """Show how a training has ended, and how many are left."""
        ...

    def found_done(self, count: int, of: int) -> None:
        """Show how many trainings were done before."""
        ...


def run_experiments(folder: ExperimentsFolder, asked: ExperimentsAsked, display: Display) -> ExperimentsReport:
    """Run experiments, or go on with them: what was trained with the same inputs is not trained again.

    An experiment that fails stops no other; what was wrong stands in the report.

    Args:
        folder: Has begun.
        asked: What was asked for, checked.
        display: Shows it.

    Raises:
        RunLockedError: Another process is at work in the folder.
    """
    with locked(folder.path):
        asked.save(folder.config)
        with whole_trackers(folder, asked) as trackers:
            return _run(folder, asked, display, trackers)


def _run(
    folder: ExperimentsFolder, asked: ExperimentsAsked, display: Display, trackers: Mapping[str, SeveralTrackers]
) -> ExperimentsReport:
    """Run what is locked, with the trackers that are told of all of it."""
    images = {wanted: _images(folder, wanted, display) for wanted in _wanted(asked)}
    plans = planned(folder, asked, images, threads=_threads(asked))
    _train(folder, asked, plans, display)
    compressed = _compress(folder, plans, display)
    with display.work("compare") as progress:
        progress(0, 1, "intervals")
        report = gather(folder, asked, plans, compressed)
    report.save(folder.report)
    write_bytes(folder.page, render_experiments(report, folder.path.resolve().name).encode())
    if report.tried:
        write_bytes(folder.figure, experiments_figure(report))
    for plan in plans:
        _tell_late(folder, plan)
    tell_results(folder, report, trackers)
    return report


def workers_of(experiments: Sequence[Experiment]) -> int:
    """Return how many trainings go on side by side: one on each core, or fewer if that was asked for."""
    cores = usable_threads()
    return min(cores, max(experiment.num_workers or cores for experiment in experiments))


def _threads(asked: ExperimentsAsked) -> int:
    """Return the threads of each training: one, or several where fewer go on side by side than there are cores."""
    count = sum(experiment.seeds for experiment in asked.experiments.values())
    return max(1, usable_threads() // min(count, workers_of(list(asked.experiments.values()))))


def _wanted(asked: ExperimentsAsked) -> list[ImagesWanted]:
    return list(dict.fromkeys(wanted_images(asked, experiment) for experiment in asked.experiments.values()))


def _images(folder: ExperimentsFolder, wanted: ImagesWanted, display: Display) -> Images | str:
    """Return images that carry a comparison, or why there are none."""
    try:
        with display.work("images") as progress:
            images = prepare_images(wanted, folder.images(wanted.name), progress)
        images.splits()
    except SynthetykError as error:
        return str(error)
    return images


def _train(folder: ExperimentsFolder, asked: ExperimentsAsked, plans: Sequence[Planned], display: Display) -> None:
    """Do every training that is not done; the first seed of each experiment before the second of any."""
    of_title = {training.title: plan for plan in plans for training in plan.trainings}
    every = sorted((each for plan in plans for each in plan.trainings), key=lambda each: each.number)
    waiting = [training for training in every if training.done() is None]
    if len(waiting) < len(every):
        display.found_done(len(every) - len(waiting), len(every))
    if not waiting:
        return
    tasks = [_task(folder, of_title[training.title].experiment, training) for training in waiting]
    with display.work("train") as progress:
        ear = _Ear(waiting, of_title, display, progress)
        train_all(tasks, ear, workers=workers_of(list(asked.experiments.values())))


def _compress(folder: ExperimentsFolder, plans: Sequence[Planned], display: Display) -> dict[str, ClassifierPart | str]:
    """Quantise and prune the model that each experiment keeps; return its forms, or what went wrong.

    One after the other: side by side they would disturb each other's measurement of speed.
    """
    found: dict[str, ClassifierPart | str] = {}
    for plan in plans:
        done, home = plan.done() if plan.experiment.compress else [], folder.experiment(plan.name)
        if done:
            with display.work("compress") as progress:
                progress(0, 1, plan.name)
                try:
                    forms: ClassifierPart | str | None = compress_kept(chosen_training(done), home, progress)
                except Exception as error:  # whatever it is, the experiments have been trained
                    forms = in_words(error, home)
            found |= {plan.name: forms} if forms else {}
    return found


def _tell_late(folder: ExperimentsFolder, plan: Planned) -> None:
    """Tell trackers what they have missed: they were away, or have been chosen since."""
    for training, _ in plan.done():
        tell_late(training_subject(folder, plan.experiment, training.number), plan.experiment.trackers)


def _task(folder: ExperimentsFolder, experiment: Experiment, training: Training) -> Task:
    return Task(training, training_subject(folder, experiment, training.number), experiment.trackers)


class _Ear:
    """Turns words of trainings into what people see, and keeps what went wrong.

    Args:
        waiting: The trainings.
        plans: Whose they are, by their titles.
        display: Shows how each of them goes.
        progress: Told how all of them go.
    """

    def __init__(
        self, waiting: Sequence[Training], plans: Mapping[str, Planned], display: Display, progress: Progress
    ) -> None:
        self.plans, self.display, self.progress = plans, display, progress
        self.pace, self.messages, self.left = Pace(waiting), dict[str, str](), len(waiting)

    def __call__(self, word: Word) -> None:
        """Hear a word."""
        if word.ended:
            self._ended(word)
        else:
            self._moved(word)
        self.progress(self.pace.done, self.pace.total, f"{word.training.title} {word.message}".strip())

    def _ended(self, word: Word) -> None:
        self.left -= 1
        self.pace.ended(word.training)
        if word.failure:
            self.plans[word.training.title].failures[word.training.number] = word.failure
        self.display.ended(word.training, word.failure, self.left)

    def _moved(self, word: Word) -> None:
        title = word.training.title
        self.pace.moved(word.training, word.done)
        if word.message and word.message != self.messages.get(title):
            self.messages[title] = word.message
            self.display.looked(word.training, word.message)
