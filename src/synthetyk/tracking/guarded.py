"""A tracker that can do no harm: it works in a thread of its own, and is left out once it fails or hangs."""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from synthetyk.tracking.tracker import Ended, Tracker

PATIENCE = 60.0  # seconds, for one call and for the end
ROOM = 10_000  # calls that may wait


class GuardedTracker:
    """Hands every call on to a tracker in a thread of its own, in order; never waits before the end, never raises.

    Args:
        name: What people call the tracker.
        make: Opens it, in that thread too: to import its package may take seconds.
        patience: Seconds that one call may take, and that is waited at the end.

    Attributes:
        trouble: What went wrong, as an exception; the tracker hears nothing any more. None as long as all is well.
    """

    def __init__(self, name: str, make: Callable[[], Tracker], *, patience: float = PATIENCE) -> None:
        self.name, self.patience = name, patience
        self.trouble: BaseException | None = None
        self._calls: queue.Queue[tuple[str, tuple[Any, ...]]] = queue.Queue(ROOM)
        self._busy_since: float | None = time.monotonic()
        self._opened = threading.Event()
        # A thread that hangs must not keep the process from ending: a daemon.
        self._thread = threading.Thread(target=self._work, args=(make,), name=f"tracker {name}", daemon=True)
        self._thread.start()

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Have the values recorded."""
        self._hand_on("log", step, dict(values))

    def event(self, step: int, kind: str, message: str) -> None:
        """Have the event recorded."""
        self._hand_on("event", step, kind, message)

    def rewind(self, step: int) -> None:
        """Have everything after `step` forgotten."""
        self._hand_on("rewind", step)

    def keep(self, path: Path) -> None:
        """Have a copy of the file kept."""
        self._hand_on("keep", path)

    def close(self, ended: Ended = "finished") -> None:
        """Wait until everything is recorded, for as long as patience lasts."""
        self._hand_on("close", ended)
        if self.trouble is None:
            self._thread.join(self.patience)
            if self._thread.is_alive():
                self._give_up()

    def wait_open(self) -> None:
        """Wait until the tracker is open or has failed, for as long as patience lasts."""
        if not self._opened.wait(self.patience):
            self._give_up()

    def _hand_on(self, method: str, *arguments: Any) -> None:
        if self.trouble is not None:
            return
        since = self._busy_since
        if since is not None and time.monotonic() - since > self.patience:
            self._give_up()
            return
        try:
            self._calls.put_nowait((method, arguments))
        except queue.Full:
            self._give_up()

    def _give_up(self) -> None:
        self.trouble = self.trouble or TimeoutError(f"no answer within {self.patience:g} seconds")

    def _work(self, make: Callable[[], Tracker]) -> None:
        try:
            tracker = make()
            self._opened.set()
            method = ""
            while method != "close" and self.trouble is None:
                self._busy_since = None
                method, arguments = self._calls.get()
                self._busy_since = time.monotonic()
                getattr(tracker, method)(*arguments)
        except BaseException as error:
            self.trouble = self.trouble or error
        finally:
            self._opened.set()
