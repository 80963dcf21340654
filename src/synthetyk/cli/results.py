"""What a command says when it is done: the answer first."""

from collections.abc import Callable, Iterator

from synthetyk.cli.display import ConsoleDisplay, console, say
from synthetyk.compression.report import CompressionReport
from synthetyk.data.fingerprint import Fingerprint
from synthetyk.evaluation.anomaly import AnomalyReport
from synthetyk.evaluation.evaluate import Evaluation
from synthetyk.evaluation.privacy import Privacy
from synthetyk.evaluation.study.report import StudyReport
from synthetyk.pipeline.halving import TuningReport
from synthetyk.pipeline.reporting import answering
from synthetyk.pipeline.run_folder import RunFolder, load_present
from synthetyk.pipeline.stage import Stage
from synthetyk.pipeline.stages import STAGES
from synthetyk.runtime.package import open_package


def display_of(run: RunFolder) -> ConsoleDisplay:
    """Return what shows the stages of a run, and what each of them found."""
    return ConsoleDisplay(lambda stage: _show_headline(run, stage))


def _show_headline(run: RunFolder, stage: Stage) -> None:
    if stage.name in HEADLINES:
        for line in HEADLINES[stage.name](run):
            say(f"             {line}", style="dim")


def show_result(run: RunFolder) -> None:
    """Print the answers that the run holds, as far as they fit its data and its training, and where to look."""
    console.print()
    current = answering(run, STAGES)
    study = load_present(StudyReport, run.study / "study.json")
    if study and "study" in current:
        say(f"Does it help?  {study.verdict.sentence}", style="bold")
    privacy = load_present(Privacy, run / "privacy.json")
    if privacy and "privacy" in current:
        say(f"May I share?   {privacy.sentence}", style="bold")
    compression = load_present(CompressionReport, run.compression)
    if compression and compression.classifier and "compress" in current:
        say(f"Fewer bits?    {compression.classifier.precision.sentence}", style="bold")
    say(f"Look at:       {run.report if run.report.exists() else run.path}")


def _fingerprint(run: RunFolder) -> Iterator[str]:
    found = Fingerprint.load(run.fingerprint)
    counts = ", ".join(f"{name or 'no label'} {sum(each.values())}" for name, each in found.classes.counts.items())
    yield f"{found.images} images: {counts}"
    if found.problems:
        kinds = ", ".join(f"{kind} {problem.count}" for kind, problem in found.problems.items())
        yield f"left out, with reasons in fingerprint.json: {kinds}"
    yield from found.notes


def _evaluation(run: RunFolder) -> Iterator[str]:
    evaluation = Evaluation.load(run / "evaluation.json")
    for result in evaluation.results:
        overall = result.overall
        for measure in (overall.frechet, overall.kernel):
            if measure.value is None or measure.floor is None:
                continue
            yield f"{measure.name} {measure.value:.4g}, and between halves of the real images {measure.floor:.4g}"
        if overall.void:
            yield overall.void_reason
    yield from evaluation.sharpness.findings if evaluation.sharpness else ()


def _anomalies(run: RunFolder) -> Iterator[str]:
    found = AnomalyReport.load(run / "anomalies.json")
    yield (
        f"against {found.normal}: AUROC {found.auroc.value:.3f} (95% interval {found.auroc.low:.3f} to "
        f"{found.auroc.high:.3f}); {found.found:.0%} of the others found at {found.false_alarms:.0%} false alarms"
    )
    if len(found.by_class) > 1:
        yield ", ".join(f"{name} {each.value:.3f}" for name, each in found.by_class.items())
    yield f"pictures: {run / 'anomalies.png'}"


def _tuning(run: RunFolder) -> Iterator[str]:
    report = load_present(TuningReport, run.tuning)
    if report and report.winner is not None:
        yield report.reason
        own = report.plan.model_dump()
        changed = {name: found.value for name, found in report.result.items() if found.value != own[name]}
        yield from (f"{name}: {value!r} instead of {own[name]!r}" for name, value in changed.items())


def _compression(run: RunFolder) -> Iterator[str]:
    found = load_present(CompressionReport, run.compression)
    if found and found.classifier:
        part = found.classifier
        for row in part.rows:
            auc = f", test AUC {row.test.auc.value:.3f}" if row.test else ""
            yield f"{row.name}: {row.megabytes:.2f} MB{auc}, {row.benefit}"
        yield f"to use: {run.models / part.picked.file} ({part.rule})"
    if found and found.generator:
        name = found.generator.distance
        for each in found.generator.rows:
            yield f"generator {each.name}: {each.megabytes:.2f} MB, {name} {each.distance:.3g}, {each.benefit}"


def _package(run: RunFolder) -> Iterator[str]:
    found = open_package(run.package).manifest
    yield ", ".join(f"{name} {record.bytes / 1e6:.2f} MB" for name, record in found.files.items() if "onnx" in name)
    yield f"load it with mlflow.pyfunc.load_model({str(run.package)!r})"


HEADLINES: dict[str, Callable[[RunFolder], Iterator[str]]] = {
    "fingerprint": _fingerprint,
    "tune": _tuning,
    "evaluate": _evaluation,
    "compress": _compression,
    "anomalies": _anomalies,
    "package": _package,
}
