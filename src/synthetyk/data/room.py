"""How many pixels are decoded at a time, in all threads of a process together: few bytes can say that they are many."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock


class PixelRoom:
    """Room for so many pixels; who finds too little waits, and those that come later wait behind.

    Args:
        pixels: In all; an image that has more gets all of the room.
    """

    def __init__(self, pixels: int) -> None:
        self._all = self._free = pixels
        self._turn, self._changed = Lock(), Condition()

    @contextmanager
    def hold(self, pixels: int) -> Iterator[None]:
        """Have room for an image within a block; blocks are not put into one another."""
        wanted = min(pixels, self._all)
        with self._turn, self._changed:
            self._changed.wait_for(lambda: self._free >= wanted)
            self._free -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._free += wanted
                self._changed.notify()
