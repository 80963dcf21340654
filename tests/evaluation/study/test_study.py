import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from synthetyk.core.errors import ConfigError
from synthetyk.data.dataset import UNLABELLED, Dataset
from synthetyk.evaluation.study.arms import NAMES
from synthetyk.evaluation.study.inputs import SyntheticSet
from synthetyk.evaluation.study.report import StudyConfig, StudyReport
from synthetyk.evaluation.study.study import jobs_of, run_study
from synthetyk.training.classifier import ClassifierConfig, TrainedClassifier

Pair = tuple[SyntheticSet, SyntheticSet]
TRAINED = ClassifierConfig(width=8, steps=100, batch_size=16, evaluate_every=8)
ANSWER = StudyConfig(
    arms=("real", "real+duplicates", "real+synthetic"), classifier=TRAINED, minimum_added=1.0, resamples=500
)


def test_a_whole_study_reports_every_arm_and_keeps_a_classifier(
    bars: Dataset, synthetic: Pair, quick: StudyConfig, tmp_path: Path
) -> None:
    report = run_study(bars, synthetic, quick, tmp_path)
    assert StudyReport.load(tmp_path / "study.json") == report
    assert tuple(arm.name for arm in report.arms) == NAMES
    assert [arm.classifiers for arm in report.arms] == [2, 2, 2, 2, 4, 4, 4]
    assert (report.train_counts, report.test_counts, report.gans) == ((60, 30), (54, 26), 2)
    assert report.arm("real+synthetic").training_counts == (68, 68)
    for arm in report.arms:
        assert np.sum(arm.confusion) == 80 * arm.classifiers == sum(arm.reliability.count)
    moved = [note for note in report.notes if note.startswith("Nothing else changed")]
    alike = {("real+synthetic", "real"), ("real+synthetic+augmentation", "real+augmentation")}
    pairs = [one for one in report.comparisons if (one.first, one.second) in alike]
    assert len(moved) == len(pairs) == 2 - ((report.primary.first, report.primary.second) in alike)
    assert all(f"{one.difference:+.3f}" in note for one, note in zip(pairs, moved, strict=True))
    chosen = TrainedClassifier.load(tmp_path / report.classifier.folder)
    best = next(point for point in chosen.curve if point.step == chosen.best_step)
    assert best.auc == report.classifier.validation_auc
    assert not (tmp_path / "scratch").exists()


def test_the_reported_auc_is_the_mean_over_the_classifiers(
    bars: Dataset, synthetic: Pair, quick: StudyConfig, tmp_path: Path
) -> None:
    report = run_study(bars, synthetic[:1], quick.replace(arms=("real", "real+synthetic")), tmp_path)
    said = [np.load(path)["test"][:, 1] for path in sorted((tmp_path / "jobs").glob("real-0-*/predictions.npz"))]
    wanted = np.mean([roc_auc_score(bars.test.labels, p) for p in said])
    assert report.arm("real").scores["auc"].mean == pytest.approx(wanted)
    assert report.primary.first == "real+synthetic"
    assert report.primary.difference == pytest.approx(report.arm("real+synthetic").scores["auc"].mean - wanted)


def test_a_killed_study_goes_on_to_the_same_report(
    bars: Dataset, synthetic: Pair, quick: StudyConfig, tmp_path: Path
) -> None:
    run_study(bars, synthetic, quick, tmp_path / "whole")

    def kill(done: float, total: float, message: str = "") -> None:
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(bars, synthetic, quick, tmp_path / "killed", progress=kill)
    (tmp_path / "killed" / "jobs" / "real-0-0" / "job.json").unlink()
    begun: list[float] = []
    run_study(bars, synthetic, quick, tmp_path / "killed", progress=lambda done, *_: begun.append(done))
    assert begun[0] == 6
    whole, killed = ((tmp_path / name / "study.json").read_bytes() for name in ("whole", "killed"))
    assert whole == killed


