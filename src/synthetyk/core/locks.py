"""Files that are read, changed and written again, by one process at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Hold a file from before it is read until it is written; who would change it meanwhile waits.

    The lock is a file beside it, since it is itself replaced; the kernel gives it back however its holder ends.

    Args:
        path: Need not be there yet.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("a") as beside:
        fcntl.flock(beside, fcntl.LOCK_EX)
        yield
