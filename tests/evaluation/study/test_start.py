from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from synthetyk.core.errors import ArtifactError, NotApplicableError
from synthetyk.core.progress import silent
from synthetyk.data.dataset import Dataset
from synthetyk.evaluation.study.report import StudyConfig
from synthetyk.evaluation.study.start import AUTOENCODER, START_FILE, fitting, pretrained, shared_start
from synthetyk.evaluation.study.study import run_study
from synthetyk.models.squeezenet import SqueezeNet
from synthetyk.training.autoencoder import AutoencoderConfig, TrainedAutoencoder
from synthetyk.training.classifier import ClassifierConfig, TrainedClassifier, build_network

TASK = AutoencoderConfig(width=8, steps=3, batch_size=16, evaluate_every=1)


@pytest.fixture
def config(quick: StudyConfig) -> StudyConfig:
    return quick.replace(arms=("real", "real+synthetic"), pretrain=TASK)


@pytest.fixture
def squeezenet(tmp_path: Path) -> Path:
    path = tmp_path / "squeezenet.npz"
    np.savez(path, **{name: value.numpy() for name, value in SqueezeNet().state_dict().items()})
    return path


def test_every_classifier_of_every_arm_begins_with_the_same_encoder(
    bars: Dataset, synthetic, config: StudyConfig, tmp_path: Path
) -> None:
    frozen = config.classifier.replace(frozen_steps=6, ema_decay=0.0)
    report = run_study(bars, synthetic, config.replace(classifier=frozen), tmp_path)
    begun = load_file(tmp_path / START_FILE)["stem.0.weight"]
    for job in (tmp_path / "jobs").iterdir():
        encoder = TrainedClassifier.load(job).network.encoder.state_dict()
        torch.testing.assert_close(encoder["stem.0.weight"], begun)
    assert sum("began with an autoencoder (denoise) of the training images" in note for note in report.notes) == 1


def test_it_is_made_once(bars: Dataset, config: StudyConfig, tmp_path: Path) -> None:
    told: list[float] = []

    def made(config: StudyConfig) -> str:
        start = shared_start(config, bars.train, None, tmp_path, progress=lambda done, *_: told.append(done))
        assert start
        return start.sha256

    first = made(config)
    assert told == [1, 2, 3]
    assert made(config) == first
    assert told == [1, 2, 3]
    assert made(config.replace(pretrain=TASK.replace(seed=1))) != first
    assert made(config) == first
    (tmp_path / START_FILE).write_bytes(b"damaged")
    assert made(config) == first


def test_the_whole_autoencoder_is_kept_beside_the_start(bars: Dataset, config: StudyConfig, tmp_path: Path) -> None:
    start = shared_start(config, bars.train, None, tmp_path, progress=silent)
    kept = TrainedAutoencoder.load(tmp_path / AUTOENCODER).start()
    assert start and all(torch.equal(kept.state[name], value) for name, value in start.read().state.items())


def test_a_killed_study_with_a_start_does_not_train_its_classifiers_again(
    bars: Dataset, synthetic, config: StudyConfig, tmp_path: Path
) -> None:
    run_study(bars, synthetic, config, tmp_path)
    (tmp_path / "study.json").unlink()
    done: list[float] = []
    run_study(bars, synthetic, config, tmp_path, progress=lambda number, *_: done.append(number))
    assert done == [6]


def test_another_start_trains_every_classifier_again(
    bars: Dataset, synthetic, config: StudyConfig, tmp_path: Path
) -> None:
    run_study(bars, synthetic, config.replace(pretrain=None), tmp_path)
    done: list[str] = []
    run_study(bars, synthetic, config, tmp_path, progress=lambda _, __, message="": done.append(message))
    assert sum(message.startswith("trained") for message in done) == 6


def test_neither_labels_nor_other_splits_have_a_part_in_it(bars: Dataset, tmp_path: Path) -> None:
    start = pretrained(TASK, bars.train, silent).start()
    turned = replace(bars, labels=1 - bars.labels, images=np.where(rows_of(bars, "train"), bars.images, 0))
    again = pretrained(TASK, turned.train, silent).start()
    assert all(torch.equal(again.state[name], value) for name, value in start.state.items())


def rows_of(dataset: Dataset, split: str) -> np.ndarray:
    return (dataset.splits == split)[:, None, None, None]


def test_a_single_patient_leaves_nobody_to_be_held_out(bars: Dataset) -> None:
    alone = replace(bars.train, groups=np.zeros_like(bars.train.groups))
    with pytest.raises(NotApplicableError, match="belong to one patient"):
        pretrained(TASK, alone, silent)


def test_published_weights_are_read_once_and_named(
    bars: Dataset, quick: StudyConfig, squeezenet: Path, tmp_path: Path
) -> None:
    config = quick.replace(classifier=quick.classifier.replace(encoder="squeezenet"), weights="torchvision")
    start = shared_start(config, bars.train, squeezenet, tmp_path / "study", progress=silent)
    assert start
    assert "squeezenet.npz, SHA-256" in start.origin
    encoder = build_network(config.classifier, (1, 16, 16), 2).encoder
    encoder.load_state_dict(start.read().state, strict=False)
    with np.load(squeezenet) as arrays:
        assert np.array_equal(encoder.state_dict()["features.3.squeeze.weight"], arrays["features.3.squeeze.weight"])


def test_weights_of_another_network_are_refused_by_name(squeezenet: Path) -> None:
    with pytest.raises(ArtifactError, match=r"squeezenet\.npz does not fit"):
        fitting(ClassifierConfig(encoder="resnet18"), (1, 32, 32), squeezenet, "torchvision")


def test_without_either_encoders_begin_from_nothing(bars: Dataset, quick: StudyConfig, tmp_path: Path) -> None:
    assert shared_start(quick, bars.train, None, tmp_path, progress=silent) is None
