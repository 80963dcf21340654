"""The stage that compresses the classifier and the first generator of a run."""

import hashlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from synthetyk.compression.compress import compress_classifier
from synthetyk.compression.generators import Judge, compress_generator
from synthetyk.compression.onnx_export import require_onnx
from synthetyk.compression.report import CompressionReport
from synthetyk.compression.rows import versions
from synthetyk.core.errors import MissingDependencyError, NotApplicableError
from synthetyk.core.progress import Progress
from synthetyk.data.cache import open_cache
from synthetyk.data.dataset import Subset
from synthetyk.evaluation.described import described, described_subset, some
from synthetyk.evaluation.extractors.learned import LearnedExtractor
from synthetyk.evaluation.extractors.registry import open_extractor
from synthetyk.evaluation.sampling import ImageSampler, proportional
from synthetyk.metrics.extractor import FeatureExtractor
from synthetyk.metrics.frechet import frechet_distance
from synthetyk.pipeline.configs import compression_config
from synthetyk.pipeline.plan import Plan, PlanValues
from synthetyk.pipeline.run_folder import RunFolder, sha256_of_weights
from synthetyk.pipeline.stage import Stage
from synthetyk.training.classifier import SETTINGS_FILE, TrainedClassifier
from synthetyk.training.generator_file import load_generator

COUNT = 1000  # images on each side of the distance
FIRST = 2_000_000  # the number of the first, far from those that were looked at before
PARTS = ("onnx", "onnxruntime", "onnxscript")


def installed() -> bool:
    """Tell whether the packages are there that export, convert and run ONNX files."""
    return all(find_spec(name) for name in PARTS)


def compress_run(run: RunFolder, plan: PlanValues, progress: Progress) -> None:
    """Write ``models/`` and ``compression.json``.

    Raises:
        NotApplicableError: The packages that it needs are not installed: a run goes on without.
    """
    try:
        require_onnx()
    except MissingDependencyError as error:
        raise NotApplicableError(str(error)) from error
    config, dataset = compression_config(plan, seed=run.settings().seed), open_cache(run.cache)
    report = CompressionReport(config=config, versions=versions())
    if (run.study / "classifier" / SETTINGS_FILE).exists():
        classifier = TrainedClassifier.load(run.study / "classifier")
        report = compress_classifier(classifier, dataset, config, run.models, progress)
    judge = judge_of(dataset.train, _extractor(run, plan), config.seed)
    generator = compress_generator(load_generator(run.generator), judge, config, run.models, progress)
    report = report.model_copy(update={"generator": generator})
    report.save(run.compression)
    _tidy(run.models, report)


def judge_of(train: Subset, extractor: FeatureExtractor, seed: int) -> Judge:
    """Return what measures the Fréchet distance of as many generated images as training images, of each class alike."""
    real = some(train, COUNT, seed, "compress/real")
    features = described_subset(extractor, real).features
    count = len(real)
    shares = proportional(real.counts, count) if real.counts.any() else np.array([], dtype=np.int64)

    def distance(sampler: ImageSampler) -> float:
        wanted = dict(enumerate(shares.tolist())) if sampler.classes else {None: count}
        drawn = [
            described(extractor, sampler.sample(label, range(FIRST, FIRST + share))).features
            for label, share in wanted.items()
            if share
        ]
        return frechet_distance(features, np.concatenate(drawn))

    return Judge(f"FD[{extractor.name}]", count, hashlib.sha256(features.tobytes()).hexdigest(), distance)


def _extractor(run: RunFolder, plan: PlanValues) -> FeatureExtractor:
    """Return the feature network that the evaluation leads with."""
    if plan.extractor == "learned":
        return LearnedExtractor.open(run.features)
    return open_extractor(plan.extractor, Path(run.settings().weights[plan.extractor]))


def _tidy(folder: Path, report: CompressionReport) -> None:
    """Remove what an earlier compression left and this one did not make."""
    parts = [part for part in (report.classifier, report.generator) if part]
    stems = {row.file.removesuffix(".onnx") for part in parts for row in part.rows}
    for path in [*folder.glob("*.onnx"), *folder.glob("rows/*.json")]:
        if path.stem not in stems:
            path.unlink()


def _work(run: RunFolder, progress: Progress) -> None:
    compress_run(run, Plan.load(run.plan).values, progress)


def _settings(run: RunFolder) -> Mapping[str, Any]:
    config = compression_config(Plan.load(run.plan).values, seed=run.settings().seed)
    chosen = Plan.load(run.plan).values.extractor
    weights = run.settings().weights
    seen = {name: sha256_of_weights(path, f"--{name}") for name, path in weights.items() if name == chosen}
    return {**config.model_dump(mode="json"), "extractor": chosen, "weights": seen, "installed": installed()}


COMPRESS = Stage(
    "compress",
    "Makes classifier and generator smaller in several ways and measures each.",
    reads=("cache", "features", "generator.json"),
    writes=("compression.json", "models"),
    work=_work,
    settings=_settings,
    uses=("study/classifier",),
)
