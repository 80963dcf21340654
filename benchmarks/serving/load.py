"""``wrk`` against a server: how many requests it answered, and what its processes used for them."""

import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.servers import Running

CONNECTIONS = 16
REST = 0.3  # seconds before a load: what the end of another has cut off is still being answered, and fills the queue
# Every request has another seed, so that nothing can be remembered.
SCRIPT = """
local number = 0
local head, tail = [==[{head}]==], [==[{tail}]==]
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function()
  number = number + 1
  return wrk.format(nil, nil, nil, {body})
end
"""


@dataclass(frozen=True)
class Load:
    """What came of a load.

    Attributes:
        requests: Answered.
        failed: Of these, not with 200, or not at all.
        cpu_seconds: Of all processes of the server.
        seconds: How long it took.
    """

    requests: int
    failed: int
    cpu_seconds: float
    seconds: float

    @property
    def milliseconds(self) -> float:
        """Of the processor, for one request."""
        return 1000 * self.cpu_seconds / self.requests


def load(running: Running, count: int, seconds: float, work: Path, connections: int = CONNECTIONS) -> Load:
    """Load a server with requests for so many images each."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed, which makes the load: apt install wrk")
    head, seeded, tail = running.server.body(count).partition('"SEED"')
    script = work / "request.lua"
    script.write_text(SCRIPT.format(head=head, tail=tail, body="head .. number .. tail" if seeded else "head"))
    url = running.address + running.server.path
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "-s", script, url]
    time.sleep(REST)
    before = running.cpu_seconds()
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    used = running.cpu_seconds() - before
    requests, lasted = re.search(r"(\d+) requests in ([\d.]+)s", said).groups()  # type: ignore[union-attr]
    errors = re.findall(r"Non-2xx or 3xx responses: (\d+)|connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    failed = sum(int(number or 0) for numbers in errors for number in numbers)
    return Load(int(requests), failed, used, float(lasted))
