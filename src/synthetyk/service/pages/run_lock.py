"""Which process owns a run folder, told without touching its lock."""

import os
from pathlib import Path


def owner(folder: Path) -> int | None:
    """Return the living process that a run folder's lock names, None if there is none.

    Trying to take the lock would tell too, but could just then keep a run from starting.
    """
    path = folder / "run.lock"
    try:
        said = path.read_text().strip()
        return int(said) if said.isdigit() and _alive(int(said)) and _holds(int(said), path) else None
    except FileNotFoundError:
        return None


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _holds(process: int, path: Path) -> bool:
    """Tell whether a process has a file open, where the system says so: its number may be another's by now."""
    opened = Path("/proc") / str(process) / "fd"
    try:
        return any(_same(entry, path) for entry in opened.iterdir())
    except PermissionError:  # of another user: its number is all there is
        return True
    except FileNotFoundError:
        return not Path("/proc/self").exists()


def _same(entry: Path, path: Path) -> bool:
    try:
        return entry.samefile(path)
    except OSError:
        return False
