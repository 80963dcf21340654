"""How much memory a piece of work takes: of this process and of all that it started, together."""

import os
import resource
import sys
import threading
from pathlib import Path
from typing import Self

LOOK_EVERY = 0.25  # seconds
ROUGHLY = 2**21  # bytes; the system counts pages processor by processor, so that an old record may still rise a little
PAGE = os.sysconf("SC_PAGE_SIZE")
UNIT = 1 if sys.platform == "darwin" else 1024  # bytes, of the system's own record


class MemoryWatch:
    """Measures the peak of resident memory while a block runs.

    It looks four times a second at this process and its descendants, together; pages that they share count in each. A
    shorter peak of this process is known too if it is the highest of its life, which the system records. Where there
    is no ``/proc``, that record is all there is.
    """

    def __init__(self) -> None:
        self._seen = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._before = _record()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        record = _record()
        if risen(self._before, record) or not self._seen:
            self._seen = max(self._seen, record)

    @property
    def peak_mb(self) -> int:
        """The peak in millions of bytes, once the block has ended."""
        return round(self._seen / 1e6)

    def _watch(self) -> None:
        while True:
            self._seen = max(self._seen, resident(os.getpid()))
            if self._over.wait(LOOK_EVERY):
                return


def resident(process: int) -> int:
    """Return the resident bytes of a process and its descendants; 0 for what has ended, or cannot be known."""
    folder = Path(f"/proc/{process}")
    try:
        own = int((folder / "statm").read_text().split()[1]) * PAGE
        children = [child for task in (folder / "task").iterdir() for child in _children(task)]
    except OSError:
        return 0
    return own + sum(resident(child) for child in children)


def _children(task: Path) -> list[int]:
    try:
        return [int(number) for number in (task / "children").read_text().split()]
    except OSError:  # the thread has ended, or this kernel does not tell
        return []


def risen(before: int, after: int) -> bool:
    """Tell whether the system's record has risen by more than its way of counting, in bytes."""
    return after > before + ROUGHLY


def _record() -> int:
    """Return the largest resident set that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
