import os
import signal
import sys
import time
from pathlib import Path

import httpx
import pytest
from tests.service.served import served, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")


def test_several_processes_share_store_and_numbers_and_one_that_dies_is_begun_again(tmp_path, png, half_sent):
    with served(tmp_path / "here", "--workers", "2", "--store", "sqlite:///a.db") as server:
        workers = children_of(server.process.pid)
        image = httpx.post(f"{server.address}/v1/images", content=png).json()["id"]
        for _ in range(10):
            assert httpx.get(f"{server.address}/v1/images/{image}/content").content == png
        told = httpx.get(f"{server.address}/metrics").text
        assert 'route="/v1/images/{image}/content",status="200"} 10.0' in told
        os.kill(workers[-1], signal.SIGKILL)
        until(lambda: set(children_of(server.process.pid)) - set(workers))
        assert httpx.get(f"{server.address}/v1/images/{image}").status_code == 200
        end = half_sent(server.address)
        until(lambda: "synthetyk_requests_in_flight 2.0" in httpx.get(f"{server.address}/metrics").text)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert end() == b"HTTP/1.1 200 OK"  # it was there
        assert server.process.wait(60) == 0
        assert "another begins" in server.log.read_text()


def children_of(process):
    """Return the processes that a process has started and that answer requests."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(child) for child in children if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()]
