"""What the operating system is asked for: an image is flushed to the disk before the client hears of it."""

import os
import re
import shutil
import signal
import sys

import httpx
import pytest
from tests.faults.test_killed_service import image_of
from tests.service.served import PATIENCE, SERVE, served

CALLS = "fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg,read,recvfrom,recvmsg"


@pytest.fixture
def traced(tmp_path):
    """Return a function that stores an image in a service and gives the system calls that it made meanwhile."""
    strace = shutil.which("strace")
    if sys.platform != "linux" or strace is None:
        pytest.skip("needs strace")

    def run(*arguments):
        trace = tmp_path / "trace"
        command = [strace, "-f", "-y", "-s", "64", "-e", f"trace={CALLS}", "-o", str(trace), *SERVE]
        with served(tmp_path / "here", *arguments, command=command) as server:
            assert httpx.post(f"{server.address}/v1/images", content=image_of(1)).status_code == 201
            os.killpg(server.process.pid, signal.SIGTERM)
            server.process.wait(PATIENCE)
        return completed(trace.read_text().splitlines())

    return run


def completed(lines):
    """Return calls in the order in which they ended; those that began before another thread's call are put together."""
    begun, calls = {}, []
    for line in lines:
        thread, _, call = line.partition(" ")
        if call.endswith("<unfinished ...>"):
            begun[thread] = call.removesuffix("<unfinished ...>").strip()
        elif resumed := re.match(r"\s*<\.\.\. \w+ resumed>(.*)", call):
            calls.append(begun.pop(thread, "") + resumed[1])
        else:
            calls.append(call.strip())
    return calls


def test_calls_that_others_interrupt_are_put_together_where_they_end():
    lines = ["1 fsync(3</a> <unfinished ...>", '2 write(4</b>, "x", 1) = 1', "1 <... fsync resumed>) = 0"]
    assert completed(lines) == ['write(4</b>, "x", 1) = 1', "fsync(3</a>) = 0"]


def test_an_image_is_flushed_to_the_disk_before_it_is_acknowledged(traced, tmp_path):
    calls = traced("--store", f"sqlite:///{tmp_path}/images.db")
    log = re.escape(f"{tmp_path}/images.db-wal")
    (asked,) = [n for n, call in enumerate(calls) if '"POST /v1/images ' in call]
    (told,) = [n for n, call in enumerate(calls) if '"HTTP/1.1 201 ' in call]
    written = [n for n, call in enumerate(calls) if asked < n and re.match(rf"p?write(64)?\(\d+<{log}>", call)]
    flushed = [n for n, call in enumerate(calls) if asked < n and re.match(rf"f(data)?sync\(\d+<{log}>\) += 0", call)]
    last = max(n for n in written if n < told)
    assert any(last < n < told for n in flushed), calls[asked : told + 1]
