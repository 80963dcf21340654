"""Gathers what a run left and has it drawn."""

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import synthetyk
from synthetyk.core.artifacts import read_json, write_bytes
from synthetyk.data.fingerprint import Fingerprint
from synthetyk.evaluation.evaluate import Evaluation
from synthetyk.evaluation.generation import Manifest
from synthetyk.evaluation.privacy import Privacy
from synthetyk.evaluation.study.report import StudyReport
from synthetyk.pipeline.hardware import usable_threads
from synthetyk.pipeline.run_folder import RunFolder, load_present
from synthetyk.pipeline.stage import Stage, StageRecord, record_path
from synthetyk.report.inputs import ReportInputs, StageLine
from synthetyk.report.plots import training_curves
from synthetyk.report.report import render_report

PACKAGES = ("torch", "numpy", "pillow", "pydicom")


def write_curves(run: RunFolder) -> None:
    """Draw losses and accuracies of the first GAN to curves.png."""
    training_curves(run / "metrics.jsonl", run / "curves.png")


def write_report(run: RunFolder, stages: Sequence[Stage]) -> None:
    """Write report.html from whatever the run holds."""
    asked = run.settings()
    inputs = ReportInputs(
        title=run.path.name,
        dataset=Path(asked.dataset).name,
        seed=asked.seed,
        budget_seconds=asked.budget_seconds,
        versions=_versions(),
        stages=_stage_lines(run, stages),
        fingerprint=load_present(Fingerprint, run.fingerprint),
        plan=read_json(run.plan),
        metrics=_present(run / "metrics.jsonl"),
        real_sheet=_present(run / "real.png"),
        samples=tuple(sorted((run / "samples").glob("*.png"))),
        nearest_sheet=_present(run / "nearest.png"),
        evaluation=load_present(Evaluation, run / "evaluation.json"),
        privacy=load_present(Privacy, run / "privacy.json"),
        manifest=load_present(Manifest, run.synthetic_of(0) / "manifest.json"),
        study=load_present(StudyReport, run.study / "study.json"),
    )
    write_bytes(run.report, render_report(inputs).encode())


def _versions() -> dict[str, str]:
    found = {"synthetyk": synthetyk.__version__, "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found | {"machine": f"{platform.machine()}, {usable_threads()} threads, {platform.system()}"}


def _stage_lines(run: RunFolder, stages: Sequence[Stage]) -> tuple[StageLine, ...]:
    records = [(stage, load_present(StageRecord, record_path(run, stage.name))) for stage in stages]
    return tuple(
        StageLine(stage.name, record.status, record.seconds, stage.summary, record.reason)
        for stage, record in records
        if record and stage.name != "report"
    )


def _present(path: Path) -> Path | None:
    return path if path.exists() else None
