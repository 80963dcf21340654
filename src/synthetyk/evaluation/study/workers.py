"""Worker processes that train a study's classifiers side by side, one thread each."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from multiprocessing.connection import Connection, wait
from pathlib import Path

from synthetyk.core.errors import TrainingError
from synthetyk.core.processes import serve_parent, worker
from synthetyk.core.progress import Progress
from synthetyk.evaluation.study.inputs import Inputs
from synthetyk.evaluation.study.jobs import Bench, Job


def run_jobs(
    jobs: Sequence[Job], bench: Bench, inputs: Inputs, *, workers: int, scratch: Path, progress: Progress
) -> None:
    """Do every job that is not done yet.

    Args:
        jobs: In the order in which they are begun.
        bench: What they share.
        inputs: The images.
        workers: Processes; 1 works in this one.
        scratch: Folder for images that are in memory only, so that workers can read them.
        progress: Told after each job.
    """
    waiting = [job for job in jobs if not bench.is_done(job)]
    done = len(jobs) - len(waiting)
    alone = workers == 1 or len(waiting) < 2
    finished = _in_turn(waiting, bench, inputs) if alone else _side_by_side(waiting, bench, inputs, workers, scratch)
    progress(done, len(jobs))
    with closing(finished):
        for job in finished:
            done += 1
            progress(done, len(jobs), f"trained {job.name}")


def _in_turn(jobs: Sequence[Job], bench: Bench, inputs: Inputs) -> Generator[Job, None, None]:
    for job in jobs:
        bench.run(job, inputs)
        yield job


def _side_by_side(
    jobs: Sequence[Job], bench: Bench, inputs: Inputs, workers: int, scratch: Path
) -> Generator[Job, None, None]:
    """Hand each worker its next job when it has done one; workers end with this block, however it is left."""
    waiting, busy = list(reversed(jobs)), dict[Connection, Job]()
    stored = inputs.in_files(scratch)
    with ExitStack() as stack:
        free = [stack.enter_context(worker(_work, bench, stored)) for _ in range(min(workers, len(jobs)))]
        while waiting or busy:
            while free and waiting:
                connection, job = free.pop(), waiting.pop()
                connection.send(job)
                busy[connection] = job
            for connection in [one for one in wait(list(busy)) if isinstance(one, Connection)]:
                job = busy.pop(connection)
                _receive(connection, job)
                free.append(connection)
                yield job


def _receive(connection: Connection, job: Job) -> None:
    try:
        said = connection.recv()
    except (EOFError, ConnectionResetError) as error:
        raise TrainingError(
            f"The process that trained {job.name} was killed",
            action="If memory ran out use fewer workers; then run the study again, it goes on where it stopped",
        ) from error
    if isinstance(said, Exception):
        raise said


def _work(connection: Connection, bench: Bench, inputs: Inputs) -> None:
    """Do what the parent asks for."""
    serve_parent()
    while True:
        job = connection.recv()
        try:
            bench.run(job, inputs)
        except Exception as error:
            connection.send(error)
        else:
            connection.send(job)
