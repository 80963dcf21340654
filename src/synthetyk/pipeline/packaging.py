"""The stage that packages what a run left, and the package's way into MLflow's registry."""

from importlib.util import find_spec
from pathlib import Path

import synthetyk
from synthetyk.compression.report import CompressionReport
from synthetyk.core.artifacts import sha256_file, sha256_tree
from synthetyk.core.errors import MissingDependencyError, NotApplicableError, RunError
from synthetyk.core.progress import Progress
from synthetyk.data.cache import CacheRecord
from synthetyk.data.classes import Classes
from synthetyk.data.fingerprint import Fingerprint
from synthetyk.evaluation.evaluate import Evaluation
from synthetyk.evaluation.privacy import Privacy
from synthetyk.evaluation.study.report import StudyReport
from synthetyk.packaging.build import build_package
from synthetyk.packaging.inputs import PackageInputs
from synthetyk.pipeline.lock import locked
from synthetyk.pipeline.plan import Plan
from synthetyk.pipeline.run_folder import RunFolder, load_present
from synthetyk.pipeline.stage import Stage, StageRecord, hashes, record_path
from synthetyk.pipeline.trackers import whole
from synthetyk.runtime.manifest import OWN_FILES
from synthetyk.runtime.package import open_package
from synthetyk.training.classifier import SETTINGS_FILE

# The stages whose results a package holds, or tells of.
BEFORE = ("cache", "features", "train", "evaluate", "privacy", "generate", "study", "compress")
NEEDS = ("mlflow", "onnx", "onnxruntime", "onnxscript")


def missing() -> list[str]:
    """Return the names of the packages that packaging takes and that are not installed."""
    return [name for name in NEEDS if find_spec(name) is None]


def check_installed() -> None:
    """See that everything is there that packaging takes.

    Raises:
        MissingDependencyError: Something is not.
    """
    if lacking := missing():
        raise MissingDependencyError(
            f"To package models takes {', '.join(lacking)}, which is not installed",
            action="Run: pip install 'synthetyk[package]'",
        )


def _settings(run: RunFolder) -> dict[str, object]:
    """Return what decides a package beside the files of the run: who makes it, and whether it can."""
    return {"version": synthetyk.__version__, "missing": missing(), "fraction": _fraction(run)}


def package_run(run: RunFolder, progress: Progress) -> None:
    """Write ``package/`` from whatever the run holds.

    Raises:
        RunError: A part of it is of an earlier state of the run.
        NotApplicableError: It holds no model.
        MissingDependencyError: What packaging takes is not installed.
    """
    check_installed()
    _check_current(run)
    build_package(inputs_of(run), run.package, progress)


def _check_current(run: RunFolder) -> None:
    """See that figures and models belong together: what is packaged is passed on."""
    old = [
        name for name in BEFORE if (record := load_present(StageRecord, record_path(run, name))) and _old(run, record)
    ]
    if old:
        raise RunError(
            f"What {', '.join(old)} left is of an earlier state of the run",
            action=f"Do them again first: synthetyk run --resume {run.path}",
        )


def _old(run: RunFolder, record: StageRecord) -> bool:
    """Tell whether what a stage has read, or what it left, is not what lies there now."""
    return (record.inputs, record.outputs) != (hashes(run, record.inputs), hashes(run, record.outputs))


def inputs_of(run: RunFolder) -> PackageInputs:
    """Return what a run's package is made of; what a stage left that is not done does not count."""
    done = {name for name in ("evaluate", "privacy", "study", "compress") if _is_done(run, name)}
    folder = run.study / "classifier"
    return PackageInputs(
        title=run.path.resolve().name,
        cache=CacheRecord.load(run.cache / "cache.json"),
        fingerprint=Fingerprint.load(run.fingerprint),
        fingerprint_sha256=sha256_file(run.fingerprint),
        fraction=_fraction(run),
        generator=_present(run.generator),
        classifier=folder if "study" in done and (folder / SETTINGS_FILE).exists() else None,
        evaluation=load_present(Evaluation, run / "evaluation.json") if "evaluate" in done else None,
        privacy=load_present(Privacy, run / "privacy.json") if "privacy" in done else None,
        study=load_present(StudyReport, run.study / "study.json") if "study" in done else None,
        classes=load_present(Classes, run.classes),
        compression=load_present(CompressionReport, run.compression) if "compress" in done else None,
        models=run.models,
    )


def register_package(run: RunFolder, name: str) -> str:
    """Register a run's package at MLflow's registry: at the run's own store, or at the one that the user names.

    Args:
        run: With a package.
        name: Of the model; each package that differs from those before becomes a new version of it, a signed one too.

    Returns:
        Where it can be loaded from, ``models:/NAME/VERSION``.

    Raises:
        ArtifactError: The run has no package, or a damaged one.
        MissingDependencyError: MLflow is not installed.
    """
    from synthetyk.tracking.mlflow import MlflowTracker

    folder = open_package(run.package).folder
    content = sha256_tree(folder / name for name in OWN_FILES)
    with locked(run.path):
        tracker = MlflowTracker.open(whole(run))
        try:
            return tracker.register(run.package, name, content)
        finally:
            tracker.close()


def _is_done(run: RunFolder, name: str) -> bool:
    record = load_present(StageRecord, record_path(run, name))
    return record is not None and record.status == "done"


def _fraction(run: RunFolder) -> float:
    return Plan.load(run.plan).values.train_fraction


def _present(path: Path) -> Path | None:
    return path if path.exists() else None


def _package(run: RunFolder, progress: Progress) -> None:
    """Package the models; a run that lacks what this takes has everything else, and goes on."""
    try:
        package_run(run, progress)
    except MissingDependencyError as error:
        raise NotApplicableError(str(error)) from error


PACKAGE = Stage(
    "package",
    "Packages generator and classifier: ONNX, hashes, model card, inside an MLflow model.",
    reads=("fingerprint.json", "cache", "generator.json"),
    writes=("package/MLmodel", "package/artifacts/package/manifest.json", "package/artifacts/package/*.onnx"),
    work=_package,
    settings=_settings,
    uses=(
        *("evaluation.json", "privacy.json", "study/study.json", "study/classifier"),
        *("classes.json", "compression.json"),
    ),
)
