"""Tampered uploads to a real server: each is stored or refused in time, none is a failure, and memory stays bounded.

``SYNTHETYK_MUTATIONS`` says how many of each kind; ``SYNTHETYK_MUTATIONS_REPORT`` names a file for the figures.
"""

import contextlib
import json
import os
import socket
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from tests.faults.mutations import FILES, Mutator
from tests.service.served import served

from synthetyk.core.memory import resident

MUTATIONS = int(os.environ.get("SYNTHETYK_MUTATIONS", "100"))
REPORT = os.environ.get("SYNTHETYK_MUTATIONS_REPORT")
HANGS = 60.0  # seconds without an answer, however busy the machine is
LONGEST = 5.0  # seconds of CPU for one answer, of the server and of the process that parses DICOM, together
LARGEST = 1.5e9  # bytes, of both


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with served(tmp_path_factory.mktemp("hostile")) as server:
        yield server


class Tally:
    """What came of the uploads of one kind."""

    def __init__(self, server):
        self._server, self._client = server.process.pid, httpx.Client(base_url=server.address, timeout=HANGS)
        self.statuses, self.failed = Counter(), []
        self.cpu = self.longest_cpu = self.longest = 0.0
        self.memory, self._spent = 0, cpu_of(self._server)

    def ask(self, what, method, path, **options):
        """Ask the server, and note what came of it."""
        began = time.monotonic()
        answer = self._client.request(method, path, **options)
        # What has just ended is missed for a moment; it must not count for the next request when it is found again.
        now = cpu_of(self._server)
        cpu, self._spent = max(0.0, now - self._spent), max(self._spent, now)
        self.statuses[str(answer.status_code)] += 1
        self.cpu, self.longest_cpu = self.cpu + cpu, max(self.longest_cpu, cpu)
        self.longest = max(self.longest, time.monotonic() - began)
        self.memory = max(self.memory, resident(self._server))
        if answer.status_code >= 500 or cpu > LONGEST:
            self.failed.append(f"{what}: {answer.status_code} after {cpu:.1f} s of CPU: {answer.text[:200]}")
        return answer

    def figures(self):
        return {
            "statuses": dict(self.statuses),
            "longest_cpu_s": round(self.longest_cpu, 2),
            "longest_s": round(self.longest, 2),
            "mean_cpu_ms": round(1000 * self.cpu / max(1, self.statuses.total()), 1),
            "resident_mb": round(self.memory / 1e6),
        }


def cpu_of(process):
    """Return the seconds of CPU that a process, what it started and what has ended of that have taken."""
    folder = Path(f"/proc/{process}")
    times = text_of(folder / "stat").rpartition(")")[2].split()[11:15]
    with contextlib.suppress(OSError):
        children = [child for task in (folder / "task").iterdir() for child in text_of(task / "children").split()]
        return sum(map(int, times)) / os.sysconf("SC_CLK_TCK") + sum(map(cpu_of, children))
    return 0.0


def text_of(path):
    """Return what a file of a process says; nothing if that has ended."""
    with contextlib.suppress(OSError):
        return path.read_text()
    return ""


@pytest.mark.parametrize("kind", FILES)
def test_tampered_files_are_stored_or_refused(server, kind):
    tally, make = Tally(server), Mutator(kind)
    for number in range(MUTATIONS):
        answer = tally.ask(f"{kind} {number}", "POST", "/v1/images", content=make(number))
        if answer.is_success:
            path = f"/v1/images/{answer.json()['id']}"
            tally.ask(f"{kind} {number} shown", "GET", f"{path}/preview")
            assert tally.ask(f"{kind} {number} read", "GET", f"{path}/content").content == make(number)
    assert tally.ask(f"{kind} whole", "POST", "/v1/images", content=FILES[kind]()[0]).is_success
    _report(kind, tally)
    assert not tally.failed, "\n".join(tally.failed)
    assert tally.memory < LARGEST
    assert {"4", "2"} <= {status[0] for status in tally.statuses}


@pytest.mark.parametrize("how", ["Content-Length: 99999999999", "Transfer-Encoding: chunked"])
def test_a_body_that_is_too_long_ends_its_connection(server, how):
    url = urlsplit(server.address)
    with socket.create_connection((url.hostname, url.port), timeout=HANGS) as connection:
        connection.sendall(f"POST /v1/images HTTP/1.1\r\nHost: 127.0.0.1\r\n{how}\r\n\r\n".encode())
        sender = threading.Thread(target=_send_without_end, args=(connection,))
        sender.start()
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
        while _received(connection):
            pass
        sender.join()
    assert resident(server.process.pid) < LARGEST


def _send_without_end(connection):
    piece = b"100000\r\n" + bytes(0x100000) + b"\r\n"
    with contextlib.suppress(OSError):  # the server has ended the connection
        while True:
            connection.sendall(piece)


def _received(connection):
    with contextlib.suppress(ConnectionError):
        return connection.recv(100_000)
    return b""


def _report(kind, tally):
    if REPORT:
        path = Path(REPORT)
        before = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(before | {kind: tally.figures()}, indent=2))
