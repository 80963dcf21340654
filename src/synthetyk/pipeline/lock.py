"""One process owns a run folder."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synthetyk.core.errors import RunLockedError

log = logging.getLogger(__name__)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the file names the process that holds it.

    The kernel gives the lock back when its holder dies, however it dies, so a stale lock file is simply taken over.

    Raises:
        RunLockedError: Another living process holds it.
    """
    path = folder / "run.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunLockedError(
                f"{folder} is in use by process {_holder(path) or 'unknown'}",
                action="Wait until it ends, or end it; nothing that it has done is lost",
            ) from error
        if holder := _holder(path):
            log.info("took over the lock of process %s, which is gone", holder)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _holder(path: Path) -> str:
    return path.read_text().strip()
