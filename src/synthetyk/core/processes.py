"""Worker processes that never outlive the process that started them."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any


@contextmanager
def worker(target: Callable[..., None], *arguments: Any) -> Iterator[Connection]:
    """Run ``target(connection, *arguments)`` in a fresh process; it ends with this block, however that is left.

    Args:
        target: A function of a module, which calls `serve_parent` first.
        arguments: What it needs, able to be pickled.

    Yields:
        This side of the connection.
    """
    process, here = start_worker(target, *arguments)
    try:
        yield here
    finally:
        process.terminate()
        process.join()
        here.close()


def start_worker(target: Callable[..., None], *arguments: Any) -> tuple[SpawnProcess, Connection]:
    """Do what `worker` does, and leave it to the caller to end the process; return it and the connection."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=target, args=(there, *arguments), daemon=True)
    process.start()
    there.close()
    return process, here


def serve_parent() -> None:
    """Call first in a worker: Ctrl-C is the parent's business, and its death, however sudden, ends the worker too.

    Raises:
        RuntimeError: This process is no worker.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("serve_parent was called outside a worker process")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
