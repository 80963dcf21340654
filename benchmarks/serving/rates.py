"""What one request for images of 28x28 pixels costs, ours beside MLflow's scoring server and LitServe, in one run.

All serve the same DCGAN (recipe ``dcgan``, first weights: speed does not depend on what a network has learned) on one
thread of ONNX Runtime, in one process that answers. ``ours`` answers with a PNG, one sheet if there are several images,
after it has recorded in its SQLite store what it drew; ``mlflow`` is MLflow's server with our package, which answers
with PNGs in base64; ``mlflow, plain`` is MLflow's server with the network alone, which is sent noise and answers with
numbers; ``litserve`` answers with a PNG and records nothing. `wrk` asks over 16 connections, each request with a seed
of its own. ``ms`` is the time of the processor that all processes of a server took for a request; the servers take
turns, each started for its turn alone, in every other round backwards, and a figure is the median of the rounds.
``network`` is the network alone, called in the same turns in a process of its own: noise is ready, nothing is encoded.
"""

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.options import Options
from benchmarks.record import write
from benchmarks.serving import overload
from benchmarks.serving.load import CONNECTIONS, load
from benchmarks.serving.models import make_models
from benchmarks.serving.servers import LITSERVE, Server, litserve, mlflow_package, mlflow_plain, ours, started
from synthetyk.runtime.package import open_package
from synthetyk.runtime.session import OnnxModel

SECONDS, ROUNDS, COUNTS = 8.0, 3, (1, 16)
PEER, FP32, INT8, NETWORK = "mlflow", "ours, fp32", "ours, int8", "network, fp32"
# How many times the requests that MLflow answers in a second of the processor, and which part of the network's rate.
OVER_MLFLOW = {(FP32, 1): 3.5, (FP32, 16): 2.4, (INT8, 1): 5.0, (INT8, 16): 5.0}
OF_NETWORK = {(FP32, 16): 0.85}
Costs = dict[tuple[str, int], list[float]]


def main(options: Options) -> list[str]:
    work = options.work / "serving"
    work.mkdir(parents=True, exist_ok=True)
    make_models(work / "models")
    servers = _servers(work)
    seconds, rounds = SECONDS * options.scale, options.seeds or ROUNDS
    costs = _measure(servers, work, seconds, rounds)
    rows = [_row(name, count, costs) for name, count in costs]
    under = overload.row(ours(work / "models", "fp32", work), work, seconds)
    about = {"seconds": seconds, "rounds": {f"{name}, {count}": cost for (name, count), cost in costs.items()}}
    left_out = "" if "litserve" in servers else f"{LITSERVE} could not be installed"
    write(
        "serving",
        rows,
        folder=options.results,
        about=f"{__doc__}\n\n{overload.in_words(under)}",
        overload=under,
        left_out=left_out,
        scale=options.scale,
        connections=CONNECTIONS,
        **about,
    )
    print(overload.in_words(under))
    missed = [f"{row['row']}, {row['images']}" for row in rows if row["met"] == "missed"]
    return [f"serving: {name}" for name in [*missed, *overload.missed(under)]]


def _servers(work: Path) -> dict[str, Server]:
    models = work / "models"
    found: dict[str, Server | None] = {
        PEER: mlflow_package(models),
        "mlflow, plain": mlflow_plain(models),
        "litserve": litserve(models, work),
        FP32: ours(models, "fp32", work),
        INT8: ours(models, "int8", work),
    }
    return {name: server for name, server in found.items() if server}


def _measure(servers: Mapping[str, Server], work: Path, seconds: float, rounds: int) -> Costs:
    """Return the milliseconds of a request in each round."""
    costs: Costs = {(name, count): [] for count in COUNTS for name in (*servers, NETWORK)}
    for turn in range(rounds):
        for name in [*servers, NETWORK][:: (1, -1)[turn % 2]]:
            found = _of_server(name, servers[name], work, seconds) if name in servers else _of_network(work, seconds)
            for count, cost in zip(COUNTS, found, strict=True):
                costs[name, count].append(cost)
                print(f"{name}, {count}: {cost:.3f} ms", flush=True)
    return costs


def _of_server(name: str, server: Server, work: Path, seconds: float) -> list[float]:
    """Return the milliseconds of a request for each count; nothing else runs meanwhile, whatever others do idle."""
    costs = []
    with started(server, work / f"{name}.log") as running:
        for count in COUNTS:
            load(running, count, 1, work)
            found = load(running, count, seconds, work)
            if found.failed or not found.requests:
                raise RuntimeError(f"{name} failed {found.failed} of {found.requests} requests: nothing was measured")
            costs.append(found.milliseconds)
    return costs


def _of_network(work: Path, seconds: float) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.serving.rates", str(work / "models" / "fp32")]
    calls = ([*command, str(count), str(seconds / 2)] for count in COUNTS)
    return [float(subprocess.run(call, check=True, capture_output=True, text=True).stdout) for call in calls]


def _row(name: str, count: int, costs: Costs) -> dict[str, Any]:
    mine = median(costs[name, count])
    row: dict[str, Any] = {"row": name, "images": count, "ms": round(mine, 3), "per_cpu_second": round(1000 / mine, 1)}
    for peer in (PEER, "mlflow, plain"):
        row[f"over_{peer}"] = round(_ratio(costs[peer, count], costs[name, count]), 2)
    row["of_network"] = round(_ratio(costs[NETWORK, count], costs[name, count]), 3) if name == FP32 else None
    goals = [(row[f"over_{PEER}"], OVER_MLFLOW.get((name, count))), (row["of_network"], OF_NETWORK.get((name, count)))]
    asked = [(found, goal) for found, goal in goals if goal is not None]
    row["goal"] = ", ".join(str(goal) for _, goal in asked) or None
    row["met"] = ("met" if all(found >= goal for found, goal in asked) else "missed") if asked else None
    return row


def _ratio(theirs: list[float], mine: list[float]) -> float:
    """Return the median of the ratios within each round."""
    return median(their / own for their, own in zip(theirs, mine, strict=True))


def network_cost(package: Path, count: int, seconds: float) -> float:
    """Return the milliseconds of the processor that the network alone takes for so many images."""
    opened = open_package(package)
    about = opened.manifest.generator
    assert about is not None
    network = OnnxModel(opened.read(about.file), about.file)
    noise = np.random.default_rng(0).standard_normal((count, about.latent), dtype=np.float32)
    inputs = {"noise": noise, "labels": np.zeros(count, dtype=np.int64)}
    for _ in range(20):
        network.run(("images",), inputs)
    calls, before, end = 0, time.process_time(), time.monotonic() + seconds
    while time.monotonic() < end:
        network.run(("images",), inputs)
        calls += 1
    return 1000 * (time.process_time() - before) / calls


if __name__ == "__main__":
    print(network_cost(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
