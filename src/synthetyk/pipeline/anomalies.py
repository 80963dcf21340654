"""The stage that looks for what is not normal: no part of a whole run, since the budget is not for it."""

from collections.abc import Mapping
from typing import Any

from synthetyk.core.errors import ConfigError, NotApplicableError
from synthetyk.core.progress import Progress
from synthetyk.data.cache import open_cache
from synthetyk.data.classes import Classes
from synthetyk.evaluation.anomaly import AnomalyDetector, detect
from synthetyk.evaluation.anomaly_sheet import anomaly_sheet
from synthetyk.pipeline.configs import anomaly_config
from synthetyk.pipeline.plan import Plan
from synthetyk.pipeline.run_folder import RunFolder, load_present
from synthetyk.pipeline.stage import Stage
from synthetyk.training.autoencoder import AutoencoderConfig, AutoencoderTrainer


def _work(run: RunFolder, progress: Progress) -> None:
    """Train on the normal images of the training split, and judge the test split by what cannot be drawn again."""
    dataset, seed = open_cache(run.cache), run.settings().seed
    if not dataset.class_names:
        raise NotApplicableError("There are no labels, so nothing tells which images are normal")
    normal = dataset.class_names.index(normal_class(run))
    train, val = (part.of_class(normal) for part in (dataset.train, dataset.val))
    trained = AutoencoderTrainer(_config(run), train, val, progress=progress).fit()
    detector = AnomalyDetector.of(trained, train)
    report = detect(detector, dataset.train, dataset.val, dataset.test, normal, seed=seed)
    anomaly_sheet(detector, dataset.test, normal, run / "anomalies.png", seed=seed)
    report.save(run / "anomalies.json")


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
    writes=("anomalies.json", "anomalies.png"),
    work=_work,
    settings=_settings,
    optional=True,
)
