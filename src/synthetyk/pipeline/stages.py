"""The stages of a run, in order; each reads files and writes files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from synthetyk.core.errors import ConfigError, MetricError, NotApplicableError
from synthetyk.core.progress import Progress
from synthetyk.data.cache import build_cache, open_cache
from synthetyk.data.contact_sheet import class_sheet
from synthetyk.data.fingerprint import Fingerprint
from synthetyk.data.open import open_source
from synthetyk.data.splits import SplitTable
from synthetyk.evaluation.evaluate import EvaluationConfig, evaluate
from synthetyk.evaluation.extractors.learned import LearnedExtractor
from synthetyk.evaluation.extractors.registry import open_extractor
from synthetyk.evaluation.generation import GenerationConfig, trained_source, write_set
from synthetyk.evaluation.nearest_sheet import nearest_sheet
from synthetyk.evaluation.privacy import PrivacyConfig, audit
from synthetyk.evaluation.sampling import ImageSampler
from synthetyk.evaluation.scores import ScoreConfig
from synthetyk.metrics.extractor import FeatureExtractor
from synthetyk.pipeline.anomalies import ANOMALIES
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.compression import COMPRESS
from synthetyk.pipeline.configs import features_config
from synthetyk.pipeline.fraction import part_of
from synthetyk.pipeline.gans import config_of, train_gans
from synthetyk.pipeline.packaging import PACKAGE
from synthetyk.pipeline.plan import Plan, PlanValues
from synthetyk.pipeline.preparation import FINGERPRINT, PLAN
from synthetyk.pipeline.reporting import write_curves, write_report
from synthetyk.pipeline.run_folder import RunFolder, sha256_of_weights
from synthetyk.pipeline.settings import Override
from synthetyk.pipeline.stage import Stage
from synthetyk.pipeline.study import STUDY
from synthetyk.training.generator_file import load_generator

AUDITED = 2000  # images of the synthetic set that the privacy audit looks at


def plan_of(run: RunFolder) -> PlanValues:
    """Read the plan's values."""
    return Plan.load(run.plan).values


def _chosen(*names: str) -> Any:
    """Return a function from a run to some of its plan's values and its seed."""

    def settings(run: RunFolder) -> Mapping[str, Any]:
        return plan_of(run).model_dump(include=set(names)) | {"seed": run.settings().seed}

    return settings


def _cache(run: RunFolder, progress: Progress) -> None:
    plan, asked, fingerprint = plan_of(run), run.settings(), Fingerprint.load(run.fingerprint)
    table = part_of(SplitTable.load(run.splits), plan.train_fraction, asked.seed)
    dataset = build_cache(
        open_source(asked.dataset, asked.options),
        table,
        fingerprint.pixels.depth_rule,
        run.cache,
        size=(plan.resolution, plan.resolution),
        channels=plan.channels,
        fit=plan.fit,
        progress=progress,
    )
    class_sheet(dataset.train, 10).save(run / "real.png")


def _features(run: RunFolder, progress: Progress) -> None:
    plan, dataset = plan_of(run), open_cache(run.cache)
    config = features_config(plan, seed=run.settings().seed).replace(threads=plan.threads)
    LearnedExtractor.fit(dataset.train, dataset.val, config, run.features, progress=progress)


def _features_settings(run: RunFolder) -> Mapping[str, Any]:
    names = "features_steps", "classifier_width", "classifier_batch_size", "classifier_flips", "classifier_precision"
    rate = features_config(plan_of(run), seed=0).learning_rate
    return {**_chosen(*names)(run), "classifier_learning_rate": rate}


def _train(run: RunFolder, progress: Progress) -> None:
    train_gans(run, progress)
    write_curves(run)


def _train_settings(run: RunFolder) -> Mapping[str, Any]:
    return {"gans": [config_of(run, index).model_dump(mode="json") for index in range(plan_of(run).gan_seeds)]}


def _evaluate(run: RunFolder, progress: Progress) -> None:
    plan, asked, dataset = plan_of(run), run.settings(), open_cache(run.cache)
    sampler = load_generator(run.generator).sampler()
    learned = LearnedExtractor.open(run.features)
    extractors: list[FeatureExtractor] = [learned] if plan.extractor == "learned" else []
    extractors += [open_extractor(name, Path(path)) for name, path in asked.weights.items()]
    config = EvaluationConfig(cap=plan.evaluation_count, scores=ScoreConfig(seed=asked.seed))
    evaluate(dataset, sampler, extractors, config, progress=progress).save(run / "evaluation.json")


