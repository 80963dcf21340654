import signal
import socket
import sys
from urllib.parse import urlsplit

import httpx
import pytest
from tests.service.served import SERVE, served, until

# What must not be needed, and is taken away: whatever trains, and MLflow.
ABSENT = ("torch", "monai", "safetensors", "mlflow", "pandas", "onnx", "onnxscript", "matplotlib")
WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({ABSENT})); from synthetyk.cli.main import main; main()"


@pytest.fixture
def half_sent(png):
    """Return a function that begins an upload and returns what ends it and gives the answer's first line."""
    opened = []

    def begin(address):
        connection = socket.create_connection((urlsplit(address).hostname, urlsplit(address).port), timeout=60)
        opened.append(connection)
        head = f"POST /v1/images HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(png)}\r\n\r\n"
        connection.sendall(head.encode() + png[:10])

        def end():
            connection.sendall(png[10:])
            return connection.recv(100_000).split(b"\r\n")[0]

        return end

    yield begin
    for connection in opened:
        connection.close()


def test_it_serves_without_what_trains_and_ends_what_it_has_begun(package_folder, tmp_path, half_sent):
    command = [sys.executable, "-c", WITHOUT, *SERVE[3:]]
    with served(tmp_path / "here", package_folder, "--drain-seconds", "30", command=command) as server:
        end = half_sent(server.address)
        until(lambda: "synthetyk_requests_in_flight 2.0" in httpx.get(f"{server.address}/metrics").text)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: httpx.get(f"{server.address}/readyz").status_code == 503)
        assert httpx.get(f"{server.address}/v1/images").headers["retry-after"] == "1"
        assert server.process.poll() is None
        assert end() == b"HTTP/1.1 201 Created"
        assert server.process.wait(60) == 0
        told = server.log.read_text()
    assert "model:  package: classifier (fp32) and generator (fp32)" in told
    assert f"images: sqlite:///{tmp_path}/here/synthetyk.db" in told
    assert "Traceback" not in told


def test_gunicorn_serves_what_the_environment_says(tmp_path, package_folder, png):
    command = [sys.executable, "-m", "gunicorn", "synthetyk.service.asgi:app"]
    arguments = ("-k", "uvicorn.workers.UvicornWorker", "-b", "127.0.0.1:0", "--no-control-socket")
    environment = {"SYNTHETYK_SERVE_PACKAGES": str(package_folder), "SYNTHETYK_SERVE_STORE": "sqlite:///g.db"}
    with served(tmp_path / "here", *arguments, command=command, environment=environment) as server:
        assert httpx.post(f"{server.address}/v1/images", content=png).status_code == 201
        assert server.stop() == 0
    assert (tmp_path / "here/g.db").exists()
