"""An experiment's model quantised and pruned, each form measured beside it."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from synthetyk.compression.compress import compress_classifier
from synthetyk.compression.names import QUICK_ROWS
from synthetyk.compression.report import ClassifierPart, ClassifierRow, CompressionConfig, CompressionReport, Figure
from synthetyk.compression.rows import versions
from synthetyk.core.errors import NotApplicableError
from synthetyk.core.progress import Progress
from synthetyk.data.cache import open_cache
from synthetyk.data.classes import positive_label
from synthetyk.evaluation.experiments.report import Averaged, Precision
from synthetyk.pipeline.experiments.training import Training
from synthetyk.pipeline.run_folder import RunFolder
from synthetyk.pipeline.stage import Stage, run_stage
from synthetyk.training.classifier import TrainedClassifier

FOLDER, REPORT_FILE = "compressed", "compressed/compression.json"
MOST_STEPS = 300  # that what is pruned is trained again
PARTS = ("onnx", "onnxruntime", "onnxscript")


def compress_kept(training: Training, home: Path, progress: Progress) -> ClassifierPart | None:
    """Quantise and prune the model of a training, unless that is done and nothing has changed.

    Args:
        training: Left the model.
        home: Its experiment's folder; receives ``compressed/``.
        progress: Told after each form.

    Returns:
        Every form; None if the packages that it takes are not installed.

    Raises:
        SynthetykError: It went wrong.
    """
    run = RunFolder(home)
    if run_stage(_stage(training), run, progress).record.status != "done":
        return None
    return CompressionReport.load(run / REPORT_FILE).classifier


def config_of(training: Training) -> CompressionConfig:
    """Return what is made of its model; what is pruned is trained again for a quarter of the steps it has had."""
    steps = min(MOST_STEPS, training.config.steps // 4)
    names = training.images.splits()[0].class_names
    positive = names[positive_label(names)] if len(names) == 2 else None
    return CompressionConfig(rows=QUICK_ROWS, seed=training.config.seed, steps=steps, positive_class=positive)


def precisions(part: ClassifierPart) -> tuple[Precision, ...]:
    """Return every form as the report of experiments tells of it, the original first."""
    return tuple(_precision(row, picked=row.name == part.pick) for row in part.rows)


def _stage(training: Training) -> Stage:
    config = config_of(training)

    def settings(_run: RunFolder) -> Mapping[str, Any]:
        return {"training": training.inputs(), "config": config.model_dump(mode="json"), "versions": _versions()}

    def work(run: RunFolder, progress: Progress) -> None:
        if not _versions():
            raise NotApplicableError("The packages that export and quantise models are not installed")
        classifier, dataset = TrainedClassifier.load(training.folder), open_cache(training.images.folder / "cache")
        report = compress_classifier(classifier, dataset, config, run / FOLDER, progress)
        report.save(run / REPORT_FILE)

    return Stage("compress", "Quantises and prunes the model.", (), (FOLDER,), work, settings)


def _versions() -> dict[str, str]:
    """Return the versions of what it takes; none where a part is missing, so that installing it makes the forms."""
    return versions() if all(find_spec(name) for name in PARTS) else {}


def _precision(row: ClassifierRow, *, picked: bool) -> Precision:
    speedups = {latency.batch: latency.speedup for latency in row.latencies}
    return Precision(
        name=row.name,
        about=row.about,
        file=row.file,
        megabytes=row.megabytes,
        gzip_megabytes=row.gzip_megabytes,
        speedups=speedups,
        validation_auc=row.validation_auc,
        auc=_averaged(row.test.auc) if row.test else None,
        difference=_averaged(row.test.auc_difference) if row.test else None,
        agreement=row.test.agreement if row.test else None,
        benefit=row.benefit,
        picked=picked,
    )


def _averaged(found: Figure) -> Averaged:
    return Averaged(mean=found.value, low=found.low, high=found.high)
