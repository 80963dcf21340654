"""The stage that compares classifiers with and without synthetic images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthetyk.core.errors import MetricError, NotApplicableError
from synthetyk.core.progress import Progress
from synthetyk.data.cache import open_cache
from synthetyk.data.classes import Classes
from synthetyk.evaluation.study.inputs import SyntheticSet
from synthetyk.evaluation.study.report import StudyConfig
from synthetyk.evaluation.study.study import run_study
from synthetyk.evaluation.synthetic_set import open_synthetic
from synthetyk.pipeline.configs import study_config
from synthetyk.pipeline.plan import Plan
from synthetyk.pipeline.run_folder import RunFolder, load_present, sha256_of_weights
from synthetyk.pipeline.stage import Stage


def _work(run: RunFolder, progress: Progress) -> None:
    plan, dataset = Plan.load(run.plan).values, open_cache(run.cache)
    sets = [SyntheticSet(*open_synthetic(run.synthetic_of(index))) for index in range(plan.gan_seeds)]
    weights = run.settings().encoder_weights
    try:
        run_study(dataset, sets, _config(run), run.study, weights=Path(weights) if weights else None, progress=progress)
    except MetricError as error:
        raise NotApplicableError(f"The data carries no study: {error}") from error


def _config(run: RunFolder) -> StudyConfig:
    return study_config(
        Plan.load(run.plan).values, seed=run.settings().seed, classes=load_present(Classes, run.classes)
    )


def _settings(run: RunFolder) -> Mapping[str, Any]:
    config = _config(run)
    if config.weights == "none":
        return config.model_dump(mode="json")
    weights = sha256_of_weights(run.settings().encoder_weights, "--encoder-weights")
    return {**config.model_dump(mode="json"), "encoder_weights": weights}


STUDY = Stage(
    "study",
    "Compares classifiers with and without synthetic images.",
    reads=("cache", "synthetic"),
    writes=("study/study.json", "study/classifier"),
    work=_work,
    settings=_settings,
)