def test_copies_of_real_images_show_no_difference(bars: Dataset, tmp_path: Path) -> None:
    copies = SyntheticSet(bars.train.all(), bars.train.labels)
    report = run_study(bars, [copies], ANSWER, tmp_path)
    assert report.verdict.outcome == "no difference shown", report.verdict.sentence
    control = next(one for one in report.comparisons if one.first == "real+duplicates")
    assert control.outcome == "no difference shown"
    assert "one GAN" in report.verdict.sentence


def test_wrongly_labelled_images_hurt(bars: Dataset, tmp_path: Path) -> None:
    wrong = SyntheticSet(np.tile(bars.train.all(), (2, 1, 1, 1)), np.tile(1 - bars.train.labels, 2))
    report = run_study(bars, [wrong], ANSWER.replace(arms=("real", "real+synthetic")), tmp_path)
    assert report.verdict.outcome == "hurts", report.verdict.sentence
    assert report.primary.outcome == "lower"
    assert report.classifier.arm == "real"


def test_an_arm_that_takes_turns_trains_as_long_as_the_others_and_may_be_the_challenger(
    bars: Dataset, synthetic: Pair, quick: StudyConfig, tmp_path: Path
) -> None:
    report = run_study(bars, synthetic, quick.replace(arms=("real+augmentation", "synthetic-then-real")), tmp_path)
    assert (report.primary.first, report.primary.second) == ("synthetic-then-real", "real+augmentation")
    arm = report.arm("synthetic-then-real")
    assert (arm.classifiers, arm.synthetic, arm.training_counts) == (4, True, (60, 30))
    assert [point.step for point in arm.curve] == [5, 6]
    assert not any("Nothing else changed" in note for note in report.notes)


def test_images_without_label_are_counted_in_a_note(
    bars: Dataset, synthetic: Pair, quick: StudyConfig, tmp_path: Path
) -> None:
    labels = bars.labels.copy()
    labels[:3] = UNLABELLED
    config = quick.replace(arms=("real", "real+synthetic"))
    report = run_study(replace(bars, labels=labels), synthetic, config, tmp_path)
    assert "3 images without a label were left out." in report.notes


def test_sensitivity_is_the_recall_of_the_class_that_is_called_positive(
    bars: Dataset, synthetic: Pair, quick: StudyConfig, tmp_path: Path
) -> None:
    config = quick.replace(arms=("real", "real+synthetic"))
    second = run_study(bars, synthetic, config, tmp_path)
    first = run_study(bars, synthetic, config.replace(positive_class="lying"), tmp_path)
    assert (second.positive_class, first.positive_class) == ("upright", "lying")
    assert first.arm("real").scores["sensitivity"].mean == second.arm("real").scores["specificity"].mean
    with pytest.raises(ConfigError, match="no class 'liying'"):
        run_study(bars, synthetic, config.replace(positive_class="liying"), tmp_path)


def test_arms_with_synthetic_images_have_classifiers_for_each_gan(quick: StudyConfig) -> None:
    jobs = jobs_of(quick, gans=3)
    assert len({job.name for job in jobs}) == len(jobs) == 4 * 2 + 3 * 2 * 3
    assert {job.gan for job in jobs if job.arm == "real+duplicates"} == {0}


@pytest.mark.parametrize("arms", [("real",), ("real+synthetic", "synthetic"), ("real", "reall", "real+synthetic")])
def test_a_study_without_its_comparison_is_refused(arms: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="arms"):
        StudyConfig.parse({"arms": arms})


def test_the_test_split_meets_no_choice(bars: Dataset, synthetic: Pair, quick: StudyConfig, tmp_path: Path) -> None:
    config = quick.replace(arms=("real", "real+augmentation", "real+synthetic"))
    plain = run_study(bars, synthetic, config, tmp_path / "plain")
    labels = np.where(bars.splits == "test", 1 - bars.labels, bars.labels)
    turned = run_study(replace(bars, labels=labels), synthetic, config, tmp_path / "turned")
    assert plain.classifier == turned.classifier
    assert plain.primary.second == turned.primary.second
    assert plain.arm("real").curve == turned.arm("real").curve
    shutil.rmtree(tmp_path)
