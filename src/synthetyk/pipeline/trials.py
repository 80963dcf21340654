"""Short trainings with other settings, side by side in worker processes where there is more than one thread."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Self, TypeVar

from synthetyk.core.config import Config
from synthetyk.core.errors import DivergedError, TrainingError
from synthetyk.core.processes import serve_parent, worker
from synthetyk.data.cache import open_cache
from synthetyk.data.dataset import Dataset
from synthetyk.evaluation.candidate import CandidateConfig, CandidateScorer
from synthetyk.evaluation.extractors.learned import LearnedExtractor
from synthetyk.pipeline.run_folder import RunFolder
from synthetyk.tracking.jsonl import JsonlTracker
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.gan_trainer import GANTrainer
from synthetyk.training.numerics import prepare_torch
from synthetyk.training.speed import measure

Told = Callable[[float], None]  # the kimg done


class Look(Config):
    """What was measured of a trial's averaged generator.

    Attributes:
        scores: See `evaluation.candidate.CandidateScorer`; empty if the training diverged.
        measured_on: The images that it was compared with: ``validation``, or ``training`` where that is too small.
    """

    scores: dict[str, float]
    measured_on: str


class Bench:
    """What every trial of a run needs, made when it is first asked for.

    Args:
        path: Folder of the run; it has a cache and a feature network.
        threads: Threads of one trial.
        seed: Seed of the looks.
    """

    def __init__(self, path: Path, threads: int, seed: int) -> None:
        prepare_torch(threads)
        self.run, self.looks = RunFolder(path), CandidateConfig(threads=threads, seed=seed)

    @cached_property
    def dataset(self) -> Dataset:
        """The run's images."""
        return open_cache(self.run.cache)

    @cached_property
    def scorer(self) -> CandidateScorer:
        """Looks at generators: validation images only, never test."""
        extractor = LearnedExtractor.open(self.run.features)
        return CandidateScorer(self.dataset.train, self.dataset.val, extractor, self.looks)


@dataclass(frozen=True)
class Pace:
    """Measures images per second of these settings for some seconds."""

    config: GANConfig
    seconds: float

    def do(self, bench: Bench, _told: Told) -> float:
        """Measure; nothing is told meanwhile."""
        return measure(self.config, bench.dataset.train, self.seconds)


@dataclass(frozen=True)
class Stretch:
    """Trains the trial of this number until `kimg`, from where it was left, and looks at it."""

    number: int
    config: GANConfig
    kimg: float

    def do(self, bench: Bench, told: Told) -> Look:
        """Train and look."""
        folder = bench.run.trials / str(self.number)
        tracker = JsonlTracker(folder / "metrics.jsonl")
        try:
            trainer = GANTrainer(
                self.config, bench.dataset.train, folder, tracker, progress=lambda done, _total, _message="": told(done)
            )
            trainer.train_until(self.kimg)
        except DivergedError:
            return Look(scores={}, measured_on=bench.scorer.measured_on)
        finally:
            tracker.close()
        diverged = any(finding.kind == "nan" for finding in trainer.at.findings)
        scores = {} if diverged else bench.scorer(trainer.sampler)
        return Look(scores=scores, measured_on=bench.scorer.measured_on)


Job = TypeVar("Job", Pace, Stretch)


class Crew:
    """Does jobs side by side in worker processes, or one after another here if one worker is enough.

    Workers end with the block that enters it, however that is left.

    Args:
        run: The run whose settings are tried.
        workers: Jobs done side by side.
        threads: Threads of each.
        seed: Seed of the looks.
    """

    def __init__(self, run: RunFolder, workers: int, threads: int, seed: int) -> None:
        self._about = run.path, threads, seed
        self._workers = workers if workers > 1 else 0
        self._free: list[Connection] = []
        self._processes = ExitStack()

    def __enter__(self) -> Self:
        """Start the workers."""
        self._free = [self._processes.enter_context(worker(_work, *self._about)) for _ in range(self._workers)]
        return self

    def __exit__(self, *_: object) -> None:
        """End the workers."""
        self._processes.close()

    def do(self, jobs: Sequence[Job], told: Callable[[Job, float], None]) -> Iterator[tuple[Job, Any]]:
        """Yield every job with its answer, in the order in which they are done.

        Raises:
            TrainingError: A worker was killed, or a training failed otherwise than by diverging.
        """
        return self._side_by_side(jobs, told) if self._workers else self._in_turn(jobs, told)

    @cached_property
    def _bench(self) -> Bench:
        return Bench(*self._about)

    def _in_turn(self, jobs: Sequence[Job], told: Callable[[Job, float], None]) -> Iterator[tuple[Job, Any]]:
        for job in jobs:
            with _quiet():
                answer = job.do(self._bench, partial(told, job))
            yield job, answer

    def _side_by_side(self, jobs: Sequence[Job], told: Callable[[Job, float], None]) -> Iterator[tuple[Job, Any]]:
        waiting, busy = list(reversed(jobs)), dict[Connection, Job]()
        while waiting or busy:
            while self._free and waiting:
                connection = self._free.pop()
                busy[connection] = waiting.pop()
                connection.send(busy[connection])
            for connection in [one for one in wait(list(busy)) if isinstance(one, Connection)]:
                said = _receive(connection)
                if isinstance(said, _Done):
                    self._free.append(connection)
                    yield busy.pop(connection), said.answer
                else:
                    told(busy[connection], said)


@dataclass(frozen=True)
class _Done:
    answer: Any


def _receive(connection: Connection) -> "_Done | float":
    try:
        said: _Done | float | Exception = connection.recv()
    except (EOFError, ConnectionResetError) as error:
        raise TrainingError(
            "A process that tried settings was killed",
            action="If memory ran out set a smaller gan_width; the same command goes on from there",
        ) from error
    if isinstance(said, Exception):
        raise said
    return said


def _work(connection: Connection, path: Path, threads: int, seed: int) -> None:
    """Do what the parent asks for."""
    serve_parent()
    bench = Bench(path, threads, seed)
    while True:
        job: Pace | Stretch = connection.recv()
        try:
            with _quiet():
                connection.send(_Done(job.do(bench, connection.send)))
        except Exception as error:
            connection.send(error)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the monitor says of a trial out of the terminal: it is in the trial's metrics."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
