"""SqueezeNet with published ImageNet weights beside SqueezeNet from nothing, on few images, in equal steps.

Each training tries two learning rates and is kept with the one whose AUC on validation images is higher; test images
are met by that one alone. From nothing the encoder learns at a quarter of the head's rate, from published weights at
half of it, which was chosen on validation images. The gain is the difference of the mean AUCs, its interval that of the
study: a joint bootstrap over classifiers and test groups, paired by the latter. Where there are folds every image is
tested once for each seed, by a classifier that did not meet its fold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.classifiers import whole_of, with_fold
from benchmarks.gan.sets import open_set, set_job
from benchmarks.jobs import Job, measured, run_jobs
from benchmarks.looks import LOOKS, log_looks
from benchmarks.options import Options
from benchmarks.record import write
from synthetyk.core import seeding
from synthetyk.data.dataset import Subset
from synthetyk.metrics.bootstrap import auc_samples, difference, smallest_detectable_effect
from synthetyk.training.classifier import ClassifierConfig, TrainedClassifier
from synthetyk.training.classifier_trainer import ClassifierTrainer, judgeable_auc
from synthetyk.training.encoder_start import published_start

SEEDS, STEPS = 3, 300
RATES = (4e-3, 1e-3)  # the house's own, and the customary one
ARMS = {"from nothing": 0.25, "published": 0.5}  # the encoder's part of the head's rate
Said = NDArray[np.float32]


@dataclass(frozen=True)
class Row:
    """One data set.

    Attributes:
        set: Its name in `gan.sets`.
        folds: Parts of a cross-validation; 1: the test split is as it is.
        few: Images of training, and of validation, that are drawn anew for each seed; 0: all.
    """

    set: str
    folds: int = 1
    few: int = 0


ROWS = {
    "200 head CTs, 64 px, five folds": Row("head_ct", folds=5),
    "200 images of PneumoniaMNIST, 28 px, official test split": Row("pneumonia", few=200),
}


def main(options: Options) -> list[str]:
    """Train and test every classifier, write the table and the looks; return what failed."""
    jobs = {name: jobs_of(options, row) for name, row in ROWS.items() if options.rows([row.set])}
    failed = run_jobs([job for each in jobs.values() for job in each], options.work, options.jobs)
    done = {name: each for name, each in jobs.items() if all(job.result(options.work) for job in each)}
    rows = {name: row_of(options, name, each) for name, each in done.items()}
    if rows:
        everything = [job for each in done.values() for job in each]
        write("transfer", list(rows.values()), folder=options.results, **options.about(__doc__, everything))
        log_looks(options.results / LOOKS, [_look(options, name, done[name], row) for name, row in rows.items()])
    return failed


def jobs_of(options: Options, row: Row) -> list[Job]:
    """Return one job for each arm, seed and fold."""
    steps, weights = max(10, round(STEPS * options.scale)), options.squeezenet
    return [
        Job(
            f"transfer/{row.set}-{arm.replace(' ', '-')}-{seed}-{fold}",
            f"{__name__}:classify",
            {
                **{"name": row.set, "arm": arm, "steps": steps, "seed": seed, "fold": fold, "folds": row.folds},
                **{"few": row.few, "weights": weights, "threads": options.threads},
            },
            (set_job(row.set),),
        )
        for seed in range(options.seeds or SEEDS)
        for fold in range(row.folds)
        for arm in ARMS
    ]


def classify(
    work: Path,
    folder: Path,
    *,
    name: str,
    arm: str,
    steps: int,
    seed: int,
    fold: int,
    folds: int,
    few: int,
    weights: str,
    threads: int,
) -> dict[str, Any]:
    """Train one classifier with each rate, choose on validation images, and keep what it says about test images."""
    dataset = open_set(work, name)
    dataset = with_fold(dataset, fold, folds, seed) if folds > 1 else dataset
    train, val = (_few(part, few, seed) for part in (dataset.train, dataset.val))
    began = process_time()
    configs = [config_of(arm, rate, steps, seeding.derive(seed, f"benchmark/transfer/{name}/{fold}")) for rate in RATES]
    start = published_start(Path(weights), "squeezenet", train.shape[0], "caffe") if arm == "published" else None
    tried = [ClassifierTrainer(config.replace(threads=threads), train, val, start=start).fit() for config in configs]
    aucs = [validation_auc(each, val) for each in tried]
    kept = tried[int(np.argmax(aucs))]
    seconds = process_time() - began
    said = kept.probabilities(dataset.test.all())
    np.savez(
        folder / "test.npz",
        said=said,
        **{"rows": dataset.test.rows, "labels": dataset.test.labels, "groups": dataset.test.groups},
    )
    return {
        "cpu_seconds": round(seconds, 1),
        "rate": kept.config.learning_rate,
        "validation_auc": dict(zip(map(str, RATES), aucs, strict=True)),
        "best_step": kept.best_step,
        "plateaued": kept.plateaued,
    }


def config_of(arm: str, rate: float, steps: int, seed: int) -> ClassifierConfig:
    """Return how a classifier of an arm is trained."""
    return ClassifierConfig(
        encoder="squeezenet",
        steps=steps,
        batch_size=32,
        learning_rate=rate,
        encoder_rate=ARMS[arm],
        augment="classical",
        evaluate_every=max(1, steps // 8),
        seed=seed,
    )


def validation_auc(trained: TrainedClassifier, val: Subset) -> float:
    """Return what a classifier is chosen by."""
    return judgeable_auc(trained.probabilities(val.all()).astype(np.float64), val.labels)


def _few(part: Subset, count: int, seed: int) -> Subset:
    """Return some images of a split, the same for both arms of a seed."""
    if not count:
        return part
    return part.select(np.sort(seeding.generator(seed, "benchmark/few").permutation(len(part))[:count]))


def row_of(options: Options, name: str, jobs: list[Job]) -> dict[str, Any]:
    """Return the table's row of one data set."""
    said, labels, groups = _said(options, jobs)
    samples = {arm: auc_samples(each, labels, groups, arm=arm, seed=0) for arm, each in said.items()}
    gain = difference(samples["published"], samples["from nothing"])
    results = {arm: [job.result(options.work) or {} for job in jobs if job.arguments["arm"] == arm] for arm in ARMS}
    row: dict[str, Any] = {"row": name, "seeds": len(said["published"]), "test images": len(labels)}
    for arm in ARMS:
        interval = samples[arm].interval
        row[f"AUC {arm}"] = interval.value
        row[f"95% {arm}"] = f"{interval.low:.3f} to {interval.high:.3f}"
    return {
        **row,
        "gain": gain.mean,
        "95% of it": f"{gain.low:+.3f} to {gain.high:+.3f}",
        "could have been seen": smallest_detectable_effect(gain),
        "accuracy": ", ".join(f"{arm} {(each.argmax(axis=2) == labels).mean():.3f}" for arm, each in said.items()),
        f"kept with rate {RATES[0]:g}": _of_each(results, lambda result: result["rate"] == RATES[0]),
        "plateaued": _of_each(results, lambda result: result["plateaued"]),
        "CPU s": sum(result["cpu_seconds"] for each in results.values() for result in each),
    }


