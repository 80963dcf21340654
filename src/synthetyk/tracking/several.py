"""Several trackers at once: JSON lines first, and others that cannot harm a training."""

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from synthetyk.tracking.guarded import GuardedTracker
from synthetyk.tracking.tracker import Ended, Tracker

log = logging.getLogger(__name__)

LEFT_OUT = "tracker_left_out"  # the event's kind: it tells of a tracker, not of the training
LONGEST = 300  # characters of a tracker's own words


class SeveralTrackers:
    """Hands on to one tracker that has to work, then to others that need not.

    One of the others that fails or hangs is told of once, in a warning and as an event, and left out from then on.

    Args:
        first: Is called at once, and whose errors are raised.
        others: Are called in threads of their own.
    """

    def __init__(self, first: Tracker, others: Iterable[GuardedTracker] = ()) -> None:
        self.first, self.others = first, list(others)
        self._step = 0

    def wait_open(self) -> None:
        """Wait until the others are open; those that cannot be are left out."""
        self._hand_on(GuardedTracker.wait_open)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Record measured values at a training step."""
        self._step = step
        self.first.log(step, values)
        self._hand_on(lambda tracker: tracker.log(step, values))

    def event(self, step: int, kind: str, message: str) -> None:
        """Record something that happened, in words."""
        self._step = step
        self.first.event(step, kind, message)
        self._hand_on(lambda tracker: tracker.event(step, kind, message))

    def rewind(self, step: int) -> None:
        """Forget everything recorded after `step`."""
        self._step = step
        self.first.rewind(step)
        self._hand_on(lambda tracker: tracker.rewind(step))

    def keep(self, path: Path) -> None:
        """Keep a copy of a file."""
        self.first.keep(path)
        self._hand_on(lambda tracker: tracker.keep(path))

    def close(self, ended: Ended = "finished") -> None:
        """Close the others, then the first, which thereby learns of their end too."""
        self._hand_on(lambda tracker: tracker.close(ended))
        self.first.close(ended)

    def _hand_on(self, call: Callable[[GuardedTracker], None]) -> None:
        for tracker in tuple(self.others):
            call(tracker)
            if tracker.trouble is not None:
                self.others.remove(tracker)
                self.first.event(self._step, LEFT_OUT, left_out(tracker))


def left_out(tracker: GuardedTracker) -> str:
    """Warn that a tracker is left out, with its own words; return the same without them, for files that are shared.

    Its words may name a server, or who logs in there.
    """
    kind, words = type(tracker.trouble).__name__, str(tracker.trouble)[:LONGEST]
    log.warning("The tracker %s is left out from now on: %s: %s", tracker.name, kind, words)
    return f"{tracker.name} failed ({kind}) and was left out; the training went on without it."
