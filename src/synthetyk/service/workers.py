"""Several processes that answer at one address: begun together, begun again when one dies, ended together."""

import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from tempfile import TemporaryDirectory
from types import FrameType

from prometheus_client.multiprocess import mark_process_dead

from synthetyk.core.errors import ServiceError
from synthetyk.core.processes import serve_parent, start_worker
from synthetyk.service.asgi import Application
from synthetyk.service.logs import log_as_json
from synthetyk.service.server import Server, hearing
from synthetyk.service.serving import Serving
from synthetyk.service.telemetry import FOLDER

STEP = 0.2  # seconds between two looks
PATIENCE = 10.0  # seconds that a worker which should have ended is given before it is killed

_log = logging.getLogger(__name__)


@dataclass
class _Worker:
    """A process that answers, or that is about to."""

    process: SpawnProcess
    connection: Connection
    ready: bool = False


def supervise(serving: Serving, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve with several processes until a signal says to stop.

    Args:
        serving: What to serve; each process opens its own store and models.
        listener: All of them take connections from it.
        ready: Called when all of them answer.

    Raises:
        ServiceError: One could not begin.
    """
    with TemporaryDirectory(prefix="synthetyk-numbers-") as numbers, _told_to_stop() as told, _numbers_in(numbers):
        workers = [_start(serving, listener) for _ in range(serving.settings.workers)]
        try:
            announced = False
            while not told():
                _look(workers, serving, listener, numbers)
                if not announced and all(worker.ready for worker in workers):
                    ready()
                    announced = True
        finally:
            _end(workers, serving.settings.linger_seconds + serving.settings.drain_seconds + PATIENCE)


def _start(serving: Serving, listener: socket.socket) -> _Worker:
    return _Worker(*start_worker(_work, serving, listener))


def _work(connection: Connection, serving: Serving, listener: socket.socket) -> None:
    """Answer requests, in a process of its own."""
    serve_parent()
    application = Application(lambda: serving, log_as_json)
    Server(application, serving, signals=(signal.SIGTERM,), ready=lambda: connection.send(None)).run([listener])


def _look(workers: list[_Worker], serving: Serving, listener: socket.socket, numbers: str) -> None:
    """Wait a moment for news of the workers; begin another for each that has died."""
    for worker in workers:
        if worker.connection in wait([each.connection for each in workers if not each.ready], 0):
            worker.ready = _has_said_so(worker)
    died = wait([worker.process.sentinel for worker in workers], STEP)
    for number, worker in enumerate(workers):
        if worker.process.sentinel in died:
            worker.process.join()
            if not worker.ready:
                raise ServiceError("A worker of the service could not begin", action="Its log says why")
            _log.warning("A worker ended with exit code %s; another begins", worker.process.exitcode)
            mark_process_dead(worker.process.pid, numbers)  # type: ignore[no-untyped-call]
            worker.connection.close()
            workers[number] = _start(serving, listener)


def _has_said_so(worker: _Worker) -> bool:
    try:
        worker.connection.recv()
    except EOFError:
        return False
    return True


def _end(workers: list[_Worker], patience: float) -> None:
    for worker in workers:
        worker.process.terminate()
    end = time.monotonic() + patience
    for worker in workers:
        worker.process.join(max(0.0, end - time.monotonic()))
        worker.process.kill()
        worker.process.join()
        worker.connection.close()


@contextmanager
def _told_to_stop() -> Iterator[Callable[[], bool]]:
    """Give what says whether a signal has told this process to stop."""
    told = list[int]()

    def heard(number: int, _frame: FrameType | None) -> None:
        told.append(number)

    with hearing((signal.SIGTERM, signal.SIGINT), heard):
        yield lambda: bool(told)


@contextmanager
def _numbers_in(folder: str) -> Iterator[None]:
    """Have the processes that are started meanwhile share their numbers."""
    before = os.environ.get(FOLDER)
    os.environ[FOLDER] = folder
    try:
        yield
    finally:
        os.environ.pop(FOLDER)
        if before is not None:
            os.environ[FOLDER] = before
