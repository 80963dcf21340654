"""How words are written: several in one sentence, and those that are no Unicode."""

from collections.abc import Sequence


def listed(words: Sequence[str]) -> str:
    """Join words, of which there is at least one, as a sentence does: ``a, b and c``."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def printable(text: str) -> str:
    """Return text that can be written as UTF-8: names of files need not be."""
    return str(text).encode("utf-8", "backslashreplace").decode()
