"""The study: classifiers with and without synthetic images, compared honestly.

Every arm trains the same number of steps, several times; validation alone chooses weights, arms and the classifier that
is kept; the test split is met once, in comparisons that were fixed beforehand.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Literal

import numpy as np

from synthetyk.core.errors import ConfigError
from synthetyk.core.progress import Progress, silent
from synthetyk.data.dataset import Dataset
from synthetyk.evaluation.study.analysis import (
    ArmOutcome,
    alike,
    arm_report,
    choose,
    comparison,
    like_for_like,
    outcome_of,
    secondary_comparisons,
)
from synthetyk.evaluation.study.arms import BY_NAME
from synthetyk.evaluation.study.inputs import Inputs, SyntheticSet
from synthetyk.evaluation.study.jobs import Bench, Job, hash_inputs
from synthetyk.evaluation.study.report import CHALLENGERS, ArmReport, ChosenClassifier, StudyConfig, StudyReport
from synthetyk.evaluation.study.start import SharedStart, shared_start
from synthetyk.evaluation.study.verdict import Evidence, judge
from synthetyk.evaluation.study.workers import run_jobs
from synthetyk.metrics.bootstrap import difference

REPORT_FILE, CLASSIFIER_FOLDER = "study.json", "classifier"


def run_study(
    dataset: Dataset,
    synthetic: Sequence[SyntheticSet],
    config: StudyConfig,
    folder: Path,
    *,
    weights: Path | None = None,
    progress: Progress = silent,
) -> StudyReport:
    """Train the classifiers of every arm and compare them; those that `folder` holds already are not trained again.

    Args:
        dataset: Labelled images in their splits.
        synthetic: One set for each GAN, every class in each.
        config: How to do it.
        folder: Receives ``jobs/``, ``classifier/`` (the chosen one) and ``study.json``.
        weights: Published weights for the encoders, where the settings ask for them.
        progress: Told after each classifier.

    Raises:
        NotApplicableError: The data cannot carry a study: no labels, one class, a class missing from a split.
        TrainingError: A classifier could not be trained.
        ArtifactError: Published weights do not fit the encoder.
    """
    inputs = Inputs.of(dataset, synthetic)
    positive_label(config, inputs.train.class_names)
    classifier = config.classifier.replace(threads=1)
    jobs = jobs_of(config, len(synthetic))
    start = shared_start(config, dataset.train, weights, folder, progress=_before(progress, len(jobs)))
    bench = Bench(folder / "jobs", config.seed, classifier, config.minimum_added, hash_inputs(inputs), start)
    scratch = folder / "scratch"
    run_jobs(jobs, bench, inputs, workers=config.workers, scratch=scratch, progress=progress)
    shutil.rmtree(scratch, ignore_errors=True)
    outcomes = _outcomes(jobs, bench, inputs, config)
    chosen = chosen_job(outcomes)
    bench.classifier_of(chosen).save(folder / CLASSIFIER_FOLDER)
    notes = [*_about_start(start, config), *_about_views(outcomes, config), *_about_unlabelled(dataset)]
    report = _report(outcomes, chosen, inputs, config, notes)
    report.save(folder / REPORT_FILE)
    return report


def jobs_of(config: StudyConfig, gans: int) -> list[Job]:
    """Return every classifier to train: for each arm `seeds`, with synthetic images as many for each GAN."""
    return [
        Job(arm, gan, number)
        for number in range(config.seeds)
        for arm in config.arms
        for gan in range(gans if BY_NAME[arm].synthetic else 1)
    ]


def _before(progress: Progress, jobs: int) -> Progress:
    """Return what tells of an autoencoder's training as something that comes before the first classifier."""

    def tell(done: float, total: float, message: str = "") -> None:
        progress(0, jobs, f"first an autoencoder: step {done:.0f} of {total:.0f}, {message}")

    return tell


def chosen_job(outcomes: Mapping[str, ArmOutcome]) -> Job:
    """Return the classifier to keep: the arm and then the classifier that validation prefers."""
    name = choose(outcomes, {arm: outcome.val for arm, outcome in outcomes.items()})
    results = outcomes[name].results
    candidates = [Job(name, gan, number) for gan in range(len(results)) for number in range(len(results[gan]))]

    def merit(job: Job) -> tuple[float, float]:
        best = results[job.gan][job.number].best
        return best.auc or 0.0, -best.loss

    return max(candidates, key=merit)


def _outcomes(jobs: Sequence[Job], bench: Bench, inputs: Inputs, config: StudyConfig) -> dict[str, ArmOutcome]:
    outcomes = {}
    for name in config.arms:
        mine = [job for job in jobs if job.arm == name]
        gans = range(1 + max(job.gan for job in mine))
        results = [[bench.result(job) for job in mine if job.gan == gan] for gan in gans]
        outcomes[name] = outcome_of(
            BY_NAME[name], results, inputs.val, inputs.test, resamples=config.resamples, seed=config.seed
        )
    return outcomes


