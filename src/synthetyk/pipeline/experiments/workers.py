"""Trains side by side in worker processes; a training that fails, or whose process is killed, stops no other."""

import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

from synthetyk.core.artifacts import write_bytes
from synthetyk.core.errors import SynthetykError
from synthetyk.core.processes import serve_parent, worker
from synthetyk.pipeline.experiments.trackers import training_tracker
from synthetyk.pipeline.experiments.training import Training, train
from synthetyk.tracking.subject import Subject

OFTEN = 0.3  # seconds between two words on how far a training is
ERROR_FILE = "error.txt"
KILLED = (
    "The process that trained it was killed. If memory ran out set a smaller batch_size, or num_workers to 1; the same "
    "command then trains it again."
)


@dataclass(frozen=True)
class Task:
    """A training, and whom it reports to.

    Attributes:
        training: What to do.
        subject: What trackers hear of it.
        trackers: Their names.
    """

    training: Training
    subject: Subject
    trackers: tuple[str, ...]


@dataclass(frozen=True)
class Word:
    """What is heard of a training.

    Attributes:
        training: Which.
        done: Steps done.
        message: What the newest look at the validation images showed, in words.
        ended: Whether it has ended.
        failure: Why it failed, in words; empty if it did not.
    """

    training: Training
    done: float = 0
    message: str = ""
    ended: bool = False
    failure: str = ""


Hear = Callable[[Word], None]


def train_all(tasks: Sequence[Task], hear: Hear, *, workers: int) -> None:
    """Train, and pass on what is heard meanwhile; of each training one word says that it has ended.

    Args:
        tasks: In the order in which they are begun.
        hear: Is called with every word.
        workers: Processes at most; 1 works in this one.
    """
    if workers == 1 or len(tasks) < 2:
        for task in tasks:
            _do(task, hear)
    else:
        _side_by_side(tasks, hear, min(workers, len(tasks)))


def _side_by_side(tasks: Sequence[Task], hear: Hear, workers: int) -> None:
    """Hand each worker its next task when it has done one; workers end with this block, however it is left."""
    waiting, busy = list(reversed(tasks)), dict[Connection, Task]()
    with ExitStack() as stack:
        free = [stack.enter_context(worker(_work)) for _ in range(workers)]
        while waiting or busy:
            while free and waiting:
                connection, task = free.pop(), waiting.pop()
                connection.send(task)
                busy[connection] = task
            for connection in [one for one in wait(list(busy)) if isinstance(one, Connection)]:
                word = _receive(connection, busy[connection].training)
                if word.ended:
                    del busy[connection]
                    # A process that was killed cannot be asked again: another takes its place.
                    killed = word.failure == KILLED
                    free += [stack.enter_context(worker(_work))] if killed and waiting else [connection] * (not killed)
                hear(word)


def _receive(connection: Connection, training: Training) -> Word:
    try:
        word = connection.recv()
    except (EOFError, ConnectionResetError):
        return Word(training, ended=True, failure=KILLED)
    assert isinstance(word, Word)
    return word


def _work(connection: Connection) -> None:
    """Do what the parent asks for."""
    serve_parent()
    while True:
        _do(connection.recv(), _Seldom(connection.send))


class _Seldom:
    """Passes on a word if it says something new, or none was passed on for a while.

    Args:
        hear: Is called with what is passed on.
    """

    def __init__(self, hear: Hear) -> None:
        self.hear, self.said, self.message = hear, 0.0, ""

    def __call__(self, word: Word) -> None:
        """Pass a word on, or not."""
        now = time.monotonic()
        if word.ended or word.message != self.message or now - self.said > OFTEN:
            self.said, self.message = now, word.message
            self.hear(word)


def _do(task: Task, hear: Hear) -> None:
    """Train; the last word says what went wrong, if anything did."""
    training, failure = task.training, ""
    try:
        with training_tracker(task.subject, task.trackers) as tracker:
            train(training, tracker, lambda done, _total, message="": hear(Word(training, done, message)))
    except Exception as error:
        failure = in_words(error, training.folder)
    hear(Word(training, ended=True, failure=failure))


def in_words(error: Exception, folder: Path) -> str:
    """Return what an error says; of a bug, or of memory that ran out, all that is known is kept in `folder`."""
    if isinstance(error, SynthetykError):
        return str(error)
    path = folder / ERROR_FILE
    write_bytes(path, "".join(traceback.format_exception(error)).encode())
    return f"{type(error).__name__}: {error}. All that is known stands in {path}."
