from pathlib import Path

import numpy as np
import pytest
import torch
from tests.training.bars import bars

from synthetyk.core.artifacts import sha256_file
from synthetyk.core.errors import ArtifactError, TrainingError
from synthetyk.training.autoencoder import (
    ABOUT_FILE,
    AutoencoderConfig,
    AutoencoderFile,
    AutoencoderTrainer,
    TrainedAutoencoder,
    corrupt,
    learning_rate_at,
)
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.classifier_trainer import ClassifierTrainer
from synthetyk.training.labelled_images import ArrayImages

CONFIG = AutoencoderConfig(width=8, steps=60, batch_size=16, evaluate_every=20)
TRAIN, VAL = bars(160, 0, noise=30), bars(40, 1, noise=30)


def unit(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images.astype(np.float32) / 127.5 - 1)


@pytest.mark.parametrize("task", ["denoise", "mask", "draw"])
def test_it_draws_better_than_the_mean_image(task: str) -> None:
    trained = AutoencoderTrainer(CONFIG.replace(task=task, steps=200, learning_rate=1e-2), TRAIN, VAL).fit()
    mean = unit(TRAIN.images).mean(dim=0)
    assert trained.curve[trained.best_step] < 0.6 * float((unit(VAL.images) - mean).square().mean())


def test_the_best_look_is_returned() -> None:
    trained = AutoencoderTrainer(CONFIG.replace(task="draw"), TRAIN, VAL).fit()
    assert list(trained.curve) == [20, 40, 60]
    assert trained.curve[trained.best_step] == min(trained.curve.values())
    wrong = np.square(trained.drawn(VAL.images) - unit(VAL.images).numpy()).mean()
    assert wrong == pytest.approx(trained.curve[trained.best_step], rel=1e-4)


def test_the_same_seed_gives_the_same_bits() -> None:
    config = CONFIG.replace(steps=4, task="mask", augment=True)
    first, again, other = (
        AutoencoderTrainer(config.replace(seed=seed), TRAIN, VAL).fit().drawn(VAL.images) for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(("encoder", "code"), [("edgenet", 4), ("squeezenet", 0)])
def test_a_loaded_autoencoder_draws_the_same(encoder: str, code: int, tmp_path: Path) -> None:
    config = CONFIG.replace(encoder=encoder, code=code, steps=1)
    trained = AutoencoderTrainer(config, TRAIN, VAL).fit()
    trained.save(tmp_path)
    loaded = TrainedAutoencoder.load(tmp_path)
    assert np.array_equal(loaded.drawn(VAL.images), trained.drawn(VAL.images))
    assert (loaded.shape, loaded.config, loaded.curve, loaded.best_step) == (VAL.shape, config, trained.curve, 1)


def test_weights_of_another_autoencoder_are_refused(tmp_path: Path) -> None:
    trained = AutoencoderTrainer(CONFIG.replace(steps=1), TRAIN, VAL).fit()
    trained.save(tmp_path)
    weights = tmp_path / "autoencoder.safetensors"
    weights.write_bytes(weights.read_bytes() + b"x")
    with pytest.raises(ArtifactError, match="not the file that autoencoder.json names"):
        TrainedAutoencoder.load(tmp_path)
    about = AutoencoderFile.load(tmp_path / "autoencoder.json")
    wider = about.config.replace(width=16)
    about.model_copy(update={"config": wider, "weights_sha256": sha256_file(weights)}).save(tmp_path / ABOUT_FILE)
    with pytest.raises(ArtifactError, match="does not fit"):
        TrainedAutoencoder.load(tmp_path)


def test_a_classifier_can_begin_with_its_encoder() -> None:
    start = AutoencoderTrainer(CONFIG.replace(steps=2), TRAIN, VAL).fit().start()
    trainer = ClassifierTrainer(ClassifierConfig(width=8), TRAIN, VAL, start=start)
    begun = trainer.network.encoder.state_dict()
    weights = {name: value for name, value in start.state.items() if value.is_floating_point()}
    assert all(torch.equal(begun[name], value) for name, value in weights.items())
    assert "denoise" in start.origin


def test_noise_has_the_deviation_that_was_asked_for_and_counts_everywhere() -> None:
    shown, asked = corrupt(torch.zeros(8, 1, 32, 32), CONFIG.replace(noise=0.3), np.random.default_rng(0))
    assert shown.std().item() == pytest.approx(0.3, rel=0.05)
    assert asked.min() == 1


@pytest.mark.parametrize(("side", "masked"), [(28, 0.5), (64, 0.25), (30, 0.9)])
def test_squares_are_grey_and_only_they_count(side: int, masked: float) -> None:
    images = torch.ones(4, 2, side, side)
    shown, asked = corrupt(images, CONFIG.replace(task="mask", masked=masked), np.random.default_rng(0))
    assert asked.shape == (4, 1, side, side)
    assert torch.equal(shown, 1 - asked.expand_as(shown))
    assert asked.mean().item() == pytest.approx(masked, abs=0.07)
    assert not torch.equal(asked[0], asked[1])


def test_validation_sees_the_same_noise_every_time() -> None:
    trainer = AutoencoderTrainer(CONFIG, TRAIN, VAL)
    assert trainer.evaluate(1) == trainer.evaluate(1)


def test_the_rate_rises_and_then_falls_to_nothing() -> None:
    rates = [learning_rate_at(step, CONFIG) for step in range(60)]
    assert max(rates) == rates[5] == rates[6] == CONFIG.learning_rate
    assert rates[0] < rates[5] > rates[30] > rates[-1] < 0.01 * CONFIG.learning_rate


def test_nothing_to_learn_from_is_refused() -> None:
    nothing = ArrayImages(TRAIN.images[:0], TRAIN.labels[:0], TRAIN.class_names)
    with pytest.raises(TrainingError, match="no training or no validation images"):
        AutoencoderTrainer(CONFIG, nothing, VAL)
