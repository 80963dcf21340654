"""The classifier on PneumoniaMNIST, real images only: official test split, threshold 0.5, five seeds for each arm.

Everything was chosen on the validation split; this looks at the test split once for each arm and seed.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import numpy as np

from benchmarks.options import Options
from benchmarks.record import data, write
from synthetyk.data.cache import build_cache
from synthetyk.data.fingerprint import inspect
from synthetyk.evaluation.study.arms import ARMS
from synthetyk.metrics.classification import classification_scores
from synthetyk.metrics.interval import mean_interval
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.classifier_trainer import ClassifierTrainer

SEEDS = 5
STEPS = 1000


def main(_: Options) -> list[str]:
    found = inspect(str(data("pneumoniamnist.npz")))
    rows = []
    with TemporaryDirectory() as folder:
        rule = found.fingerprint.pixels.depth_rule
        dataset = build_cache(found.source, found.table, rule, Path(folder), size=(28, 28), channels=1)
        for arm in (arm for arm in ARMS if arm.adds == "nothing"):
            began, scores = monotonic(), []
            for seed in range(SEEDS):
                trained = ClassifierTrainer(
                    arm.settings(ClassifierConfig(steps=STEPS), seed), dataset.train, dataset.val
                ).fit()
                probabilities = trained.probabilities(dataset.test.all())
                scores.append(classification_scores(probabilities, dataset.test.labels))
            rows.append(
                {
                    "arm": arm.name,
                    **{name: float(np.mean([getattr(s, name) for s in scores])) for name in NAMES},
                    "auc interval": _words([s.auc for s in scores]),
                    "accuracy interval": _words([s.accuracy for s in scores]),
                    "seconds a seed": round((monotonic() - began) / SEEDS, 1),
                }
            )
    write(
        "pneumonia",
        rows,
        seeds=SEEDS,
        steps=STEPS,
        threshold=0.5,
        test_images=len(dataset.test),
        interval="Student's t over seeds",
        about=__doc__,
    )
    return []


NAMES = ("auc", "accuracy", "balanced_accuracy", "sensitivity", "specificity", "f1")


def _words(values: list[float]) -> str:
    interval = mean_interval(values)
    return f"{interval.low:.3f} to {interval.high:.3f}"
