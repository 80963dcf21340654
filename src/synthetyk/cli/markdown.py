"""Markdown, as the reference pages are written in it."""

from collections.abc import Iterable


def title(text: str, about: str) -> str:
    """Return the head of a page that is written from the code."""
    return f"# {text}\n\nWritten from the code by `make docs`; do not edit.\n\n{about}"


def codes(names: Iterable[str]) -> str:
    """Return names set as code, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("``", "`").replace("\\[", "[").replace("|", "\\|").split())


def page(parts: Iterable[str]) -> str:
    """Return the parts of a page, a blank line between them."""
    return "\n\n".join(parts) + "\n"
