import numpy as np
import pytest
from benchmarks.gan.sets import SETS
from benchmarks.options import Options
from benchmarks.transfer import ARMS, RATES, ROWS, Row, classify, config_of, jobs_of, row_of
from tests.benchmarks.made_up import few, leave

NAME = "200 head CTs, 64 px, five folds"


@pytest.fixture
def options(tmp_path):
    weights = tmp_path / "weights.npz"
    weights.write_bytes(b"")
    return Options(seeds=2, work=tmp_path, weights=weights)


def test_there_is_a_job_for_each_arm_seed_and_fold(options):
    names = [job.name for job in jobs_of(options, Row("head_ct", folds=2))]
    assert names == [
        f"transfer/head_ct-{arm}-{seed}-{fold}"
        for seed in (0, 1)
        for fold in (0, 1)
        for arm in ("from-nothing", "published")
    ]
    assert {row.set for row in ROWS.values()} <= set(SETS)


def test_both_arms_have_the_same_steps_and_the_rates_of_the_plan():
    scratch, published = (config_of(arm, RATES[0], 100, seed=0) for arm in ARMS)
    assert scratch.replace(encoder_rate=0.5) == published
    assert (scratch.encoder_rate, scratch.frozen_steps) == (0.25, 0)


def test_a_classifier_is_chosen_on_validation_images_and_says_what_it_sees_in_test_images(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.transfer.open_set", lambda _work, _name: few())
    about = {"name": "x", "seed": 0, "fold": 0, "folds": 1, "few": 20, "weights": "", "threads": 1}
    found = classify(tmp_path, tmp_path, arm="from nothing", steps=10, **about)
    said = np.load(tmp_path / "test.npz")
    assert said["said"].shape == (12, 2)
    assert np.array_equal(said["labels"], few().test.labels)
    best = max(found["validation_auc"].values())
    assert found["validation_auc"][str(found["rate"])] == best


def test_the_published_arm_begins_with_the_weights(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.transfer.open_set", lambda _work, _name: few())
    begun = []

    def start(path, encoder, channels, convention):
        begun.append((str(path), encoder, channels, convention))

    monkeypatch.setattr("benchmarks.transfer.published_start", start)
    about = {"name": "x", "seed": 0, "fold": 0, "folds": 1, "few": 0, "weights": "w.npz", "threads": 1}
    classify(tmp_path, tmp_path, arm="published", steps=2, **about)
    assert begun == [("w.npz", "squeezenet", 1, "caffe")]


def _done(options, right):
    """Leave what finished jobs would have left; `right` is the probability that each arm gives the true class."""
    jobs = jobs_of(options, Row("head_ct", folds=2))
    labels = np.arange(40) % 2
    result = {"rate": RATES[0], "plateaued": False, "cpu_seconds": 2.0}
    for job in jobs:
        rows = np.arange(20)[::-1] + 20 * job.arguments["fold"]
        mine = labels[rows]
        noise = np.random.default_rng(job.arguments["seed"]).normal(0, 0.2, len(rows))
        p = np.clip(np.where(mine == 1, right[job.arguments["arm"]], 1 - right[job.arguments["arm"]]) + noise, 0, 1)
        leave(options, job, result, said=np.stack([1 - p, p], axis=1), rows=rows, labels=mine, groups=rows)
    return jobs


def test_a_row_tells_the_gain_with_its_interval(options):
    jobs = _done(options, right={"from nothing": 0.6, "published": 0.95})
    row = row_of(options, NAME, jobs)
    assert (row["seeds"], row["test images"]) == (2, 40)
    assert row["AUC published"] > row["AUC from nothing"] > 0.5
    assert row["gain"] == pytest.approx(row["AUC published"] - row["AUC from nothing"])
    low, high = map(float, row["95% of it"].split(" to "))
    assert 0 < low < row["gain"] < high
    assert row["plateaued"] == "from nothing 0 of 4, published 0 of 4"
    assert row["CPU s"] == 16


def test_arms_that_say_the_same_gain_nothing(options):
    row = row_of(options, NAME, _done(options, right={"from nothing": 0.8, "published": 0.8}))
    assert row["gain"] == 0
