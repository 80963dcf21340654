"""How long work says how far it is; libraries call it, edges display it."""

from typing import Protocol


class Progress(Protocol):
    """Called now and then with what is done, what there is to do, and a short message."""

    def __call__(self, done: float, total: float, message: str = "") -> None:
        """Report progress."""
        ...


def silent(done: float, total: float, message: str = "") -> None:
    """Report nothing."""


def part_of(progress: Progress, before: float, whole: float) -> Progress:
    """Return what reports a part of some work as progress of the whole.

    Args:
        progress: Of the whole.
        before: What is done before the part begins.
        whole: All there is to do.
    """
    return lambda done, _total, message="": progress(before + done, whole, message)
