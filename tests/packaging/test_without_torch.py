"""Packages load, predict, generate and serve where torch cannot be imported."""

import base64
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager

import pytest

from synthetyk.runtime.requests import png_text

NO_TORCH = """
import sys


class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision", "monai", "safetensors"):
            raise ModuleNotFoundError(f"{name} is not here", name=name)


sys.meta_path.insert(0, NoTorch())
"""
LOAD = """
import json, sys
import numpy as np
import mlflow.pyfunc

try:
    import torch
except ModuleNotFoundError:
    pass
else:
    sys.exit("torch is here")
model = mlflow.pyfunc.load_model(sys.argv[1])
drawn = model.predict(None, params={"task": "generate", "label": "malignant", "count": 2})
print(json.dumps(model.predict(drawn)["class"].tolist()))
"""
PATIENCE = 60.0  # seconds until a server that does not answer has failed


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Variables under which no Python process can import torch."""
    folder = tmp_path_factory.mktemp("no_torch")
    (folder / "sitecustomize.py").write_text(NO_TORCH)
    program = folder / "uvicorn"  # MLflow starts it by its name, which this Python's environment need not have
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m uvicorn "$@"\n')
    program.chmod(0o755)
    programs = f"{folder}{os.pathsep}{os.environ['PATH']}"
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    return {**os.environ, "PYTHONPATH": path, "PATH": programs, "MLFLOW_DISABLE_TELEMETRY": "true"}


def test_mlflow_loads_a_package_predicts_and_generates(built, environment):
    command = [sys.executable, "-c", LOAD, str(built[0])]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert told.returncode == 0, told.stderr
    assert len(json.loads(told.stdout)) == 2


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(folder, environment, log):
    """Serve a model as its users do; yield its address."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local", "-m", str(folder)]
    with log.open("wb") as file:
        server = subprocess.Popen(
            [*command, "-h", "127.0.0.1", "-p", str(port)],
            env=environment,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + PATIENCE
        while not answers(f"{address}/ping"):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield address
    finally:
        os.killpg(server.pid, 15)  # the server and its worker
        server.wait(10)


def answers(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def ask(address, **body):
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/invocations", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["predictions"]


def test_mlflow_serves_a_package(built, environment, images, tmp_path):
    texts = [png_text(image) for image in images]
    with served(built[0], environment, tmp_path / "log") as address:
        by_column = ask(address, dataframe_records=[{"image": text} for text in texts])
        assert [set(row["probabilities"]) for row in by_column] == [{"normal", "benign", "malignant"}] * len(images)
        assert ask(address, inputs=texts) == by_column
        assert ask(address, inputs=images.tolist()) == by_column
        asked = {"task": "generate", "label": "benign", "count": 2, "seed": 4}
        drawn = ask(address, inputs=[], params=asked)
        assert [base64.b64decode(row["image"])[:4] for row in drawn] == [b"\x89PNG"] * 2
        with pytest.raises(urllib.error.HTTPError) as caught:
            ask(address, inputs=["no image"])
        assert caught.value.code == 400
        assert "no base64" in caught.value.read().decode()
