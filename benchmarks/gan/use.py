"""Use: what a classifier learns from synthetic images alone, tested on the official test split beside real ones.

PneumoniaMNIST, 10 CPU minutes a generator. Every classifier has the same settings (classes drawn equally often,
classical augmentation) and chooses its weights on the real validation split; synthetic sets hold as many images of each
class as the largest real class. The interval is the study's joint bootstrap over generators, classifiers and test
images, paired by test image.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.gan.sets import open_set, set_job
from benchmarks.gan.training import Side, load, ours_job, peer_job
from benchmarks.jobs import Job, run_jobs
from benchmarks.options import Options
from benchmarks.record import write
from synthetyk.core import seeding
from synthetyk.evaluation.study.arms import BY_NAME
from synthetyk.evaluation.study.jobs import predict
from synthetyk.metrics.bootstrap import auc_samples, difference
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.classifier_trainer import ClassifierTrainer
from synthetyk.training.labelled_images import ArrayImages, LabelledImages

SET, MINUTES = "pneumonia", 10.0
GENERATORS = CLASSIFIERS = 5
STEPS = 1000
SETTINGS = BY_NAME["real+augmentation"]  # the best arm of real images only on this set
GOAL, REAL_GOAL = -0.02, 0.97

Jobs = Mapping[str, list[list[Job]]]  # by arm, generator and classifier
Said = NDArray[np.float32]


def main(options: Options) -> list[str]:
    """Train and test every classifier, write the table; return what failed."""
    arms = all_jobs(options)
    chosen = options.rows(arms)
    jobs = [job for name in chosen for generator in arms[name] for job in generator]
    failed = run_jobs(jobs, options.work, options.jobs)
    done = {name: arms[name] for name in arms if all(j.result(options.work) for g in arms[name] for j in g)}
    if "real" in done:
        test = open_set(options.work, SET).test
        said = {name: np.array([[_said(options, job) for job in g] for g in each]) for name, each in done.items()}
        rows = table(said, test.labels, test.groups)
        write("use", rows, folder=options.results, **options.about(__doc__, jobs), steps=_steps(options))
    return failed


def all_jobs(options: Options) -> Jobs:
    """Return the classifiers of every arm."""
    ours = [ours_job(options, SET, MINUTES, seed) for seed in range(options.seeds or GENERATORS)]
    arms: dict[str, list[Job | None]] = {"real": [None], "ours": [*ours], "peer": [peer_job(job) for job in ours]}
    return {
        name: [[_classifier_job(options, name, job, number) for number in range(CLASSIFIERS)] for job in trained]
        for name, trained in arms.items()
    }


def _classifier_job(options: Options, arm: str, trained: Job | None, number: int) -> Job:
    arguments: dict[str, Any] = {"steps": _steps(options), "threads": options.threads, "number": number}
    name = f"use/{arm}-{number}"
    if trained:
        arguments |= {"of": trained.name, "side": arm, "image_seed": trained.arguments["seed"]}
        name = f"use/{arm}-{trained.arguments['seed']}-{number}"
    return Job(name, f"{__name__}:classify", arguments, (trained,) if trained else (set_job(SET),))


def _steps(options: Options) -> int:
    return max(20, round(STEPS * options.scale))


def classify(
    work: Path,
    folder: Path,
    *,
    steps: int,
    threads: int,
    number: int,
    of: str | None = None,
    side: Side | None = None,
    image_seed: int = 0,
) -> dict[str, Any]:
    """Train one classifier and keep what it says about the test split."""
    dataset = open_set(work, SET)
    images: LabelledImages = dataset.train
    if of and side:
        images = synthetic_set(load(side, work / of, image_seed), int(dataset.train.counts.max()), dataset.class_names)
    base = ClassifierConfig(steps=steps, evaluate_every=max(1, steps // 16), threads=threads)
    config = SETTINGS.settings(base, seeding.derive(number, f"benchmark/{folder.name}"))
    trained = ClassifierTrainer(config, images, dataset.val).fit()
    np.save(folder / "test.npy", predict(trained, dataset.test))
    return {"images": len(images), "best_step": trained.best_step, "plateaued": trained.plateaued}


def synthetic_set(sampler: Any, per_class: int, class_names: tuple[str, ...]) -> ArrayImages:
    """Draw as many images of each class."""
    labels = range(len(class_names))
    images = np.concatenate([sampler.sample(label, range(per_class)) for label in labels])
    return ArrayImages(images, np.repeat(np.arange(len(class_names), dtype=np.int64), per_class), class_names)


def _said(options: Options, job: Job) -> Said:
    said: Said = np.load(options.work / job.name / "test.npy")
    return said


def table(said: Mapping[str, Said], labels: NDArray[np.int64], groups: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Compare every arm with the real one.

    Args:
        said: Probabilities ``(generators, classifiers, N, K)`` by arm, one of them ``real``.
        labels: ``(N,)``.
        groups: ``(N,)``.
    """
    samples = {name: auc_samples(p, labels, groups, arm=name, seed=0) for name, p in said.items()}
    rows = []
    for name, p in said.items():
        found = difference(samples[name], samples["real"])
        interval = samples[name].interval
        row = {"arm": name, "generators": len(p) if name != "real" else 0, "classifiers": p.shape[0] * p.shape[1]}
        row |= {"AUC": interval.value, "95%": f"{interval.low:.3f} to {interval.high:.3f}"}
        real = name == "real"
        row["minus real"] = None if real else found.mean
        row["95% of it"] = "" if real else f"{found.low:+.4f} to {found.high:+.4f}"
        row["goal"] = f"AUC at least {REAL_GOAL}" if real else f"lower end above {GOAL}"
        row["verdict"] = "met" if (interval.value >= REAL_GOAL if real else found.low > GOAL) else "missed"
        rows.append(row)
    return rows
