"""Shared by all tests: one thread, real data by path, nothing written outside the test's own folder."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two test processes on two cores

import pytest
from tests.cassandra_cluster import cassandra  # noqa: F401

PHANTOM = "phantom:n=200,size=28,balance=0.5/0.3/0.2"
TINY = (
    *("gan_width=8", "gan_kimg=2", "threads=1", "gan_batch_size=32"),
    *("classifier_width=8", "classifier_steps=6", "features_steps=6", "classifier_batch_size=16"),
    *("study_seeds=2", "study_workers=1", "study_resamples=100", "synthetic_per_class=80"),
    *("anomaly_steps=30",),
    *("compress_rows=int8", "compress_steps=2"),
)


@pytest.fixture(autouse=True)
def full_floats():
    """Trainers flush denormals for the whole process; hypothesis draws them, and refuses to work without."""
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Return a function from a name in SYNTHETYK_DATA to its path; the test is skipped by name if it is absent."""

    def find(name: str) -> Path:
        root = os.environ.get("SYNTHETYK_DATA")
        path = Path(root, name) if root else None
        if path is None or not path.exists():
            pytest.skip(f"needs {name} in the folder that SYNTHETYK_DATA names")
        return path

    return find


@pytest.fixture(scope="session")
def tiny_settings():
    """Return a function that makes the settings of a very small run; nothing is measured, so its plan is fixed."""
    from synthetyk.pipeline.settings import RunSettings, merge_overrides

    def settings(dataset: str = PHANTOM, *more: str) -> RunSettings:
        return RunSettings(dataset=dataset, overrides=merge_overrides(None, [*TINY, *more]))

    return settings


@pytest.fixture(scope="session")
def run_all():
    """Return a function that runs every stage of a run."""
    from synthetyk.core.progress import silent
    from synthetyk.pipeline.stage import run_stage
    from synthetyk.pipeline.stages import up_to

    def run(folder) -> None:
        for stage in up_to("report"):
            run_stage(stage, folder, silent)

    return run


@pytest.fixture(scope="session")
def finished(tmp_path_factory, tiny_settings, run_all):
    """One small run with all its stages; tests that use it carry the mark of one xdist group."""
    from synthetyk.pipeline.begin import begin_run

    run = begin_run(tmp_path_factory.mktemp("finished") / "run", tiny_settings())
    run_all(run)
    return run


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of the finished run that a test may change."""
    from synthetyk.pipeline.run_folder import RunFolder

    shutil.copytree(finished.path, tmp_path / "run")
    return RunFolder(tmp_path / "run")


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """The sqlite file of MLflow without any run; to create its tables takes seconds."""
    from synthetyk.tracking.mlflow import MlflowTracker
    from synthetyk.tracking.subject import Subject

    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setenv("MLFLOW_EXPERIMENT_NAME", "first")
        MlflowTracker.open(Subject(run=folder)).close()
    return folder / "mlflow.db"