def _of_each(results: Mapping[str, list[dict[str, Any]]], true: Callable[[dict[str, Any]], bool]) -> str:
    """Say of how many classifiers of each arm something is true."""
    return ", ".join(f"{arm} {sum(map(true, each))} of {len(each)}" for arm, each in results.items())


def _said(options: Options, jobs: list[Job]) -> tuple[dict[str, Said], NDArray[np.int64], NDArray[np.int64]]:
    """Return what the classifiers of each seed say, ``(seeds, N, K)`` by arm, with labels and groups.

    The folds of a seed are put together in the order of the data set.
    """
    parts: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for job in jobs:
        key = job.arguments["arm"], job.arguments["seed"]
        parts.setdefault(key, []).append(np.load(options.work / job.name / "test.npz"))
    whole = {key: whole_of(each) for key, each in parts.items()}
    said = {arm: np.array([each["said"] for (of, _), each in whole.items() if of == arm]) for arm in ARMS}
    any_of_them = next(iter(whole.values()))
    return said, any_of_them["labels"], any_of_them["groups"]


def _look(options: Options, name: str, jobs: list[Job], row: Mapping[str, Any]) -> str:
    recipe = f"SqueezeNet, {jobs[0].arguments['steps']} steps, published weights or none"
    figures = ", ".join(f"AUC {arm} {row[f'AUC {arm}']:.4f}" for arm in ARMS)
    return f"| {name} | {recipe} | {len(jobs)} | {figures} | {measured(jobs, options.work)} |"
