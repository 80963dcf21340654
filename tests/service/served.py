"""Real servers for tests: started as users start them, at a free port of this machine."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

PATIENCE = 60.0  # seconds until a server that does not answer has failed
SERVE = [sys.executable, "-m", "synthetyk", "serve", "--port", "0"]


@dataclass
class Served:
    """A server that answers."""

    process: subprocess.Popen
    address: str
    log: Path

    def stop(self):
        """Tell it to stop and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextmanager
def served(folder, *arguments, command=SERVE, environment=None):
    """Start a server with `folder` as its working folder; whatever is left of it ends with this block."""
    folder.mkdir(exist_ok=True)
    log = folder / "server.log"
    with log.open("ab") as file:
        process = subprocess.Popen(
            [*command, *map(str, arguments)],
            cwd=folder,
            env={**os.environ, "COLUMNS": "200", **(environment or {})},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        yield Served(process, address_in(log, process), log)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def address_in(log, process):
    """Wait until the server says where it is, and answers there."""

    def found():
        assert process.poll() is None, log.read_text()
        said = re.findall(r"http://[\d.]+:\d+", log.read_text())
        return said[-1] if said and is_ready(said[-1]) else None

    return until(found)


def until(found):
    """Wait until a function returns something that is true, and return it."""
    deadline = time.monotonic() + PATIENCE
    while not (it := found()):
        assert time.monotonic() < deadline, "nothing has come of it"
        time.sleep(0.02)
    return it


def is_ready(address):
    try:
        return httpx.get(f"{address}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
