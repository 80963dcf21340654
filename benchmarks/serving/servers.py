"""Servers that are measured: started as their users start them, one process that answers, one thread each."""

import importlib.util
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import psutil

from benchmarks.serving.models import CLASSES, LATENT

PATIENCE = 120.0  # seconds until a server that does not answer has failed
LITSERVE = "litserve==0.2.19"


@dataclass(frozen=True)
class Server:
    """A server and how it is asked for images.

    Attributes:
        command: Starts it at a port.
        path: Where it takes requests.
        body: JSON of a request for so many images; ``SEED`` in it becomes another number each time.
        ping: Where it says that it answers.
    """

    command: Callable[[int], Sequence[str]]
    path: str
    body: Callable[[int], str]
    ping: str = "/ping"


@dataclass(frozen=True)
class Running:
    """A server that answers.

    Attributes:
        server: Which.
        process: The first of its processes.
        port: Where.
    """

    server: Server
    process: psutil.Process
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Return what all of its processes have used of the processor."""
        times = [each.cpu_times() for each in (self.process, *self.process.children(recursive=True))]
        return sum(one.user + one.system for one in times)


def ours(models: Path, precision: str, work: Path) -> Server:
    store = f"sqlite:///{work / f'serving-{precision}.db'}"
    start = [sys.executable, "-m", "synthetyk", "serve", str(models / precision), "--store", store]
    return Server(
        command=lambda port: [*start, "--port", str(port)],
        path="/v1/generate",
        body=lambda count: json.dumps({"label": CLASSES[0], "count": count, "seed": "SEED"}),
    )


def mlflow_package(models: Path) -> Server:
    """MLflow's scoring server with our package: it answers with PNGs in base64."""
    params = {"task": "generate", "label": CLASSES[0], "seed": "SEED"}
    return Server(
        command=lambda port: _mlflow(models / "mlflow", port),
        path="/invocations",
        body=lambda count: json.dumps({"inputs": [], "params": {**params, "count": count}}),
    )


def mlflow_plain(models: Path) -> Server:
    """MLflow's scoring server with the network alone: it is sent noise, and answers with numbers."""
    drawing = random.Random(0)

    def body(count: int) -> str:
        noise = [[round(drawing.gauss(0, 1), 6) for _ in range(LATENT)] for _ in range(count)]
        return json.dumps({"inputs": {"noise": noise, "labels": [0] * count}})

    return Server(command=lambda port: _mlflow(models / "plain", port), path="/invocations", body=body)


def litserve(models: Path, work: Path) -> Server | None:
    """LitServe in an environment of its own, or None if it cannot be installed."""
    home = work / "litserve"
    python = home / "bin" / "python"
    if not python.exists() and not _installed(home, python):
        return None
    script = Path(__file__).with_name("litserve_peer.py")
    return Server(
        command=lambda port: [str(python), str(script), str(models / "fp32" / "generator.onnx"), str(port)],
        path="/predict",
        body=lambda count: json.dumps({"count": count, "seed": "SEED"}),
        ping="/health",
    )


@contextmanager
def started(server: Server, log: Path) -> Iterator[Running]:
    """Start a server; with this block it ends, and all of its processes."""
    port = _free_port()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # MLflow looks there for uvicorn
    with log.open("wb") as file:
        process = subprocess.Popen(
            list(server.command(port)),
            env={**os.environ, "PATH": path},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    running = Running(server, psutil.Process(process.pid), port)
    try:
        _wait(running, process, log)
        yield running
    finally:
        _end(running.process)
        process.wait()


def post(running: Running, count: int) -> bytes:
    """Return what a server answers to one request."""
    body = running.server.body(count).replace('"SEED"', "1").encode()
    asked = Request(running.address + running.server.path, body, {"Content-Type": "application/json"})
    with urlopen(asked, timeout=PATIENCE) as answer:
        return bytes(answer.read())


def _mlflow(model: Path, port: int) -> list[str]:
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(model), "--env-manager", "local"]
    return [*command, "--workers", "1", "--host", "127.0.0.1", "--port", str(port)]


def _installed(home: Path, python: Path) -> bool:
    """Make an environment with LitServe in it; what else it needs is taken from ours."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    lent = Path(str(importlib.util.find_spec("numpy").origin)).parents[1]  # type: ignore[union-attr]
    (site,) = home.glob("lib/python*/site-packages")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", LITSERVE]
    if subprocess.run(pip, check=False).returncode:
        python.unlink()
        return False
    (site / "lent.pth").write_text(f"{lent}\n")
    return True


def _wait(running: Running, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urlopen(running.address + running.server.ping, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"{' '.join(running.server.command(running.port))} does not answer:\n{log.read_text()[-2000:]}")


def _end(process: psutil.Process) -> None:
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for each in family:
        with suppress(psutil.NoSuchProcess):
            each.terminate()
    for each in psutil.wait_procs(family, timeout=15)[1]:
        with suppress(psutil.NoSuchProcess):
            each.kill()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
