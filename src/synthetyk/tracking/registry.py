"""Trackers by name; built-ins and plug-ins register under ``synthetyk.trackers``."""

from collections.abc import Iterable

from synthetyk.core.registry import Registry
from synthetyk.tracking.subject import Subject
from synthetyk.tracking.tracker import Tracker

TRACKERS = Registry("synthetyk.trackers", "tracker")
ALWAYS = "jsonl"


def open_tracker(name: str, subject: Subject) -> Tracker:
    """Open a registered tracker; every one has a ``classmethod open(subject: Subject)``.

    Raises:
        UnknownNameError: No tracker has that name.
        MissingDependencyError: The package that it needs is not installed; the message says how to get it.
    """
    tracker: Tracker = TRACKERS.load(name).open(subject)
    return tracker


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """Return which trackers were chosen beside JSON lines, each once.

    Args:
        names: As given, each one name or several with commas between.

    Raises:
        UnknownNameError: No tracker has one of the names; the message names the nearest.
        MissingDependencyError: One needs a package that is not installed.
    """
    apart = (name.strip() for several in names for name in several.split(","))
    different = tuple(dict.fromkeys(name for name in apart if name and name != ALWAYS))
    for name in different:
        TRACKERS.load(name)
    return different
