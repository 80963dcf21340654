import numpy as np
import pytest
from benchmarks.classifiers import ROWS, Row, classify, jobs_of, row_of, with_fold
from benchmarks.gan.sets import SETS
from benchmarks.options import Options
from tests.benchmarks.made_up import few, leave

NAME = "PneumoniaMNIST, 28 px, official split"


def test_every_image_is_tested_in_one_fold_and_groups_stay_whole():
    data = few()
    folds = [with_fold(data, fold, 5, seed=0) for fold in range(5)]
    tested = np.concatenate([fold.test.rows for fold in folds])
    assert sorted(tested) == list(range(60))
    for fold in folds:
        sides = [set(part.groups) for part in (fold.train, fold.val, fold.test)]
        assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
        assert len(fold.val) and len(fold.train) > len(fold.test)


def test_another_seed_has_other_folds():
    first, second = (with_fold(few(), 0, 5, seed=seed).test.rows for seed in (0, 1))
    assert not np.array_equal(first, second)


def test_there_is_a_job_for_each_seed_and_fold():
    names = [job.name for job in jobs_of(Options(seeds=2), Row("head_ct", folds=3))]
    assert names == [f"classifiers/head_ct-{seed}-{fold}" for seed in (0, 1) for fold in (0, 1, 2)]
    assert {row.set for row in ROWS.values()} <= set(SETS)


def test_a_classifier_is_kept_in_both_precisions_with_what_it_says(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.classifiers.open_set", lambda _work, _name: few())
    recipe = {"steps": 20, "width": 8, "evaluate_every": 10}
    found = classify(tmp_path, tmp_path, name="x", recipe=recipe, seed=0, fold=0, folds=1, threads=1)
    said = np.load(tmp_path / "test.npz")
    assert said["fp32"].shape == said["int8"].shape == (12, 2)
    assert np.array_equal(said["labels"], few().test.labels)
    assert found["megabytes"]["int8"] < found["megabytes"]["fp32"]
    assert (tmp_path / "int8.onnx").stat().st_size == pytest.approx(1e6 * found["megabytes"]["int8"])
    assert np.abs(said["fp32"] - said["int8"]).max() < 0.3


def _done(options, right):
    """Leave what two finished seeds would have left."""
    jobs = jobs_of(options, ROWS[NAME])
    labels = np.arange(40) % 2
    fp32 = np.where(labels[:, None] == np.arange(2), right, 1 - right).astype(np.float32)
    fp32[:4] = 1 - fp32[:4]  # a tenth is called wrong
    result = {"megabytes": {"fp32": 1.1, "int8": 0.3}, "cpu_seconds": 2.0}
    for job in jobs:
        leave(options, job, result, fp32=fp32, int8=fp32, rows=np.arange(40), labels=labels, groups=np.arange(40))
    return jobs


def test_a_row_tells_scores_sizes_and_whether_the_goal_is_met(tmp_path):
    options = Options(seeds=2, work=tmp_path)
    row = row_of(options, NAME, _done(options, right=0.75))
    assert row["classifiers"] == 2
    assert row["accuracy"] == pytest.approx(0.9)
    assert row["AUC"] == pytest.approx(0.9)
    assert row["int8 minus fp32"] == 0
    assert row["goal"].endswith("missed")
