import json
import os
import shutil
import struct
import time
from pathlib import Path

import pytest

from synthetyk.tracking.bookmark import Bookmark
from synthetyk.tracking.contract import Recorded

BLOCK = 32768  # bytes, of the log that W&B writes


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch, tmp_path):
    """Nobody's settings decide, and whatever were written beside the run folder would be seen."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "WANDB_MODE", "WANDB_PROJECT", "WANDB_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def common_store(empty_store, tmp_path_factory):
    """A store for all tests that need none of their own: to open one takes half a second."""
    return shutil.copy(empty_store, tmp_path_factory.mktemp("common"))


@pytest.fixture
def one_store(common_store, monkeypatch):
    """Let every tracker report to one store, as to a server."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{common_store}")


@pytest.fixture
def own_store(empty_store, tmp_path):
    """A run folder whose own store exists."""
    (tmp_path / "a run").mkdir()
    shutil.copy(empty_store, tmp_path / "a run" / "mlflow.db")
    return tmp_path / "a run"


@pytest.fixture
def client():
    """Return a function that opens the store of a run folder, or the one of all."""
    from mlflow.tracking import MlflowClient

    return lambda folder: MlflowClient(os.environ.get("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db"))


@pytest.fixture
def recorded_by_mlflow(client, tmp_path):
    """Return a function that reads what MLflow has of a subject."""

    def read(subject):
        known, run = client(subject.run), Bookmark(subject, "mlflow").id
        data = known.get_run(run).data
        values = {name: history(known, run, name) for name in data.metrics}
        tags = ([*name.split("/"), text] for name, text in data.tags.items() if name.startswith("event/"))
        events = [(int(step), kind, text) for _, step, kind, text in tags]
        kept = (file.path for file in known.list_artifacts(run))
        files = {name: Path(known.download_artifacts(run, name, str(tmp_path))).read_bytes() for name in kept}
        return Recorded(values, events, files)

    def history(known, run, name):
        points = known.get_metric_history(run, name)
        return [(each.step, each.value) for each in sorted(points, key=lambda each: (each.timestamp, each.step))]

    return read


@pytest.fixture
def written_by_wandb():
    """Return a function that reads the records of the newest folder that W&B has written for a subject."""

    def read(subject):
        until = time.monotonic() + 30
        while True:  # W&B's own process writes the end of the file after it has said that it is done
            found = [*records(next(newest_offline(subject).glob("*.wandb")))]
            if (found and found[-1].WhichOneof("record_type") == "exit") or time.monotonic() > until:
                return found
            time.sleep(0.02)

    return read


@pytest.fixture
def recorded_by_wandb(written_by_wandb):
    """Return a function that reads what W&B has of a subject."""

    def read(subject):
        kept = (newest_offline(subject) / "files").glob("card.*")
        recorded = Recorded(files={file.name: file.read_bytes() for file in kept})
        for record in written_by_wandb(subject):
            if record.WhichOneof("record_type") == "history":
                items = {"/".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
                take(recorded, {name: value for name, value in items.items() if not name.startswith("_")})
        return recorded

    def take(recorded, row):
        step = row.pop("step")
        if "event" in row:
            recorded.events.append((step, *row["event"].split(": ", 1)))
            return
        for name, value in row.items():
            recorded.values.setdefault(name, []).append((step, float(value)))

    return read


def newest_offline(subject):
    """Return the newest folder that W&B has written for a subject."""
    return max((subject.run / "wandb").glob(f"offline-run-*-{Bookmark(subject, 'wandb').id}*"))


def records(path):
    """Yield what stands in a ``.wandb`` file: a log of LevelDB with a header of its own, W&B has no reader for it."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, at, whole = path.read_bytes(), 7, b""
    while at + 7 <= len(data):
        if (left := BLOCK - at % BLOCK) < 7:
            at += left
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        if at + 7 + length > len(data):
            return
        whole += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield Record.FromString(whole)
            whole = b""
