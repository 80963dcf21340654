import os
import subprocess
import sys

import pytest

from synthetyk.service.telemetry import Telemetry

COUNT = """
import os, sys
from synthetyk.service.telemetry import Telemetry

telemetry = Telemetry()
telemetry.images.labels("real").inc(3)
if os.fork() == 0:
    telemetry.images.labels("real").inc(4)
    os._exit(0)
os.wait()
sys.stdout.write(telemetry.told().decode())
"""


def test_requests_are_counted_by_route_and_never_by_path(client):
    for _ in range(2):
        client.get("/v1/images/" + "0" * 64)
    client.get("/somewhere/else")
    client.get("/static/somewhere.css")
    told = client.get("/metrics").text
    assert 'synthetyk_requests_total{method="GET",route="/v1/images/{image}",status="404"} 2.0' in told
    assert 'synthetyk_requests_total{method="GET",route="none",status="404"} 1.0' in told
    assert 'synthetyk_requests_total{method="GET",route="/static",status="404"} 1.0' in told
    assert 'synthetyk_request_seconds_count{route="/v1/images/{image}"} 2.0' in told
    assert "0" * 64 not in told


def test_what_is_being_answered_is_counted_down_again(client):
    client.get("/healthz")
    assert "synthetyk_requests_in_flight 1.0" in client.get("/metrics").text


def test_two_services_in_a_process_do_not_share_numbers():
    one, other = Telemetry(), Telemetry()
    one.images.labels("real").inc()
    assert b'origin="real"' not in other.told()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_the_numbers_of_several_processes_are_added_up(tmp_path):
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-c", COUNT], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert 'synthetyk_images_stored_total{origin="real"} 7.0' in told.stdout
