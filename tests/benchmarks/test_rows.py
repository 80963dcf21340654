"""How rows are made of what jobs found, and which jobs there are."""

import json

import numpy as np
import pytest
from benchmarks.gan import gpu, head_ct, quality, rmsprop, throughput, use
from benchmarks.gan.training import ours_job, peer_job
from benchmarks.jobs import Job
from benchmarks.options import Options
from matplotlib.figure import Figure

from synthetyk.data.dataset import Dataset
from synthetyk.evaluation.scores import Measure, Ratio, Scores
from synthetyk.report.charts import LIGHT


@pytest.fixture
def options(tmp_path):
    (tmp_path / "weights").touch()
    return Options(work=tmp_path, weights=tmp_path / "weights")


def test_the_peer_has_ours_budget_and_is_not_trained_again_when_ours_is(options):
    ours = ours_job(options, "pneumonia", 4.0, 1)
    peer = peer_job(ours)
    assert ours.arguments["cpu_seconds"] == 240
    assert peer.after == ours.after
    assert peer.arguments == {**ours.arguments, "side": "peer"}
    assert {ours.name, peer.name} == {"gans/pneumonia_4/ours-1", "gans/pneumonia_4/peer-1"}


def test_the_use_benchmark_shares_its_generators_with_the_quality_row(options):
    theirs = {job.after[0].name for generator in use.all_jobs(options)["ours"] for job in generator}
    assert quality.pair(options, "pneumonia_10", 0)["ours"].name in theirs
    assert len(theirs) == 5


def test_the_use_benchmark_trains_five_classifiers_for_each_generator(options):
    counts = {arm: [len(generator) for generator in jobs] for arm, jobs in use.all_jobs(options).items()}
    assert counts == {"real": [5], "ours": [5] * 5, "peer": [5] * 5}
    names = [job.name for arm in use.all_jobs(options).values() for generator in arm for job in generator]
    assert len(set(names)) == 55


def test_a_row_says_when_the_budget_was_exceeded_by_more_than_two_percent():
    seeds = [{"ours": {"cpu_seconds": seconds}} for seconds in (60, 63)]
    assert quality.cost(seeds, "ours", 60) == "1.02 (up to 5% over)"
    assert quality.cost(seeds[:1], "ours", 60) == "1.00"


def test_rows_come_only_from_seeds_whose_jobs_are_all_done(options, monkeypatch):
    monkeypatch.setattr(Job, "result", lambda job, _work: None if "peer" in job.name else {"cpu_seconds": 1})
    assert quality.results(options, quality.pair(options, "pneumonia_4", 0)) is None
    monkeypatch.setattr(Job, "result", lambda _job, _work: {"cpu_seconds": 1})
    assert set(quality.results(options, quality.pair(options, "pneumonia_4", 0))) == {
        "ours",
        "peer",
        "ours scores",
        "peer scores",
    }


def scores_of(fd):
    figures = {name: Measure(name=f"{name}[x]", value=0.5, floor=0.4) for name in rmsprop.COLUMNS}
    figures |= {"frechet": Measure(name="FD[x]", value=fd), "kernel": Measure(name="KD[x]", value=1, low=0, high=2)}
    return Scores(name="overall", count=10, ratio=Ratio(value=1.0), **figures).model_dump(mode="json")


def probabilities(labels, noise, shape, seed):
    random = np.random.default_rng(seed)
    chance = 1 / (1 + np.exp(-(labels * 2 - 1 + noise * random.standard_normal((*shape, len(labels))))))
    return np.stack([1 - chance, chance], axis=-1).astype(np.float32)


def test_use_compares_every_arm_with_the_real_one():
    labels = np.repeat([0, 1], 100).astype(np.int64)
    groups = np.arange(200, dtype=np.int64)
    real = probabilities(labels, 0.3, (1, 5), 0)
    said = {"real": real, "ours": probabilities(labels, 0.3, (5, 5), 1), "peer": probabilities(labels, 9, (5, 5), 2)}
    rows = {row["arm"]: row for row in use.table(said, labels, groups)}
    assert [row["verdict"] for row in rows.values()] == ["met", "met", "missed"]
    assert rows["real"]["minus real"] is None
    assert rows["ours"]["minus real"] == pytest.approx(rows["ours"]["AUC"] - rows["real"]["AUC"])
    assert (rows["ours"]["generators"], rows["ours"]["classifiers"]) == (5, 25)


def test_loops_take_turns_and_only_their_own_seconds_count():
    now, order = [0.0], []

    def loop(name, seconds, images):
        def step():
            order.append(name)
            now[0] += seconds
            return images

        return step

    found = throughput.alternate(
        {"slow": loop("slow", 2.0, 8), "fast": loop("fast", 0.5, 8)}, turns=3, steps=2, clock=lambda: now[0]
    )
    assert found == {"slow": 4.0, "fast": 16.0}
    assert order == ["slow", "slow", "fast", "fast"] * 3


def test_the_first_turn_of_a_loop_is_not_counted():
    seconds = iter([100.0, 1.0])
    now = [0.0]

    def step():
        now[0] += next(seconds)
        return 5

    assert throughput.alternate({"one": step}, turns=2, steps=1, clock=lambda: now[0]) == {"one": 5.0}


