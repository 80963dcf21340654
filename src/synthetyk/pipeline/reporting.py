"""Gathers what a run left and has it drawn."""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import synthetyk
from synthetyk.compression.report import CompressionReport
from synthetyk.core.artifacts import read_json, write_bytes
from synthetyk.core.errors import DatasetError, SynthetykError
from synthetyk.data.classes import Classes
from synthetyk.data.fingerprint import Fingerprint
from synthetyk.evaluation.anomaly import AnomalyReport
from synthetyk.evaluation.evaluate import Evaluation
from synthetyk.evaluation.privacy import Privacy
from synthetyk.evaluation.study.report import StudyReport
from synthetyk.evaluation.synthetic_set import Manifest
from synthetyk.pipeline.hardware import usable_threads
from synthetyk.pipeline.lock import locked
from synthetyk.pipeline.run_folder import RunFolder, load_present
from synthetyk.pipeline.stage import Stage, StageRecord, as_left, record_path
from synthetyk.report.inputs import ReportInputs, StageLine
from synthetyk.report.plots import training_curves
from synthetyk.report.report import render_report
from synthetyk.runtime.manifest import MANIFEST, PackageManifest
from synthetyk.runtime.package import INSIDE

PACKAGES = ("torch", "numpy", "pillow", "pydicom")
CHANGED = "changed"  # stands for the SHA-256 of what a stage would write differently now


def write_curves(run: RunFolder) -> None:
    """Draw losses, accuracies and validation scores of the first GAN to curves.png."""
    training_curves(run / "metrics.jsonl", run / "curves.png")


def write_report(run: RunFolder, stages: Sequence[Stage], failed: StageLine | None = None) -> None:
    """Write report.html from whatever the run holds.

    Args:
        run: The run.
        stages: All of its stages, in order.
        failed: The line of the stage that failed, if one did.
    """
    asked = run.settings()
    inputs = ReportInputs(
        title=run.path.name,
        dataset=Path(asked.dataset).name,
        seed=asked.seed,
        budget_seconds=asked.budget_seconds,
        versions=_versions(),
        stages=_stage_lines(run, stages, failed),
        fingerprint=load_present(Fingerprint, run.fingerprint),
        plan=read_json(run.plan) if run.plan.exists() else None,
        metrics=_present(run / "metrics.jsonl"),
        real_sheet=_present(run / "real.png"),
        samples=tuple(sorted((run / "samples").glob("*.png"))),
        nearest_sheet=_present(run / "nearest.png"),
        evaluation=load_present(Evaluation, run / "evaluation.json"),
        privacy=load_present(Privacy, run / "privacy.json"),
        manifest=load_present(Manifest, run.synthetic_of(0) / "manifest.json"),
        study=load_present(StudyReport, run.study / "study.json") if _applies(run, "study") else None,
        compression=load_present(CompressionReport, run.compression) if _applies(run, "compress") else None,
        classes=load_present(Classes, run.classes),
        anomalies=load_present(AnomalyReport, run / "anomalies.json") if _applies(run, "anomalies") else None,
        anomaly_sheet=_present(run / "anomalies.png") if _applies(run, "anomalies") else None,
        package=load_present(PackageManifest, run.package / INSIDE / MANIFEST) if _applies(run, "package") else None,
    )
    write_bytes(run.report, render_report(inputs).encode())


def report_failure(run: RunFolder, stages: Sequence[Stage], failed: Stage, error: Exception) -> None:
    """Write report.html of a run that an error in one of its stages has ended.

    Raises:
        RunLockedError: Another process is at work in the folder by now.
    """
    with locked(run.path):
        write_report(run, stages, StageLine(failed.name, "failed", 0.0, failed.summary, _said(error)))


def _said(error: Exception) -> str:
    """Return an error's message without names of files: they may be patients', and reports are passed on."""
    match error:
        case DatasetError():
            return "The data set cannot be used as it is; the command line says which of its files are the reason."
        case SynthetykError():
            return str(error)
        case OSError(strerror=str(reason)):
            return f"{reason}."
    return f"{type(error).__name__}: {error}"


def up_to_date(run: RunFolder, stages: Sequence[Stage], failed: str = "") -> set[str]:
    """Return the names of the stages whose results still follow from what the stages before them left.

    It reads what stages wrote, once; of what they read, their records tell.

    Args:
        run: The run.
        stages: All of its stages, in order.
        failed: The stage that failed, if one did.
    """
    names: set[str] = set()
    left: dict[str, str] = {}  # SHA-256 of what the stages before left
    for stage in stages:
        record = load_present(StageRecord, record_path(run, stage.name))
        if record and stage.name != failed and _follows(record, stage, run, left):
            names.add(stage.name)
            left |= record.outputs
        elif record or not stage.optional:
            left |= dict.fromkeys(stage.writes, CHANGED)
    return names


def answering(run: RunFolder, stages: Sequence[Stage]) -> set[str]:
    """Return the names of the stages that are up to date and had something to do.

    What lies there of one that had nothing to do is of an earlier state of the run.

    Args:
        run: The run.
        stages: All of its stages, in order.
    """
    return {name for name in up_to_date(run, stages) if _applies(run, name)}


def _applies(run: RunFolder, name: str) -> bool:
    """Tell whether a stage had something to do when it last ended, if it did."""
    record = load_present(StageRecord, record_path(run, name))
    return record is None or record.status == "done"


def _follows(record: StageRecord, stage: Stage, run: RunFolder, left: Mapping[str, str]) -> bool:
    fed = all(left.get(name, found) == found for name, found in record.inputs.items())
    return fed and _same_settings(record, stage, run) and as_left(record, stage, run)


def _same_settings(record: StageRecord, stage: Stage, run: RunFolder) -> bool:
    if not stage.reads:  # the settings of the first stage are the data, which may be large, or elsewhere by now
        return True
    try:
        return record.settings == dict(stage.settings(run))
    except (SynthetykError, OSError):  # weights that they name need not lie on this machine
        return True


def _versions() -> dict[str, str]:
    found = {"synthetyk": synthetyk.__version__, "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found | {"machine": f"{platform.machine()}, {usable_threads()} threads, {platform.system()}"}


def _stage_lines(run: RunFolder, stages: Sequence[Stage], failed: StageLine | None) -> tuple[StageLine, ...]:
    current = up_to_date(run, stages, failed.name if failed else "")
    lines = []
    for stage in (stage for stage in stages if stage.name != "report"):
        record = load_present(StageRecord, record_path(run, stage.name))
        if failed and stage.name == failed.name:
            lines.append(failed)
        elif record:
            status = record.status if stage.name in current else "out of date"
            lines.append(StageLine(stage.name, status, record.seconds, stage.summary, record.reason, record.peak_mb))
        elif any(next(run.path.glob(name), None) for name in stage.writes):
            lines.append(StageLine(stage.name, "not finished", 0.0, stage.summary))
    return tuple(lines)


def _present(path: Path) -> Path | None:
    return path if path.exists() else None
