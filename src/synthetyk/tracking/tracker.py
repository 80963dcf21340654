"""The Protocol that trainers report to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol, TypeVar, runtime_checkable

Ended = Literal["finished", "failed", "killed"]


@runtime_checkable
class Tracker(Protocol):
    """Receives the numbers and events of one training, or the results of a whole run."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Record measured values at a training step."""
        ...

    def event(self, step: int, kind: str, message: str) -> None:
        """Record something that happened, in words (for example what the stability monitor saw and did)."""
        ...

    def rewind(self, step: int) -> None:
        """Forget everything recorded after `step`: the training goes on from a checkpoint taken there.

        What cannot be deleted any more has to stay tellable from what is recorded again at the same steps.
        """
        ...

    def keep(self, path: Path) -> None:
        """Keep a copy of a file as it is now, beside the numbers."""
        ...

    def close(self, ended: Ended = "finished") -> None:
        """Flush and release what is held.

        Args:
            ended: How that which was tracked has ended: ``killed`` if somebody stopped it.
        """
        ...


class NullTracker:
    """Keeps nothing: for a process that only trains along."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Forget the values."""

    def event(self, step: int, kind: str, message: str) -> None:
        """Forget the event."""

    def rewind(self, step: int) -> None:
        """Forget nothing, for nothing is known."""

    def keep(self, path: Path) -> None:
        """Leave the file where it is."""

    def close(self, ended: Ended = "finished") -> None:
        """Release nothing."""


Some = TypeVar("Some", bound=Tracker)


@contextmanager
def closing(tracker: Some) -> Iterator[Some]:
    """Close a tracker with the block, and tell it how the block has ended."""
    try:
        yield tracker
    except Exception:
        tracker.close("failed")
        raise
    except BaseException:  # Ctrl-C, or a signal that became one
        tracker.close("killed")
        raise
    tracker.close("finished")
