"""Paths that cannot lie outside of a folder, whatever their names say."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from synthetyk.core.errors import LONGEST_ID, UnknownNameError


@dataclass(frozen=True)
class Below:
    """A path below a folder: there is no instance of one that lies elsewhere.

    A name that goes up, is absolute, is hidden, or comes out elsewhere through a link is refused like one that is not
    there, so that nobody learns what lies outside.

    Args:
        root: The folder.
        name: Where in it, parts divided by ``/``; empty: the folder itself.

    Raises:
        UnknownNameError: It lies elsewhere.
    """

    root: Path
    name: str = ""

    def __post_init__(self) -> None:
        parts = self.name.split("/") if self.name else []
        plain = all(part and part[0] != "." and part.isprintable() and "\\" not in part for part in parts)
        if not plain or not self._inside():
            raise self._absent()

    def __truediv__(self, name: str) -> Self:
        return type(self)(self.root, f"{self.name}/{name}" if self.name else name)

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.root / self.name if self.name else self.root

    @property
    def title(self) -> str:
        """The last part of its name."""
        return self.name.rpartition("/")[2]

    def existing(self) -> Self:
        """Return itself if something lies there.

        Raises:
            UnknownNameError: Nothing does.
        """
        try:
            self.path.stat()
        except OSError as error:  # also for a name that is too long
            raise self._absent() from error
        return self

    def children(self) -> Iterator[Self]:
        """Yield what lies in the folder, by name, as far as it may be looked at."""
        for name in sorted(entry.name for entry in self.path.iterdir()):
            try:
                yield self / name
            except UnknownNameError:
                continue

    def _inside(self) -> bool:
        try:
            return self.path.resolve().is_relative_to(self.root.resolve())
        except (OSError, RuntimeError):  # a loop of links
            return False

    def _absent(self) -> UnknownNameError:
        shown = self.name if len(self.name) <= LONGEST_ID else f"{self.name[:LONGEST_ID]}..."
        return UnknownNameError(f"There is nothing called {shown!r}", expected="a name from the list on the page")
