"""Extension by name: built-ins and plug-ins enter by the same door, an entry-point group."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from synthetyk.core.config import nearest
from synthetyk.core.errors import UnknownNameError


class Registry:
    """The classes registered under one entry-point group, loaded when asked for.

    Args:
        group: Entry-point group, for example ``"synthetyk.sources"``.
        noun: What one entry is called in messages, for example ``"data source"``.
    """

    def __init__(self, group: str, noun: str) -> None:
        self.group, self.noun = group, noun

    def _entries(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=self.group)}

    def names(self) -> list[str]:
        """Return the registered names in alphabetical order."""
        return sorted(self._entries())

    def load(self, name: str) -> Any:
        """Return the class registered as `name`.

        Raises:
            UnknownNameError: No entry has that name; the message names the nearest.
        """
        entries = self._entries()
        if name in entries:
            return entries[name].load()
        close = nearest(name, entries)
        action = f"Did you mean {close!r}" if close else "Install the package that registers it"
        raise UnknownNameError(
            f"There is no {self.noun} called {name!r}", expected=f"one of {', '.join(sorted(entries))}", action=action
        )

    def items(self) -> Iterator[tuple[str, Any]]:
        """Yield every (name, class)."""
        for name, entry in sorted(self._entries().items()):
            yield name, entry.load()