def test_throughput_is_told_as_times_the_tutorials_loop():
    repeats = [
        {throughput.PEER: 10.0, "our trainer, fp32": 15.0, "our trainer, bf16": 26.0},
        {throughput.PEER: 20.0, "our trainer, fp32": 26.0, "our trainer, bf16": 50.0},
    ]
    peer, fp32, bf16 = throughput.table(repeats)
    assert peer["times the tutorial's"] == 1
    assert fp32["times the tutorial's"] == pytest.approx(1.4)
    assert (bf16["times the tutorial's"], bf16["least"], bf16["most"]) == pytest.approx((2.55, 2.5, 2.6))
    assert [row["verdict"] for row in (peer, fp32, bf16)] == ["", "", "met"]


def clouds(seed, count, centre=0.0):
    return np.random.default_rng(seed).normal(centre, 1, (count, 6))


def test_images_like_the_held_out_ones_reach_what_they_reach():
    found = head_ct.reach(clouds(0, 200), clouds(1, 200), clouds(2, 50))
    assert found["count"] == 50
    assert found["recall ratio"] == pytest.approx(1, abs=0.25)
    assert found["coverage ratio"] == pytest.approx(1, abs=0.25)
    assert head_ct.verdict(found, 1.0) == "met"


def test_images_from_elsewhere_reach_nothing():
    found = head_ct.reach(clouds(0, 200), clouds(1, 200, centre=50), clouds(2, 50))
    assert (found["recall"], found["coverage"]) == (0, 0)
    assert head_ct.verdict(found, 1.0) == "missed"


@pytest.mark.parametrize(("ratio", "verdict"), [(0.9, "met"), (0.89, "void"), (None, "void")])
def test_a_head_ct_seed_counts_only_without_copies(ratio, verdict):
    assert head_ct.verdict({"recall ratio": 0.6, "coverage ratio": 0.5}, ratio) == verdict


def test_the_looks_of_a_training_are_averaged_over_the_seeds_that_came_so_far():
    whole = {"1": scores_of(2.0), "2": scores_of(4.0)}
    seeds = [{"findings": [], "scores": whole}, {"findings": ["nan"], "scores": {"1": scores_of(6.0)}}]
    half, end = rmsprop.table("adam 0.001", seeds, (1, 2), Scores.model_validate(scores_of(0.0)))
    assert (half["FD[x]"], half["seeds"], half["monitor"]) == (4.0, "2 of 2", "nan")
    assert (end["FD[x]"], end["seeds"]) == (4.0, "1 of 2")


def test_a_training_that_diverged_has_rows_without_figures():
    like = Scores.model_validate(scores_of(0.0))
    rows = rmsprop.table("adam 0.001", [{"findings": ["diverged"], "scores": {}}], (1, 2), like)
    assert [(row["FD[x]"], row["seeds"], row["monitor"]) for row in rows] == [(None, "0 of 1", "diverged")] * 2
    assert set(rows[0]) == set(rmsprop.floor_row(like))


def test_each_figure_has_a_panel_with_a_bar_for_each_training_and_a_line_for_real_images():
    like = Scores.model_validate(scores_of(0.0))
    seeds = [{"findings": [], "scores": {"1": scores_of(2.0), "2": scores_of(4.0)}}]
    diverged = rmsprop.table("rmsprop 0.001", [{"findings": ["diverged"], "scores": {}}], (1, 2), like)
    rows = [*rmsprop.table("adam 0.001", seeds, (1, 2), like), *diverged, rmsprop.floor_row(like)]
    panels = {panel.title: panel for panel in rmsprop.panels(rows, like)}
    assert len(panels) == len(rmsprop.COLUMNS) + 1
    for title, lengths, real in (("FD[x]", [2.0, 4.0], []), ("precision[x]", [0.5, 0.5], [0.4])):
        axes = Figure().add_subplot()
        panels[title].draw(axes, LIGHT)
        assert [bar.get_width() for bar in axes.patches] == lengths
        assert [line.get_xdata()[0] for line in axes.lines] == real


def test_the_optimisers_see_pneumonia_images_of_training_and_validation_only():
    images = np.arange(6, dtype=np.uint8)[:, None, None, None]
    labels = np.array([1, 0, 1, 1, 0, 1], dtype=np.int64)
    splits = np.array(["train", "train", "val", "test", "val", "train"])
    dataset = Dataset(images, labels, np.arange(6, dtype=np.int64), splits, splits, ("normal", "pneumonia"))
    assert rmsprop.pneumonia_images(dataset).all().ravel().tolist() == [0, 2, 5]


def test_the_optimisers_see_the_3883_images_that_the_source_names(real_data):
    with np.load(real_data("pneumoniamnist.npz")) as found:
        parts = [found[f"{split}_labels"].ravel() for split in ("train", "val", "test")]
    splits = np.repeat(["train", "val", "test"], [len(part) for part in parts])
    labels = np.concatenate(parts).astype(np.int64)
    images = np.zeros((len(labels), 1, 1, 1), dtype=np.uint8)
    dataset = Dataset(images, labels, np.arange(len(labels)), splits, splits, ("normal", "pneumonia"))
    assert len(rmsprop.pneumonia_images(dataset)) == 3883


def test_both_optimisers_are_tried_at_both_rates():
    assert set(rmsprop.TRAININGS.values()) == {("adam", 1e-3), ("adam", 1e-4), ("rmsprop", 1e-3), ("rmsprop", 1e-4)}


def test_without_a_gpu_the_gpu_rows_say_that_they_were_not_run(tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert gpu.main(Options(work=tmp_path, scale=0.1)) == []
    rows = json.loads((tmp_path / "results" / "gpu.json").read_text())["rows"]
    assert [row["row"] for row in rows] == ["gpu_64", "gpu_128"]
    assert all("not run" in row["verdict"] for row in rows)
