import pytest

from benchmarks import tracking


def test_a_training_is_timed_apart_from_the_opening(tmp_path):
    found = tracking.train("jsonl", tmp_path, 2, 1)
    assert 0 <= found["opening"] < found["seconds"]
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 2


def test_a_tracker_that_was_left_out_gives_no_figure(tmp_path):
    with pytest.raises(RuntimeError, match="away was left out"):
        tracking.train("away", tmp_path, 2, 1)


def test_rounds_are_compared_each_with_its_own():
    rounds = [{"jsonl": {"seconds": base}, "mlflow": {"seconds": base * 1.01}} for base in (10.0, 20.0, 15.0)]
    assert tracking._row("mlflow", rounds) == {"tracker": "mlflow", "seconds": 15.15, "over_jsonl": 1.01}
