"""Reports to MLflow: a run for the run folder, nested in it one for each GAN or experiment."""

import os
import re
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

from synthetyk.core.artifacts import write_bytes
from synthetyk.core.errors import ConfigError, MissingDependencyError
from synthetyk.tracking.bookmark import Bookmark
from synthetyk.tracking.jsonl import tell
from synthetyk.tracking.mlflow_environment import set_environment
from synthetyk.tracking.subject import Subject, flat, number, plain
from synthetyk.tracking.tracker import Ended

if TYPE_CHECKING:
    from mlflow.entities import Metric
    from mlflow.tracking import MlflowClient

if find_spec("mlflow") is None:
    raise MissingDependencyError("MLflow is not installed", action="Run: pip install 'synthetyk[mlflow]'")

EVERY = 5.0  # seconds between two deliveries: each is a transaction of some 20 ms
AT_ONCE = 1000, 100  # metrics, params that MLflow takes in one delivery
LONGEST = 5000  # characters that MLflow takes in a tag or a param on every store
SQLITE, MEMORY = "sqlite:///", "/dev/shm"
PARENT, CONTENT = "mlflow.parentRunId", "synthetyk.content_sha256"


class MlflowTracker:
    """Reports to MLflow; what is chosen by ``--tracker mlflow``.

    ``MLFLOW_TRACKING_URI`` and ``MLFLOW_EXPERIMENT_NAME`` are honoured; without them everything goes into
    ``mlflow.db`` and ``mlartifacts`` of the run folder, experiment ``synthetyk``.

    MLflow deletes no values. After `rewind` it is sent the later ones again at the same steps, with a later time and
    with the value ``attempt``, which counts how often that happened.

    Args:
        client: Of the store.
        bookmark: Names the MLflow run, which exists.
        whole: Whether that is no training but a whole, which ends with its parts.
    """

    def __init__(self, client: "MlflowClient", bookmark: Bookmark, *, whole: bool = False) -> None:
        self._client, self._bookmark, self._whole = client, bookmark, whole
        self._run = str(bookmark.id)
        self._waiting: list[Metric] = []
        self._delivered = time.monotonic()

    @classmethod
    def open(cls, subject: Subject) -> Self:
        """Go on with the MLflow run of this subject, or begin one.

        Raises:
            ConfigError: ``MLFLOW_TRACKING_URI`` is a folder, which MLflow takes no more.
        """
        set_environment()
        from mlflow.tracking import MlflowClient

        client, bookmark = MlflowClient(tracking_uri=_store(subject)), Bookmark(subject, "mlflow")
        if bookmark.id is not None and _exists(client, bookmark.id):
            client.update_run(bookmark.id, status="RUNNING")
        else:
            bookmark.begin(_begin(client, subject))
        return cls(client, bookmark, whole=subject.metrics is None)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Gather values; they are delivered with the first of a later step, once some seconds have passed."""
        from mlflow.entities import Metric

        # A step is delivered whole, or not at all: what is missing after a kill is then a matter of steps.
        if self._waiting and step > self._waiting[-1].step and time.monotonic() - self._delivered > EVERY:
            self._deliver()
        now = time.time_ns() // 10**6
        if self._bookmark.attempt:
            values = {**values, "attempt": self._bookmark.attempt}
        self._waiting += [Metric(plain(name), number(value), now, step) for name, value in values.items()]

    def event(self, step: int, kind: str, message: str) -> None:
        """Record something that happened as a tag of the MLflow run."""
        self._client.set_tag(self._run, f"event/{step}/{plain(kind)}", message[:LONGEST])

    def rewind(self, step: int) -> None:
        """Go on from `step`: deliver what is missing before it, count an attempt if there is something after it."""
        self._waiting = [metric for metric in self._waiting if metric.step <= step]
        self._deliver()
        tell(self, self._bookmark.rewind(step))

    def keep(self, path: Path) -> None:
        """Copy a file to the artifacts of the MLflow run."""
        self._client.log_artifact(self._run, str(path))

    def register(self, folder: Path, name: str, content: str) -> str:
        """Make a folder with an MLflow model a version of a registered model, unless a version has this content.

        Args:
            folder: Is copied to the artifacts of the MLflow run: a version stays what it is.
            name: Of the registered model, which is created if there is none.
            content: What tells whether it is the same as another, for example a hash.

        Returns:
            Where it can be loaded from, ``models:/NAME/VERSION``.

        Raises:
            ConfigError: MLflow takes no such name.
        """
        if not re.fullmatch(r"[\w .-]{1,100}", name, re.ASCII):
            raise ConfigError(f"The model's name is {name!r}", expected="letters, digits, spaces, and any of _ . -")
        if not self._client.search_registered_models(f"name = '{name}'"):
            self._client.create_registered_model(name)
        for version in self._client.search_model_versions(f"name = '{name}'"):
            if version.tags.get(CONTENT) == content:
                return f"models:/{name}/{version.version}"
        place = f"package-{content[:12]}"
        self._client.log_artifacts(self._run, str(folder), place)
        source = f"{self._client.get_run(self._run).info.artifact_uri}/{place}"
        made = self._client.create_model_version(name, source, self._run, tags={CONTENT: content})
        return f"models:/{name}/{made.version}"

    def close(self, ended: Ended = "finished") -> None:
        """Deliver what is left and end the MLflow run; a run as a whole also ends what a kill left open in it."""
        self._deliver()
        for part in self._open_parts() if self._whole else ():
            self._client.set_terminated(part, "KILLED")
        self._client.set_terminated(self._run, ended.upper())

    def _deliver(self) -> None:
        metrics, most = self._waiting, AT_ONCE[0]
        for start in range(0, len(metrics), most):
            self._client.log_batch(self._run, metrics=metrics[start : start + most])
        if metrics:
            self._bookmark.step = max(self._bookmark.step, metrics[-1].step)
            self._bookmark.save()
        self._waiting, self._delivered = [], time.monotonic()

    def _open_parts(self) -> list[str]:
        experiment = self._client.get_run(self._run).info.experiment_id
        open_ones = f"tags.`{PARENT}` = '{self._run}' and attributes.status = 'RUNNING'"
        return [run.info.run_id for run in self._client.search_runs([experiment], open_ones)]


def _store(subject: Subject) -> str:
    """Return where the store is; that of a run folder is created if there is none."""
    given = os.environ.get("MLFLOW_TRACKING_URI")
    if given is None:
        path = subject.run.resolve() / "mlflow.db"
        if not path.exists():
            _create(path)
        return f"{SQLITE}{path}"
    if "://" not in given or given.startswith("file:"):
        raise ConfigError("MLFLOW_TRACKING_URI is a folder", expected="a server, or sqlite:////absolute/path.db")
    return given


def _create(path: Path) -> None:
    """Write an empty store beside and rename it into place.

    MLflow makes its tables in many transactions, for each of which it would wait for the disk: in memory, if possible.
    """
    from mlflow.tracking import MlflowClient

    with TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        MlflowClient(tracking_uri=f"{SQLITE}{folder}/mlflow.db").search_experiments(max_results=1)
        if not path.exists():  # on a busy machine another process may have been quicker, and has runs in its store
            write_bytes(path, Path(folder, "mlflow.db").read_bytes())


def _exists(client: "MlflowClient", run: str) -> bool:
    from mlflow.exceptions import MlflowException

    try:
        return bool(client.get_run(run).info.lifecycle_stage == "active")
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return False


def _begin(client: "MlflowClient", subject: Subject) -> str:
    """Begin an MLflow run, nested in that of the whole run if there is one; return its id."""
    from mlflow.entities import Param

    tags, whole = {}, Bookmark(subject.whole, "mlflow").id if subject.part else None
    if whole is not None and _exists(client, whole):
        tags[PARENT] = whole
    run = client.create_run(_experiment(client), run_name=subject.title, tags=tags)
    params = [Param(plain(name), str(value)[:LONGEST]) for name, value in flat(subject.settings)]
    for start in range(0, len(params), AT_ONCE[1]):
        client.log_batch(run.info.run_id, params=params[start : start + AT_ONCE[1]])
    return str(run.info.run_id)


def _experiment(client: "MlflowClient") -> str:
    """Return the id of the experiment, made if there is none; another process may make it meanwhile."""
    from mlflow.exceptions import MlflowException

    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "synthetyk")
    found = client.get_experiment_by_name(name)
    if not found:
        try:
            return str(client.create_experiment(name, artifact_location=_artifacts(client.tracking_uri)))
        except MlflowException:
            found = client.get_experiment_by_name(name)
            if not found:
                raise
    return str(found.experiment_id)


def _artifacts(store: str) -> str | None:
    """Return where artifacts lie: beside a sqlite file; a server knows itself."""
    if not store.startswith(SQLITE):
        return None
    return (Path(store.removeprefix(SQLITE)).resolve().parent / "mlartifacts").as_uri()
