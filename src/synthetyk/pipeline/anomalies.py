"""The stage that looks for what is not normal: no part of a whole run, since the budget is not for it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthetyk.core.errors import ConfigError, NotApplicableError, RunError
from synthetyk.core.progress import Progress
from synthetyk.core.words import printable
from synthetyk.data.cache import CacheRecord, open_cache
from synthetyk.data.classes import Classes
from synthetyk.data.dataset import Subset
from synthetyk.data.open import open_source
from synthetyk.data.source import SourceOptions
from synthetyk.evaluation.anomaly import AnomalyDetector, AnomalyReport, detect
from synthetyk.evaluation.anomaly_file import (
    ABOUT_FILE,
    DetectorFile,
    detector_of,
    inputs_of,
    load_detector,
    save_detector,
)
from synthetyk.evaluation.anomaly_scores import AnomalyScores, judge, strangest_sheet
from synthetyk.evaluation.anomaly_sheet import anomaly_sheet
from synthetyk.pipeline.begin import check_outside
from synthetyk.pipeline.configs import anomaly_config
from synthetyk.pipeline.plan import Plan
from synthetyk.pipeline.run_folder import RunFolder, load_present
from synthetyk.pipeline.stage import Stage, StageRecord, record_path
from synthetyk.training.autoencoder import AutoencoderConfig, AutoencoderTrainer

FOLDER = "anomalies"  # of the detector
SCORES_FILE, SHEET_FILE = "scores.json", "strange.png"


def _work(run: RunFolder, progress: Progress) -> None:
    """Train on the normal images of the training split, and judge the test split by what cannot be drawn again."""
    dataset, seed = open_cache(run.cache), run.settings().seed
    if not dataset.class_names:
        raise NotApplicableError("There are no labels, so nothing tells which images are normal")
    normal = dataset.class_names.index(normal_class(run))
    train, val = (part.of_class(normal) for part in (dataset.train, dataset.val))
    detector = _detector(run, train, val, progress)
    report = detect(detector, dataset.train, dataset.val, dataset.test, normal, seed=seed)
    anomaly_sheet(detector, dataset.test, normal, run / "anomalies.png", seed=seed)
    report.save(run / "anomalies.json")


def _detector(run: RunFolder, train: Subset, val: Subset, progress: Progress) -> AnomalyDetector:
    """Return the detector that the run holds; if it holds none of these images and settings, train one first."""
    folder, config = run / FOLDER, _config(run)
    inputs = inputs_of(config, train, val)
    if found := detector_of(folder, inputs):
        return found
    trained = AutoencoderTrainer(config, train, val, progress=progress).fit()
    detector = AnomalyDetector.of(trained, train)
    save_detector(folder, trained, detector, normal=normal_class(run), inputs=inputs, limit=detector.limit(val))
    return detector


def judge_images(run: RunFolder, location: str, folder: Path, progress: Progress) -> AnomalyScores:
    """Score images of any kind with the detector that a run holds; write ``scores.json`` and ``strange.png``.

    Args:
        run: The run; its stage is done.
        location: Folder, table, file, or what else a source recognises.
        folder: Receives the two.
        progress: Called for every block of images.

    Raises:
        RunError: The run has no detector, or the folder lies in the images, or holds the scores of others.
        DatasetError: There are no images that can be used.
    """
    if not (run / FOLDER / ABOUT_FILE).exists():
        record = load_present(StageRecord, record_path(run, "anomalies"))
        why = record.reason if record else ""
        raise RunError(f"{run.path} has no anomaly detector", action=why or f"Train it: synthetyk anomalies {run.path}")
    _check_free(folder, location)
    about, detector = DetectorFile.load(run / FOLDER / ABOUT_FILE), load_detector(run / FOLDER)
    source, form = open_source(location, SourceOptions()), CacheRecord.load(run.cache / "cache.json")
    limit = AnomalyReport.load(run / "anomalies.json").limit if about.limit is None else about.limit
    judged = judge(detector, source, form, progress=progress)
    images, problems = judged.reports(limit)
    strangest_sheet(detector, source, form, judged, folder / SHEET_FILE)
    scores = AnomalyScores(
        location=printable(location),
        normal=about.normal,
        detector_sha256=about.autoencoder_sha256,
        limit=limit,
        images=images,
        problems=problems,
    )
    scores.save(folder / SCORES_FILE)
    return scores


def _check_free(folder: Path, location: str) -> None:
    """Refuse a folder that would become data, or whose scores are those of other images."""
    check_outside(folder, location)
    before = load_present(AnomalyScores, folder / SCORES_FILE)
    if before and Path(before.location).resolve() != Path(printable(location)).resolve():
        raise RunError(
            f"{folder} holds the scores of {before.location}",
            expected=f"a folder for those of {location}",
            action="Choose another: --output FOLDER",
        )


def normal_class(run: RunFolder) -> str:
    """Return the name of the normal class.

    Raises:
        ConfigError: The names of the classes do not tell it, and nobody said it.
    """
    classes = Classes.load(run.classes)
    if classes.normal is None:
        names = ", ".join(each.name for each in classes.classes)
        raise ConfigError(
            f"None of the classes ({names}) is known to be the normal one",
            expected="a name such as normal, healthy or no finding, and only one",
            action="Say which: synthetyk anomalies RUN --normal NAME",
        )
    return classes.normal


def _config(run: RunFolder) -> AutoencoderConfig:
    return anomaly_config(Plan.load(run.plan).values, seed=run.settings().seed)


def _settings(run: RunFolder) -> Mapping[str, Any]:
    classes = load_present(Classes, run.classes)
    return {"normal": classes and classes.normal, "autoencoder": _config(run).model_dump(mode="json")}


ANOMALIES = Stage(
    "anomalies",
    "Finds what does not look normal, by an autoencoder that has met normal images alone.",
    reads=("cache",),
    writes=("anomalies.json", "anomalies.png", FOLDER),
    work=_work,
    settings=_settings,
    optional=True,
)
