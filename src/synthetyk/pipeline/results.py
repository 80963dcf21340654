"""What a run found, told to its trackers: figures, verdicts in words, and the files behind them."""

from collections.abc import Iterator

from synthetyk.compression.report import CompressionReport
from synthetyk.evaluation.anomaly import AnomalyReport
from synthetyk.evaluation.evaluate import Evaluation
from synthetyk.evaluation.privacy import Privacy
from synthetyk.evaluation.scores import FIGURES
from synthetyk.evaluation.study.report import StudyReport
from synthetyk.pipeline.gans import tell_trainings
from synthetyk.pipeline.reporting import answering
from synthetyk.pipeline.run_folder import RunFolder, load_present
from synthetyk.pipeline.stages import STAGES
from synthetyk.tracking.several import SeveralTrackers

# The file to keep of each stage.
FILES = {
    "plan": "plan.json",
    "train": "curves.png",
    "evaluate": "evaluation.json",
    "privacy": "privacy.json",
    "study": "study/study.json",
    "compress": "compression.json",
    "anomalies": "anomalies.json",
    "package": "package/artifacts/package/model-card.md",
    "report": "report.html",
}


def tell_results(run: RunFolder, tracker: SeveralTrackers) -> None:
    """Tell whatever the run has found, as far as it fits its data and its training."""
    current = answering(run, STAGES)
    if "train" in current:
        tell_trainings(run, [each.name for each in tracker.others])
    evaluation = load_present(Evaluation, run / FILES["evaluate"]) if "evaluate" in current else None
    privacy = load_present(Privacy, run / FILES["privacy"]) if "privacy" in current else None
    study = load_present(StudyReport, run / FILES["study"]) if "study" in current else None
    compression = load_present(CompressionReport, run / FILES["compress"]) if "compress" in current else None
    strange = load_present(AnomalyReport, run / FILES["anomalies"]) if "anomalies" in current else None
    figures = dict(
        [*_quality(evaluation), *_nearness(privacy), *_use(study), *_strangeness(strange), *_smaller(compression)]
    )
    if figures:
        tracker.log(0, figures)
    if privacy:
        tracker.event(0, "privacy", privacy.sentence)
    if study:
        tracker.event(0, "study", study.verdict.sentence)
    if compression and compression.classifier:
        tracker.event(0, "precision", compression.classifier.precision.sentence)
    for stage, name in FILES.items():
        if stage in current and (run / name).exists():
            tracker.keep(run / name)


def _quality(evaluation: Evaluation | None) -> Iterator[tuple[str, float]]:
    """Yield every figure of every feature network; distances that say nothing are left out."""
    for result in evaluation.results if evaluation else ():
        void = {"frechet", "kernel"} if result.overall.void else set()
        for measure in (getattr(result.overall, figure) for figure in FIGURES if figure not in void):
            if measure.value is not None:
                yield f"evaluation/{measure.name}", measure.value


def _nearness(privacy: Privacy | None) -> Iterator[tuple[str, float]]:
    if privacy:
        yield "privacy/exact_copies", len(privacy.exact)
    for space in privacy.spaces if privacy else ():
        yield f"privacy/{space.name}/ratio", space.ratio
        yield f"privacy/{space.name}/attack_auc", space.attack_auc


def _use(study: StudyReport | None) -> Iterator[tuple[str, float]]:
    if study:
        for name in ("difference", "low", "high", "smallest_effect"):
            yield f"study/{name}", getattr(study.verdict, name)
        yield from ((f"study/auc/{arm.name}", arm.scores["auc"].mean) for arm in study.arms if "auc" in arm.scores)
        for arm in study.arms:
            if arm.asked:
                yield f"study/presence/{arm.name}", arm.asked.presence["auc"].mean
                yield f"study/type/{arm.name}", arm.asked.type["auc"].mean


def _strangeness(found: AnomalyReport | None) -> Iterator[tuple[str, float]]:
    if found:
        yield "anomalies/auroc", found.auroc.value
        yield from ((f"anomalies/auroc/{name}", each.value) for name, each in found.by_class.items())


def _smaller(compression: CompressionReport | None) -> Iterator[tuple[str, float]]:
    """Yield size, speed and AUC of every form of the classifier."""
    for row in compression.classifier.rows if compression and compression.classifier else ():
        yield f"compress/{row.name}/megabytes", row.megabytes
        for latency in row.latencies:
            yield f"compress/{row.name}/speedup_{latency.batch}", latency.speedup
        if row.test:
            yield f"compress/{row.name}/auc", row.test.auc.value
