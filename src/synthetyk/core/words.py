"""How several words are said in one sentence."""

from collections.abc import Sequence


def listed(words: Sequence[str]) -> str:
    """Join words, of which there is at least one, as a sentence does: ``a, b and c``."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
