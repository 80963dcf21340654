"""How long work says how far it is; libraries call it, edges display it."""

from typing import Protocol


class Progress(Protocol):
    """Called now and then with what is done, what there is to do, and a short message."""

    def __call__(self, done: float, total: float, message: str = "") -> None:
        """Report progress."""
        ...


def silent(done: float, total: float, message: str = "") -> None:
    """Report nothing."""
