"""What the studies' benchmark makes of its sets and of what a run found."""

from types import SimpleNamespace

import numpy as np
from benchmarks.gan import studies
from benchmarks.options import Options

from synthetyk.evaluation.study.report import StudyReport

SPREAD = SimpleNamespace(mean=0.9, low=0.85, high=0.95)


def arm(name, synthetic):
    return SimpleNamespace(name=name, classifiers=5, synthetic=synthetic, scores=dict.fromkeys(studies.SCORES, SPREAD))


def test_one_image_in_ten_is_left_of_the_minority_and_none_of_the_majority_is_lost():
    labels = np.array([0] * 90 + [1] * 300)
    kept = studies.thinned(labels, "train")
    assert np.bincount(labels[kept]).tolist() == [90, 10]
    assert np.array_equal(kept, studies.thinned(labels, "train"))
    assert not np.array_equal(kept, studies.thinned(labels, "val"))


def test_the_minoritys_test_split_is_whole(tmp_path, monkeypatch):
    labels = {"train": [0] * 9 + [1] * 20, "val": [0] * 18 + [1] * 20, "test": [0] * 3 + [1] * 7}
    arrays = {f"{split}_labels": np.array(each)[:, None] for split, each in labels.items()}
    images = {f"{split}_images": np.arange(len(each), dtype=np.uint8)[:, None, None] for split, each in labels.items()}
    np.savez(tmp_path / "pneumoniamnist.npz", **arrays, **images)
    monkeypatch.setenv("SYNTHETYK_DATA", str(tmp_path))
    with np.load(studies.minority(tmp_path)) as found:
        counts = {split: np.bincount(found[f"{split}_labels"].ravel()).tolist() for split in labels}
        assert len(found["train_images"]) == 10
        assert found["train_images"][:9].ravel().tolist() == list(range(9))
    assert counts == {"train": [9, 1], "val": [18, 2], "test": [3, 7]}


def test_each_arm_has_a_row_and_the_verdict_stands_beside_the_arm_that_it_is_on(monkeypatch):
    report = SimpleNamespace(
        arms=[arm("real", False), arm("real+synthetic", True)],
        gans=2,
        primary=SimpleNamespace(first="real+synthetic", second="real"),
        verdict=SimpleNamespace(sentence="Helps: ..."),
    )
    monkeypatch.setattr(StudyReport, "model_validate", lambda _: report)
    real, challenger = studies.table("head_ct", {"study": {}})
    assert (real["GANs"], challenger["GANs"]) == (0, 2)
    assert real["auc"] == "0.900 (0.850 to 0.950)"
    assert [real["verdict"], challenger["verdict"]] == ["the best without, by validation", "Helps: ..."]


def test_a_study_is_the_products_own_run(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(studies.subprocess, "run", lambda command, **_: asked.append(command))
    monkeypatch.setattr(StudyReport, "load", lambda _: SimpleNamespace(model_dump=lambda mode: {"verdict": "helps"}))
    monkeypatch.setattr(studies, "read_json", lambda path: {"sentence": "No sign.", "seconds": 1.0})
    monkeypatch.setenv("SYNTHETYK_DATA", str(tmp_path))
    (tmp_path / "head_ct").mkdir()
    monkeypatch.setattr(studies, "code", lambda: "c0de")
    found = studies.study(tmp_path, tmp_path, name="head_ct", minutes=20)
    assert asked[0][2:] == [
        "synthetyk", "run", str(tmp_path / "head_ct"), "--output", str(tmp_path / "run-20-c0de"), "--budget", "20min",
    ]  # fmt: skip
    assert found == {"study": {"verdict": "helps"}, "sharing": "No sign.", "seconds": 0}


def test_a_benchmark_that_is_only_tried_out_has_a_smaller_budget(tmp_path):
    assert studies._minutes(Options(scale=0.5)) == 10
    assert studies._minutes(Options(scale=0.001)) == 1
