"""The Protocol that trainers report to."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable


@runtime_checkable
class Tracker(Protocol):
    """Receives the numbers and events of one training."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Record measured values at a training step."""
        ...

    def event(self, step: int, kind: str, message: str) -> None:
        """Record something that happened, in words (for example what the stability monitor saw and did)."""
        ...

    def rewind(self, step: int) -> None:
        """Forget everything recorded after `step`: the training goes on from a checkpoint taken there."""
        ...

    def close(self) -> None:
        """Flush and release what is held."""
        ...


class NullTracker:
    """Keeps nothing: for a process that only trains along."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Forget the values."""

    def event(self, step: int, kind: str, message: str) -> None:
        """Forget the event."""

    def rewind(self, step: int) -> None:
        """Forget nothing, for nothing is known."""

    def close(self) -> None:
        """Release nothing."""
