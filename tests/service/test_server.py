import signal
import sys

import httpx
import pytest
from tests.service.served import SERVE, served, until

from synthetyk.service.asgi import Application
from synthetyk.service.server import Server, address_of, listen
from synthetyk.service.serving import Serving

# What must not be needed, and is taken away: whatever trains, and MLflow.
ABSENT = ("torch", "monai", "safetensors", "mlflow", "pandas", "onnx", "onnxscript", "matplotlib")
WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({ABSENT})); from synthetyk.cli.main import main; main()"


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


def test_who_takes_too_long_is_not_waited_for(tmp_path, half_sent):
    with served(tmp_path / "here", "--drain-seconds", "0.2") as server:
        half_sent(server.address)
        until(lambda: "synthetyk_requests_in_flight 2.0" in httpx.get(f"{server.address}/metrics").text)
        assert server.stop() == 0


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:")])
def test_an_address_is_shown_as_a_browser_takes_it(host, shown):
    try:
        listener = listen(host, 0)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with listener:
        assert address_of(listener).startswith(shown)


def test_the_fast_loop_and_parser_are_used():
    serving = Serving(store="memory:")
    config = Server(Application(lambda: serving), serving).config
    config.load()
    assert config.get_loop_factory().__module__ == "uvloop"
    assert config.http_protocol_class.__name__ == "HttpToolsProtocol"


def test_gunicorn_serves_what_the_environment_says(tmp_path, package_folder, png):
    command = [sys.executable, "-m", "gunicorn", "synthetyk.service.asgi:app"]
    arguments = ("-k", "uvicorn.workers.UvicornWorker", "-b", "127.0.0.1:0", "--no-control-socket")
    environment = {"SYNTHETYK_SERVE_PACKAGES": str(package_folder), "SYNTHETYK_SERVE_STORE": "sqlite:///g.db"}
    with served(tmp_path / "here", *arguments, command=command, environment=environment) as server:
        assert httpx.post(f"{server.address}/v1/images", content=png).status_code == 201
        assert server.stop() == 0
    assert (tmp_path / "here/g.db").exists()