def _privacy(run: RunFolder, progress: Progress) -> None:
    plan, config, dataset = plan_of(run), PrivacyConfig(seed=run.settings().seed), open_cache(run.cache)
    images = _first_generated(load_generator(run.generator).sampler(), plan.synthetic_per_class)
    learned = LearnedExtractor.open(run.features)
    nearest_sheet(dataset, images, learned, run / "nearest.png", config=config)
    (run / "privacy.json").unlink(missing_ok=True)
    try:
        audit(dataset, images, learned, config, progress=progress).save(run / "privacy.json")
    except MetricError as error:
        raise NotApplicableError(f"There is too little to go on: {error}") from error


def _first_generated(sampler: ImageSampler, per_class: int) -> Any:
    """Return the first images of each class of the synthetic set, the ones that would be shared."""
    labels = range(sampler.classes) if sampler.classes else (None,)
    count = min(per_class, AUDITED // len(labels))
    return np.concatenate([sampler.sample(label, range(count)) for label in labels])


def _evaluate_settings(run: RunFolder) -> Mapping[str, Any]:
    weights = {name: sha256_of_weights(path, f"--{name}") for name, path in run.settings().weights.items()}
    return {**_chosen("evaluation_count", "extractor")(run), "weights": weights}


def _generate(run: RunFolder, progress: Progress) -> None:
    plan = plan_of(run)
    for index in range(plan.gan_seeds):
        generator = load_generator(run.generator_of(index))
        counts = (plan.synthetic_per_class,) * max(1, len(generator.card.class_names))
        config = GenerationConfig(counts=counts, format="npz")
        write_set(trained_source(generator), config, run.synthetic_of(index), overwrite=True, progress=progress)


def _report(run: RunFolder, _progress: Progress) -> None:
    write_report(run, STAGES)


STAGES = (
    FINGERPRINT,
    PLAN,
    Stage(
        "cache",
        "Decodes every image once.",
        reads=("fingerprint.json", "splits.csv"),
        writes=("cache", "real.png"),
        work=_cache,
        settings=_chosen("resolution", "channels", "fit", "train_fraction"),
    ),
    Stage(
        "features",
        "Trains the feature network that images are compared with.",
        reads=("cache",),
        writes=("features",),
        work=_features,
        settings=_features_settings,
    ),
    Stage(
        "train",
        "Trains the GAN, or goes on with it.",
        reads=("cache", "features"),
        writes=(
            *("generator.safetensors", "generator.json", "metrics.jsonl", "curves.png"),
            *("replicas/*/generator.json", "replicas/*/generator.safetensors"),
        ),
        work=_train,
        settings=_train_settings,
    ),
    Stage(
        "evaluate",
        "Measures the quality of the generated images.",
        reads=("cache", "features", "generator.json"),
        writes=("evaluation.json",),
        work=_evaluate,
        settings=_evaluate_settings,
    ),
    Stage(
        "privacy",
        "Looks for training images among the generated ones.",
        reads=("cache", "features", "generator.json"),
        writes=("privacy.json", "nearest.png"),
        work=_privacy,
        settings=_chosen("synthetic_per_class"),
    ),
    Stage(
        "generate",
        "Generates the synthetic set that the study uses.",
        reads=("generator.json",),
        writes=("synthetic",),
        work=_generate,
        settings=_chosen("synthetic_per_class", "gan_seeds"),
        uses=("replicas/*/generator.json", "generator.met.npy", "replicas/*/generator.met.npy"),
    ),
    STUDY,
    ANOMALIES,
    COMPRESS,
    PACKAGE,
    Stage(
        "report",
        "Writes report.html.",
        reads=("fingerprint.json", "plan.json"),
        writes=("report.html",),
        work=_report,
        uses=(
            *("metrics.jsonl", "evaluation.json", "privacy.json", "nearest.png", "synthetic", "study/study.json"),
            *("classes.json", "anomalies.json", "anomalies.png", "compression.json", "samples", "real.png"),
            "package/artifacts/package/manifest.json",
        ),
    ),
)
BY_NAME = {stage.name: stage for stage in STAGES}


def up_to(name: str) -> tuple[Stage, ...]:
    """Return the stages from the first to the named one, without those that are done only when asked for by name.

    Raises:
        ConfigError: There is no such stage.
    """
    if name not in BY_NAME:
        raise ConfigError(f"There is no stage {name!r}", expected=f"one of {', '.join(BY_NAME)}")
    before = STAGES[: list(BY_NAME).index(name)]
    return (*(stage for stage in before if not stage.optional), BY_NAME[name])


def at_fraction(run: RunFolder, fraction: float) -> RunFolder:
    """Begin, or go on with, the same run on a part of its training images; it lies in a folder within the run's."""
    asked = run.settings()
    override = Override(value=fraction, origin="command line")
    settings = asked.model_copy(update={"overrides": {**asked.overrides, "train_fraction": override}, "goal": "run"})
    return begin_run(run / f"fractions/{fraction:g}", settings)