def _report(
    outcomes: Mapping[str, ArmOutcome], chosen: Job, inputs: Inputs, config: StudyConfig, notes: Sequence[str]
) -> StudyReport:
    names, val, test = inputs.train.class_names, inputs.val, inputs.test
    positive = positive_label(config, names)
    arms = {name: arm_report(outcome, val, test, config, positive=positive) for name, outcome in outcomes.items()}
    on_validation = {name: one.val for name, one in outcomes.items()}
    pair = (
        choose([name for name in CHALLENGERS if name in arms], on_validation),
        choose([name for name, arm in arms.items() if not arm.synthetic], on_validation),
    )
    evidence = _evidence(arms, outcomes, pair, inputs, config)
    verdict = judge(evidence, config.rules)
    best = outcomes[chosen.arm].results[chosen.gan][chosen.number].best
    beyond = verdict.low > config.rules.margin or verdict.high < -config.rules.margin
    primary = comparison(pair, evidence.difference, significant=beyond, p_corrected=evidence.difference.p_value)
    others = secondary_comparisons(outcomes, pair)
    return StudyReport(
        verdict=verdict,
        primary=primary,
        comparisons=others,
        arms=tuple(arms.values()),
        classifier=ChosenClassifier(**vars(chosen), validation_auc=best.auc or 0.0, folder=CLASSIFIER_FOLDER),
        class_names=names,
        positive_class=names[positive] if len(names) == 2 else None,
        train_counts=tuple(inputs.train.counts.tolist()),
        val_counts=tuple(val.counts.tolist()),
        test_counts=tuple(test.counts.tolist()),
        test_groups=evidence.test_groups,
        gans=evidence.gans,
        config=config,
        notes=(*like_for_like(others), *_notes(config, evidence), *notes),
    )


def _evidence(
    arms: Mapping[str, ArmReport],
    outcomes: Mapping[str, ArmOutcome],
    pair: tuple[str, str],
    inputs: Inputs,
    config: StudyConfig,
) -> Evidence:
    challenger, baseline = pair
    return Evidence(
        challenger=challenger,
        baseline=baseline,
        challenger_auc=outcomes[challenger].test.value,
        baseline_auc=outcomes[baseline].test.value,
        difference=difference(outcomes[challenger].test, outcomes[baseline].test),
        unfinished=tuple(name for name in pair if not arms[name].plateaued),
        seeds=config.seeds,
        gans=len(inputs.synthetic),
        test_counts=dict(zip(inputs.test.class_names, inputs.test.counts.tolist(), strict=True)),
        test_groups=len(np.unique(inputs.test.groups)),
        alike=alike(pair, outcomes),
    )


def _notes(config: StudyConfig, evidence: Evidence) -> list[str]:
    notes = [
        f"Every classifier was trained for {config.classifier.steps} steps; validation alone chose its weights.",
        f"{evidence.challenger} and {evidence.baseline} were chosen on validation: of the arms with real and synthetic "
        "images, and of those without synthetic ones, within one standard error of the best the one that needs least "
        "and regularises most.",
    ]
    if evidence.gans == 1:
        notes.append("All synthetic images come from one GAN: another seed of the GAN may give another answer.")
    return notes


def _about_start(start: SharedStart | None, config: StudyConfig) -> Iterator[str]:
    alone = any(not BY_NAME[name].real for name in config.arms)
    if start:
        yield (
            f"The encoder of every classifier, in every arm, began with {start.origin}, and not from nothing."
            + " The arm of synthetic images alone has so met more than those." * bool(config.pretrain and alone)
        )


def _about_views(outcomes: Mapping[str, ArmOutcome], config: StudyConfig) -> Iterator[str]:
    gains = [one.about.views_gain or 0.0 for outcome in outcomes.values() for one in outcome.flat]
    if config.classifier.views:
        yield (
            f"Averaging over {config.classifier.views} changed copies of each image lowered the validation loss of "
            f"{sum(gain > 0 for gain in gains)} of {len(gains)} classifiers, which do so on test images too, others "
            f"not. The mean change is {-fmean(gains):+.4f} nats."
        )


def _about_unlabelled(dataset: Dataset) -> Iterator[str]:
    if left_out := int((dataset.labels < 0).sum()):
        yield f"{left_out} images without a label were left out."


def positive_label(config: StudyConfig, names: tuple[str, ...]) -> Literal[0, 1]:
    """Return the class whose recall is called sensitivity.

    Raises:
        ConfigError: There is no class of that name.
    """
    if config.positive_class is None:
        return 1
    if config.positive_class not in names:
        raise ConfigError(f"There is no class {config.positive_class!r}", expected=f"one of {', '.join(names)}")
    return 0 if config.positive_class == names[0] else 1
