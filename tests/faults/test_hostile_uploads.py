"""Tampered uploads to a real server: each is stored or refused in time, none is a failure, and memory stays bounded.

``SYNTHETYK_MUTATIONS`` says how many of each kind; ``SYNTHETYK_MUTATIONS_REPORT`` names a file for the figures.
"""

import json
import os
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest
from tests.faults.mutations import FILES, Mutator
from tests.service.served import served

from synthetyk.core.memory import resident

MUTATIONS = int(os.environ.get("SYNTHETYK_MUTATIONS", "100"))
REPORT = os.environ.get("SYNTHETYK_MUTATIONS_REPORT")
LONGEST = 5.0  # seconds for one answer
LARGEST = 1.5e9  # bytes, of the server and of the process that parses DICOM, together


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with served(tmp_path_factory.mktemp("hostile")) as server:
        yield server


class Tally:
    """What came of the uploads of one kind."""

    def __init__(self):
        self.statuses, self.failed = Counter(), []
        self.seconds, self.longest, self.memory = 0.0, 0.0, 0

    def add(self, what, answer, seconds):
        self.statuses[str(answer.status_code)] += 1
        self.seconds, self.longest = self.seconds + seconds, max(self.longest, seconds)
        if answer.status_code >= 500 or seconds > LONGEST:
            self.failed.append(f"{what}: {answer.status_code} after {seconds:.1f} s: {answer.text[:200]}")

    def figures(self):
        return {
            "statuses": dict(self.statuses),
            "longest_s": round(self.longest, 2),
            "mean_ms": round(1000 * self.seconds / max(1, self.statuses.total()), 1),
            "resident_mb": round(self.memory / 1e6),
        }


def timed(client, method, path, **options):
    began = time.monotonic()
    answer = client.request(method, path, **options)
    return answer, time.monotonic() - began


@pytest.mark.parametrize("kind", FILES)
def test_tampered_files_are_stored_or_refused(server, kind):
    tally, make = Tally(), Mutator(kind)
    with httpx.Client(base_url=server.address, timeout=30) as client:
        for number in range(MUTATIONS):
            answer, seconds = timed(client, "POST", "/v1/images", content=make(number))
            tally.add(f"{kind} {number}", answer, seconds)
            if answer.is_success:
                path = f"/v1/images/{answer.json()['id']}"
                tally.add(f"{kind} {number} shown", *timed(client, "GET", f"{path}/preview"))
                assert client.get(f"{path}/content").content == make(number)
            tally.memory = max(tally.memory, resident(server.process.pid))
        assert client.post("/v1/images", content=FILES[kind]()[0]).is_success
    _report(kind, tally)
    assert not tally.failed, "\n".join(tally.failed)
    assert tally.memory < LARGEST
    assert {"4", "2"} <= {status[0] for status in tally.statuses}


def _report(kind, tally):
    if REPORT:
        path = Path(REPORT)
        before = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(before | {kind: tally.figures()}, indent=2))
