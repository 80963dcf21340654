import logging
import math
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from synthetyk.core.errors import DivergedError, TrainingError
from synthetyk.core.progress import silent
from synthetyk.data.dataset import Subset
from synthetyk.data.phantom import LABELS
from synthetyk.data.source import SourceOptions
from synthetyk.data.sources.phantom import PhantomSource
from synthetyk.tracking.guarded import GuardedTracker
from synthetyk.tracking.jsonl import JsonlTracker, read_jsonl
from synthetyk.tracking.several import SeveralTrackers
from synthetyk.tracking.tracker import NullTracker, closing
from synthetyk.training.checkpoint import CheckpointStore
from synthetyk.training.gan import GAN
from synthetyk.training.gan_trainer import GANTrainer
from synthetyk.training.generator_file import load_generator
from synthetyk.training.monitor import Finding, MonitorConfig
from synthetyk.training.step_inputs import step_inputs


class StoppedError(Exception):
    """Stands for whatever ends a training early."""


def stop_at(step, batch_size=16):
    def progress(done, total, message=""):
        if round(done * 1000 / batch_size) == step:
            raise StoppedError

    return progress


def fit(config, data, folder, **options):
    tracker = JsonlTracker(folder / "metrics.jsonl")
    try:
        return GANTrainer(config, data, folder, tracker, **options).fit()
    finally:
        tracker.close()


def weights(folder):
    return (folder / "generator.safetensors").read_bytes()


def lines(folder):
    return list(read_jsonl(folder / "metrics.jsonl"))


def events(folder):
    return [line for line in lines(folder) if "event" in line]


@pytest.fixture(scope="module")
def whole(tmp_path_factory, discs, tiny):
    """A training that was never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, fit(tiny(), discs(), folder)


def test_a_training_leaves_generator_sheets_metrics_and_checkpoints(whole):
    folder, result = whole
    assert (result.steps, result.kimg, result.rollbacks, result.findings) == (50, 0.8, 0, ())
    loaded = load_generator(result.generator)
    assert loaded.card.class_names == ("left", "right")
    assert loaded.card.kimg == 0.8
    assert loaded.sampler().sample(1, range(3)).shape == (3, 1, 28, 28)
    assert {path.name for path in (folder / "checkpoints").iterdir()} == {"0-00000040", "0-00000050"}
    ticks = lines(folder)
    assert [line["step"] for line in ticks] == list(range(5, 55, 5))
    assert {"d_loss", "g_loss", "d_real_accuracy", "d_fake_accuracy", "kimg", "diversity_pixels/left"} <= ticks[
        0
    ].keys()


def test_a_sample_sheet_has_a_row_for_each_class(whole):
    folder, _ = whole
    sheets = sorted(path.name for path in (folder / "samples").iterdir())
    assert sheets == ["000000400.png", "000000800.png"]
    width, height = Image.open(folder / "samples" / sheets[-1]).size
    assert width > 3 * height


@pytest.mark.parametrize("step", [3, 10, 27, 49, 50])
def test_a_stopped_training_that_goes_on_ends_with_the_same_bits(tmp_path, whole, discs, tiny, step):
    folder, _ = whole
    with pytest.raises(StoppedError):
        fit(tiny(), discs(), tmp_path, progress=stop_at(step))
    result = fit(tiny(), discs(), tmp_path)
    assert weights(tmp_path) == weights(folder)
    assert lines(tmp_path) == lines(folder)
    assert result.steps == 50


def test_a_training_in_two_parts_ends_with_the_same_bits(tmp_path, whole, discs, tiny):
    folder, _ = whole
    tracker = JsonlTracker(tmp_path / "metrics.jsonl")
    trainer = GANTrainer(tiny(), discs(), tmp_path, tracker)
    trainer.train_until(0.3)
    assert trainer.kimg == 0.32  # the end of the tick
    assert not (tmp_path / "generator.safetensors").exists()
    trainer.train_until(0.2)
    assert trainer.kimg == 0.32
    trainer.fit()
    tracker.close()
    assert weights(tmp_path) == weights(folder)
    assert lines(tmp_path) == lines(folder)


def test_another_trainer_goes_on_where_a_part_ended(tmp_path, whole, discs, tiny):
    folder, _ = whole
    tracker = JsonlTracker(tmp_path / "metrics.jsonl")
    GANTrainer(tiny(), discs(), tmp_path, tracker).train_until(0.4)
    tracker.close()
    assert [path.name for path in (tmp_path / "checkpoints").iterdir() if "25" in path.name] == ["0-00000025"]
    begun = []
    fit(tiny(), discs(), tmp_path, progress=lambda done, _total, _message="": begun.append(done))
    assert begun[0] == 26 * 16 / 1000
    assert weights(tmp_path) == weights(folder)


def test_a_killed_training_that_goes_on_ends_with_the_same_bits(tmp_path, whole, discs, tiny):
    folder, _ = whole
    np.save(tmp_path / "images.npy", discs().images)
    (tmp_path / "config.json").write_text(tiny().model_dump_json())
    script = """
