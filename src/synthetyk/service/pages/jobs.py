"""Commands that a page has started: they outlive the service, and any process of it knows them again.

A job's log file bears its lock. The command writes to it as its output, so it holds the lock as long as it lives, and
the kernel gives the lock back when it dies, however it dies. Nothing about a job stands in the service's memory.
"""

import fcntl
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from synthetyk.core.errors import RunError, RunLockedError

COMMAND = (sys.executable, "-m", "synthetyk")
HEADER = "$ synthetyk "
PROCESS = re.compile(r"^\[process (\d+)\]$")
SHOWN = 2**15  # bytes of a log that are read
TRIES, PAUSE = 5, 0.02  # seconds
NICE = 5  # the service goes first
PRIVATE = ("SYNTHETYK_SERVE_", "SYNTHETYK_SESSION_")  # what is said to the service alone, secrets among it
OUTPUT = {"COLUMNS": "120", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Job:
    """A command at work on a folder, or none.

    Attributes:
        folder: What it works on; made if it is not there.
        name: Of its log file there.
    """

    folder: Path
    name: str

    @property
    def log(self) -> Path:
        """Where its output lies."""
        return self.folder / self.name

    def start(self, arguments: Sequence[str], command: Sequence[str] = COMMAND) -> None:
        """Start a command in a process group of its own.

        Args:
            arguments: Of the command; those that are shown, too.
            command: What they are given to.

        Raises:
            RunLockedError: One is at work already.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab", buffering=0) as log:
            if not _locked(log):
                raise RunLockedError("It is at work already", action="Wait until it ends, or stop it")
            log.write(f"{HEADER}{' '.join(arguments)}\n".encode())
            process = subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
                start_new_session=True,
            )
            log.write(f"[process {process.pid}]\n".encode())
        _be_nice(process.pid)
        threading.Thread(target=process.wait, name=f"job-{process.pid}", daemon=True).start()

    def running(self) -> bool:
        """Tell whether it is at work."""
        try:
            with self.log.open("rb") as log:
                return not _free(log)
        except FileNotFoundError:
            return False

    def process(self) -> int | None:
        """Return the process that is at work, None if none is."""
        found = [said for line in self.lines() if (said := PROCESS.match(line))]
        return int(found[0][1]) if found and self.running() else None

    def lines(self) -> list[str]:
        """Return the last lines of its output, those of the last command only."""
        return since_the_last_start(tail(self.log))


def stop(process: int) -> None:
    """Ask a process to end; what it has finished stays, and it can be gone on with.

    Raises:
        RunError: It is not ours to end.
    """
    try:
        os.kill(process, signal.SIGTERM)
    except ProcessLookupError:
        pass  # it has ended meanwhile
    except PermissionError as error:
        raise RunError(
            "The process is not one of this service's user", action="Stop it where it was started"
        ) from error


def environment() -> dict[str, str]:
    """Return what a command finds in its environment."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PRIVATE)} | OUTPUT


def tail(path: Path, most: int = SHOWN) -> list[str]:
    """Return the last whole lines of a text file, none if it is not there."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - most))
            lines = file.read(most).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
    return lines[1:] if size > most else lines


def since_the_last_start(lines: Sequence[str]) -> list[str]:
    """Return the lines of the last command of a log."""
    starts = [number for number, line in enumerate(lines) if line.startswith(HEADER)]
    return list(lines[starts[-1] :] if starts else lines)


def _locked(file: FileIO) -> bool:
    """Take the lock of a log, which ends with the last process that has the file open; False if it is held."""
    for _ in range(TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(PAUSE)  # perhaps somebody just looks whether it is held
        else:
            return True
    return False


def _free(file: BinaryIO) -> bool:
    """Tell whether nobody holds the lock of a log; whoever looks does not disturb others who do."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _be_nice(process: int) -> None:
    try:
        os.setpriority(os.PRIO_PROCESS, process, NICE)
    except OSError:  # it has ended already
        return
