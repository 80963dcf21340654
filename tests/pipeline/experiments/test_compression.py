from types import SimpleNamespace

import pytest

from synthetyk.pipeline.experiments import compression, run
from synthetyk.pipeline.experiments.compression import compress_kept, config_of, precisions
from synthetyk.pipeline.experiments.run import run_experiments
from synthetyk.pipeline.experiments.training import train
from synthetyk.tracking.tracker import NullTracker
from synthetyk.training.classifier import ClassifierConfig


@pytest.fixture
def quickly(monkeypatch):
    """Make one form only, and measure its speed for no time."""
    monkeypatch.setattr(compression, "QUICK_ROWS", ("int8",))
    slowly = config_of
    monkeypatch.setattr(compression, "config_of", lambda one: slowly(one).replace(seconds=0, resamples=100))


def test_a_model_is_quantised_once(training, quickly, tmp_path, monkeypatch):
    one = training()
    train(one, NullTracker())
    part = compress_kept(one, tmp_path, lambda *_: None)
    original, int8 = precisions(part)
    assert (original.name, int8.name) == ("fp32", "int8")
    assert int8.megabytes < original.megabytes
    assert (original.difference.mean, set(int8.speedups)) == (0, {1, 32})
    assert (tmp_path / "compressed" / int8.file).stat().st_size == pytest.approx(1e6 * int8.megabytes, rel=0.01)
    assert sum(form.picked for form in (original, int8)) == 1
    monkeypatch.setattr(compression, "compress_classifier", None)
    assert compress_kept(one, tmp_path, lambda *_: None) == part


def test_what_is_pruned_is_trained_again_for_a_part_of_the_steps(training):
    for steps, again in ((2, 0), (400, 100), (5000, 300)):
        assert config_of(training(config=ClassifierConfig(steps=steps))).steps == again


@pytest.mark.parametrize(
    ("names", "positive"), [(("ill", "normal"), "ill"), (("benign", "malignant"), "malignant"), (("a", "b", "c"), None)]
)
def test_the_answer_speaks_of_the_class_beside_the_normal_one(training, names, positive):
    images = SimpleNamespace(splits=lambda: (SimpleNamespace(class_names=names),))
    assert config_of(training(images=images)).positive_class == positive


def test_without_the_packages_a_model_stays_as_it_is(training, tmp_path, monkeypatch):
    one = training()
    train(one, NullTracker())
    monkeypatch.setattr(compression, "find_spec", lambda name: None)
    monkeypatch.setattr(compression, "versions", lambda: 1 // 0)
    (tmp_path / "compressed").mkdir()
    (tmp_path / "compressed/compression.json").write_text("of an earlier time")
    assert compress_kept(one, tmp_path, lambda *_: None) is None


def test_each_experiment_tells_what_fewer_bits_change(begun, quick, seen, quickly):
    report = run_experiments(*begun(quick("one", compress=True), quick("two")), seen)
    assert [form.name for form in report.experiment("one").precisions] == ["fp32", "int8"]
    assert "int8" in report.experiment("one").precision
    assert report.experiment("two").precisions == ()
    assert [(one.key, one.value, one.baseline) for one in report.effects] == [("precision", "int8", "fp32")]


def test_a_model_that_cannot_be_compressed_is_kept_all_the_same(begun, quick, seen, monkeypatch):
    monkeypatch.setattr(run, "compress_kept", lambda *_: 1 // 0)
    report = run_experiments(*begun(quick("one", compress=True)), seen)
    assert report.best == "one"
    assert report.failed[0].compression_failure.startswith("ZeroDivisionError: ")