import json, sys
from pathlib import Path
import numpy as np
from synthetyk.data.dataset import Subset
from synthetyk.tracking.jsonl import JsonlTracker
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.gan_trainer import GANTrainer
folder = Path(sys.argv[1])
images, rows = np.load(folder / "images.npy"), np.arange(120)
data = Subset(images, rows, (rows % 3 == 0).astype(np.int64), rows, ("left", "right"))
config = GANConfig.parse(json.loads((folder / "config.json").read_text()))
say = lambda done, total, message="": print(round(done * 1000 / 16), flush=True)
GANTrainer(config, data, folder, JsonlTracker(folder / "metrics.jsonl"), progress=say).fit()
"""
    child = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    for line in child.stdout:
        if int(line) == 33:
            child.kill()
    assert child.wait() == -signal.SIGKILL
    assert not (tmp_path / "generator.safetensors").exists()
    fit(tiny(), discs(), tmp_path)
    assert weights(tmp_path) == weights(folder)


def test_a_damaged_checkpoint_costs_an_interval_and_is_said(tmp_path, whole, discs, tiny):
    folder, _ = whole
    with pytest.raises(StoppedError):
        fit(tiny(), discs(), tmp_path, progress=stop_at(45))
    (tmp_path / "checkpoints/0-00000040/tensors.safetensors").write_bytes(b"cut short")
    fit(tiny(), discs(), tmp_path)
    assert weights(tmp_path) == weights(folder)
    assert [event["event"] for event in events(tmp_path)] == ["checkpoint_damaged"]


def test_a_finished_training_only_writes_its_result_again(tmp_path, discs, tiny):
    fit(tiny(kimg=0.16), discs(), tmp_path)
    before = weights(tmp_path)
    (tmp_path / "generator.safetensors").unlink()
    fit(tiny(kimg=0.16), discs(), tmp_path, progress=stop_at(0))
    assert weights(tmp_path) == before


def test_going_on_with_other_settings_or_data_is_refused(tmp_path, discs, tiny):
    fit(tiny(kimg=0.16), discs(), tmp_path)
    with pytest.raises(TrainingError, match="other settings \\(batch_size, kimg\\)"):
        fit(tiny(kimg=0.32, batch_size=8), discs(), tmp_path)
    with pytest.raises(TrainingError, match="the data"):
        fit(tiny(kimg=0.16), discs(110), tmp_path)


def test_the_callbacks_and_the_order_of_other_work_leave_no_trace_in_the_bits(tmp_path, whole, discs, tiny):
    folder, _ = whole

    def evaluate(sampler):
        torch.rand(3)
        return {"val_kd": float(sampler.sample(0, range(4)).mean())}

    fit(tiny(), discs(), tmp_path, evaluate=evaluate, features=lambda images: images[:, 0, :2, 0].astype(np.float32))
    last = CheckpointStore(folder / "checkpoints").newest()[0]
    again = CheckpointStore(tmp_path / "checkpoints").newest()[0]
    assert all(torch.equal(last.tensors[name], again.tensors[name]) for name in last.tensors)
    assert [line["step"] for line in lines(tmp_path) if "val_kd" in line] == [25, 50]
    assert "diversity_features/right" in lines(tmp_path)[0]


def scores_by_call(*distances, **others):
    """Return an evaluation whose kernel distance is the next of these at every call, brief after long averages."""
    left = iter(distances)
    return lambda sampler: {"val_kd": next(left), **others}


def test_the_best_candidate_is_kept_and_the_reason_is_told(tmp_path, whole, discs, tiny):
    result = fit(tiny(), discs(), tmp_path, evaluate=scores_by_call(0.1, 0.3, 0.2, 0.3))
    card = load_generator(result.generator).card
    assert card.kimg == 0.4
    assert card.chosen.startswith("The averaged weights at 0.4 kimg")
    assert result.chosen == card.chosen
    assert weights(tmp_path) != weights(whole[0]), "the last one was not the best"
    assert [path.name for path in (tmp_path / "candidates").iterdir()] == ["0-00000025-ema.safetensors"]


def test_brief_averages_win_where_they_are_measured_to_be_better(tmp_path, discs, tiny):
    result = fit(tiny(), discs(), tmp_path, evaluate=scores_by_call(0.3, 0.3, 0.2, 0.1))
    assert result.chosen.startswith("The briefly averaged weights at 0.8 kimg")
    assert lines(tmp_path)[-1] == {"step": 50, "val_kd": 0.2, "short_val_kd": 0.1}


def test_raw_weights_are_the_only_candidates_of_a_training_without_averages(tmp_path, discs, tiny):
    result = fit(tiny(ema_half_life_kimg=0), discs(), tmp_path, evaluate=scores_by_call(0.3, 0.2))
    assert result.chosen.startswith("The raw weights at 0.8 kimg, the latest of 1 among 2 candidates")


def test_the_scale_of_the_noise_is_chosen_for_the_generator_that_is_kept(tmp_path, whole, discs, tiny):
    result = fit(tiny(), discs(), tmp_path, distance=lambda sampler: (abs(sampler.noise_scale - 1.3), 0.0))
    card = load_generator(result.generator).card
    assert card.noise_scale == 1.3
    assert result.chosen == card.chosen
    assert card.chosen.startswith("Its noise is 1.3 times as wide")
    assert weights(tmp_path) == weights(whole[0])
    sheets = [sorted((folder / "samples").iterdir())[-1].read_bytes() for folder in (tmp_path, whole[0])]
    assert sheets[0] != sheets[1]


def test_a_training_that_begins_to_memorise_ends_early_and_says_so(tmp_path, discs, tiny):
    left = iter([0.0] * 4 + [50.0] * 20)
    evaluate = lambda sampler: {"val_kd": 0.1, "near_copies": next(left)}  # noqa: E731
    result = fit(tiny(sample_kimg=0.08), discs(), tmp_path, evaluate=evaluate)
    assert result.steps == 20, "two looks without copies, two with them"
    assert [finding.kind for finding in result.findings] == ["memorising"]
    assert fit(tiny(sample_kimg=0.08), discs(), tmp_path, evaluate=evaluate) == result


def test_unlabelled_images_train_an_unconditional_generator(tmp_path, discs, tiny):
    result = fit(tiny(classes=0, kimg=0.16), discs(labelled=False), tmp_path)
    loaded = load_generator(result.generator)
    assert loaded.card.class_names == ()
    assert len(loaded.sampler().sample(None, range(3))) == 3


def test_a_batch_larger_than_the_data_trains(tmp_path, discs, tiny):
    assert fit(tiny(batch_size=150, kimg=0.3), discs(100), tmp_path).steps == 2


def test_too_few_images_are_refused(tmp_path, discs, tiny):
    with pytest.raises(TrainingError, match="59"):
        GANTrainer(tiny(), discs(59), tmp_path, JsonlTracker(tmp_path / "m.jsonl"), progress=silent)


STRICT = MonitorConfig(warmup_kimg=0.3, patience=2)


def test_a_generator_that_ignores_its_noise_from_the_beginning_is_found_and_advised(tmp_path, discs, tiny, monkeypatch):
    silent = lambda *args, **at: step_inputs(*args, **at)._replace(noise=torch.zeros(16, 8))  # noqa: E731
    monkeypatch.setattr("synthetyk.training.gan.step_inputs", silent)
    trainer = GANTrainer(tiny(max_rollbacks=1, monitor=STRICT), discs(), tmp_path, JsonlTracker(tmp_path / "m.jsonl"))
    deaf = trainer.monitor.ratios
    monkeypatch.setattr(trainer.monitor, "ratios", lambda samples: dict.fromkeys(deaf(samples), 0.0))
    result = trainer.fit()
    told = [line for line in read_jsonl(tmp_path / "m.jsonl") if "event" in line]
    assert {line["event"] for line in told} == {"collapse"}
    assert "use augmentation" in told[-1]["message"]
    assert (result.rollbacks, result.kimg) == (0, 0.8), "with nothing good to go back to, it trains on"


def test_a_tick_looks_at_fewer_images_of_each_of_many_classes(tmp_path, discs, tiny, monkeypatch):
    names = tuple("abcdefghijklmnop")
    data = replace(discs(), labels=np.arange(120) % 16, class_names=names)
    trainer = GANTrainer(tiny(classes=16, kimg=0.08), data, tmp_path, JsonlTracker(tmp_path / "m.jsonl"))
    seen, ratios = [], trainer.monitor.ratios
    monkeypatch.setattr(trainer.monitor, "ratios", lambda samples: seen.append(samples) or ratios(samples))
    trainer.fit()
    assert [{name: len(images) for name, images in samples.items()} for samples in seen] == [dict.fromkeys(names, 32)]


def poisoned(monkeypatch, at_step, attempts):
    """Make the loss no number at one step of some attempts."""
    honest = GAN.train_step

    def train_step(self, real, labels, step, done):
        values = honest(self, real, labels, step, done)
        return values | {"g_loss": torch.tensor(math.nan)} if step == at_step and self.attempt in attempts else values

    monkeypatch.setattr(GAN, "train_step", train_step)


def test_nan_is_answered_by_the_last_good_checkpoint_and_a_lower_rate(tmp_path, discs, tiny, monkeypatch):
    poisoned(monkeypatch, 33, {0})
    monkeypatch.setattr("synthetyk.training.gan_trainer.StabilityMonitor.calm", True)
    result = fit(tiny(), discs(), tmp_path)
    assert result.rollbacks == 1
    (event,) = events(tmp_path)
    assert (event["event"], event["step"]) == ("nan", 30)
    assert "Not a number: g_loss. At 0.6 kimg went back to 0.5 kimg, learning rate now 0.0001." in event["message"]
    assert lines(tmp_path)[-1]["learning_rate"] == pytest.approx(1e-4)
    assert result.steps == 45, "the five steps of the tick were undone"


def test_a_training_killed_after_a_rollback_ends_with_the_same_bits(tmp_path, discs, tiny, monkeypatch):
    poisoned(monkeypatch, 33, {0})
    monkeypatch.setattr("synthetyk.training.gan_trainer.StabilityMonitor.calm", True)
    one, two = tmp_path / "one", tmp_path / "two"
    fit(tiny(), discs(), one)
    with pytest.raises(StoppedError):
        fit(tiny(), discs(), two, progress=stop_at(47))
    assert fit(tiny(), discs(), two).findings == fit(tiny(), discs(), one).findings
    assert weights(one) == weights(two)


def test_nan_that_no_rollback_mends_ends_the_training(tmp_path, discs, tiny, monkeypatch):
    poisoned(monkeypatch, 2, {0, 1, 2})
    with pytest.raises(DivergedError, match="Not a number"):
        fit(tiny(max_rollbacks=2), discs(), tmp_path)
    assert [event["event"] for event in events(tmp_path)] == ["nan", "nan"]


@pytest.mark.parametrize(("at_step", "max_rollbacks"), [(49, 3), (33, 0)])
def test_nan_with_nothing_left_to_try_keeps_the_last_good_generator_and_says_so(
    tmp_path, discs, tiny, monkeypatch, at_step, max_rollbacks
):
    config = tiny(max_rollbacks=max_rollbacks)
    poisoned(monkeypatch, at_step, {0})
    monkeypatch.setattr("synthetyk.training.gan_trainer.StabilityMonitor.calm", True)
    result = fit(config, discs(), tmp_path)
    good = at_step // 10 * 10
    assert (result.steps, result.kimg) == (good, good * 16 / 1000)
    (event,) = events(tmp_path)
    assert event["message"].endswith(f"went back to {result.kimg:.1f} kimg and ended there, with that generator.")
    before = weights(tmp_path)
    assert fit(config, discs(), tmp_path) == result
    assert weights(tmp_path) == before


def test_nan_without_a_good_checkpoint_and_too_late_to_begin_anew_ends_the_training(tmp_path, discs, tiny, monkeypatch):
    poisoned(monkeypatch, 40, {0})
    monkeypatch.setattr("synthetyk.training.gan_trainer.StabilityMonitor.calm", False)
    with pytest.raises(DivergedError, match="Not a number"):
        fit(tiny(), discs(), tmp_path)


def found_at(monkeypatch, step, batch_size=16, *, kind="collapse", calm=False):
    """Make the monitor see one thing at one step of the first attempt, and nothing else."""
    said = []

    def look(self, kimg, values, ratios):
        if said or round(kimg * 1000 / batch_size) != step:
            return []
        said.append(Finding(kind, "All alike", "Add images"))
        return said[:]

    monkeypatch.setattr("synthetyk.training.gan_trainer.StabilityMonitor.look", look)
    monkeypatch.setattr("synthetyk.training.gan_trainer.StabilityMonitor.calm", calm)


@pytest.mark.parametrize("step", [35, 50])
def test_a_late_finding_keeps_the_trained_weights_and_advises(tmp_path, whole, discs, tiny, monkeypatch, caplog, step):
    found_at(monkeypatch, step)
    with caplog.at_level(logging.WARNING):
        result = fit(tiny(), discs(), tmp_path)
    assert (result.steps, result.rollbacks) == (50, 0)
    assert weights(tmp_path) == weights(whole[0])
    assert caplog.messages == ["All alike. Too late to go back and train again. Add images."]


def test_a_finding_that_leaves_half_of_what_was_undone_begins_anew(tmp_path, discs, tiny, monkeypatch):
    found_at(monkeypatch, 30, kind="divergence")
    result = fit(tiny(), discs(), tmp_path)
    assert (result.steps, result.rollbacks) == (20, 1)


def test_a_collapse_goes_back_to_a_good_checkpoint_and_loses_only_what_came_after(tmp_path, discs, tiny, monkeypatch):
    found_at(monkeypatch, 30, calm=True)
    result = fit(tiny(), discs(), tmp_path)
    assert (result.steps, result.rollbacks) == (40, 1)


def test_a_collapse_without_a_good_checkpoint_does_not_begin_anew(tmp_path, discs, tiny, monkeypatch):
    found_at(monkeypatch, 30)
    result = fit(tiny(), discs(), tmp_path)
    assert (result.steps, result.rollbacks) == (50, 0)


def test_weights_that_are_no_numbers_are_never_checkpointed(tmp_path, discs, tiny, monkeypatch):
    monkeypatch.setattr(GAN, "finite", lambda self: False)
    with pytest.raises(DivergedError, match="weights"):
        fit(tiny(max_rollbacks=0), discs(), tmp_path)
    assert not (tmp_path / "checkpoints").exists()


def test_a_huge_learning_rate_is_noticed(tmp_path, discs, tiny):
    config = tiny(kimg=2, learning_rate_g=0.5, learning_rate_d=0.5, monitor=STRICT, max_rollbacks=0)
    kinds = {finding.kind for finding in fit(config, discs(), tmp_path).findings}
    assert kinds & {"divergence", "collapse", "discriminator_won"}


def test_a_rollback_removes_the_sheets_of_what_was_undone(tmp_path, discs, tiny, monkeypatch):
    poisoned(monkeypatch, 35, {0})
    monkeypatch.setattr("synthetyk.training.gan_trainer.StabilityMonitor.calm", True)
    samples = tmp_path / "samples"
    samples.mkdir()
    (samples / "000000900.png").write_bytes(b"of an undone branch")
    fit(tiny(), discs(), tmp_path)
    assert sorted(path.name for path in samples.iterdir()) == ["000000400.png", "000000640.png"]


def test_a_healthy_short_training_on_phantoms_is_silent(tmp_path, tiny):
    source = PhantomSource.open("phantom:n=120,size=28", SourceOptions())
    images = np.stack([source.read(item).pixels.transpose(2, 0, 1) for item in source.items()])
    labels = np.array([LABELS.index(item.label) for item in source.items()])
    rows = np.arange(len(images))
    network = {"resolution": 28, "classes": 3, "width": 16, "latent": 32}
    monitor = MonitorConfig(warmup_kimg=2, samples=32)
    config = tiny(network=network, kimg=4, tick_kimg=0.4, checkpoint_kimg=4, augment="translation", monitor=monitor)
    result = fit(config, Subset(images, rows, labels, rows, LABELS), tmp_path)
    assert result.findings == ()
    assert lines(tmp_path)[-1]["diversity_pixels/normal"] > 0.5


@pytest.mark.parametrize("failing", ["open", "log", "rewind", "keep", "close"])
def test_a_tracker_that_fails_changes_no_bit_of_a_training(tmp_path, whole, discs, tiny, failing):
    class Broken(NullTracker):
        def __getattribute__(self, name):
            if name == failing:
                raise ConnectionError("no server")
            return super().__getattribute__(name)

    def make():
        if failing == "open":
            raise ConnectionError("no server")
        return Broken()

    tracker = SeveralTrackers(JsonlTracker(tmp_path / "metrics.jsonl"), [GuardedTracker("broken", make)])
    with closing(tracker):
        GANTrainer(tiny(), discs(), tmp_path, tracker).fit()
        tracker.keep(tmp_path / "generator.json")
    assert weights(tmp_path) == weights(whole[0])
    assert [line for line in lines(tmp_path) if "event" not in line] == lines(whole[0])
    assert [line["event"] for line in events(tmp_path)] == ["tracker_left_out"]
