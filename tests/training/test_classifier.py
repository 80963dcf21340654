import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from synthetyk.core.artifacts import sha256_file
from synthetyk.core.errors import ArtifactError
from synthetyk.training.classifier import (
    SETTINGS_FILE,
    WEIGHTS_FILE,
    ClassifierConfig,
    TrainedClassifier,
    ValidationPoint,
    build_network,
)

IMAGES = np.random.default_rng(0).integers(0, 256, (70, 1, 16, 16), dtype=np.uint8)


def classifier(seed: int = 0, temperature: float = 1.0) -> TrainedClassifier:
    config = ClassifierConfig(width=8, seed=seed)
    network = build_network(config, (1, 16, 16), 3).eval()
    torch.nn.init.normal_(network.head.weight, generator=torch.Generator().manual_seed(seed))
    curve = (ValidationPoint(step=5, loss=1.0, accuracy=0.5, auc=None),)
    return TrainedClassifier(network, config, ("a", "b", "c"), (1, 16, 16), curve, 5, False, temperature)


def test_probabilities_are_distributions_and_features_are_pooled() -> None:
    trained = classifier()
    p, f = trained.probabilities(IMAGES), trained.features(IMAGES)
    assert p.dtype == f.dtype == np.float32
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    assert f.shape == (70, trained.dimension)


def test_no_images_give_no_rows() -> None:
    assert classifier().probabilities(IMAGES[:0]).shape == (0, 3)


def test_a_higher_temperature_flattens_probabilities_and_calls_the_same_class() -> None:
    sharp, flat = (classifier(temperature=t).probabilities(IMAGES) for t in (1.0, 3.0))
    assert (flat.max(axis=1) < sharp.max(axis=1)).all()
    assert (flat.argmax(axis=1) == sharp.argmax(axis=1)).all()


def test_a_saved_classifier_predicts_the_same_bits(tmp_path: Path) -> None:
    trained = replace(classifier(temperature=0.7), views=2, views_gain=0.1)
    trained.save(tmp_path)
    loaded = TrainedClassifier.load(tmp_path)
    assert np.array_equal(loaded.probabilities(IMAGES), trained.probabilities(IMAGES))
    about = ("config", "class_names", "shape", "curve", "best_step", "plateaued", "temperature", "views", "views_gain")
    assert [getattr(loaded, name) for name in about] == [getattr(trained, name) for name in about]


def test_a_classifier_from_before_copies_were_averaged_is_read(tmp_path: Path) -> None:
    classifier().save(tmp_path)
    old = json.loads((tmp_path / SETTINGS_FILE).read_text()) | {"schema": "classifier/1"}
    for name in ("views", "views_gain"):
        del old[name]
    (tmp_path / SETTINGS_FILE).write_text(json.dumps(old))
    loaded = TrainedClassifier.load(tmp_path)
    assert (loaded.views, loaded.views_gain) == (0, None)


def test_weights_of_another_classifier_are_refused(tmp_path: Path) -> None:
    classifier(0).save(tmp_path / "one")
    classifier(1).save(tmp_path / "two")
    (tmp_path / "two" / WEIGHTS_FILE).replace(tmp_path / "one" / WEIGHTS_FILE)
    with pytest.raises(ArtifactError, match="is not the file"):
        TrainedClassifier.load(tmp_path / "one")


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=SETTINGS_FILE):
        TrainedClassifier.load(tmp_path)
    classifier().save(tmp_path)
    (tmp_path / WEIGHTS_FILE).unlink()
    with pytest.raises(ArtifactError, match=WEIGHTS_FILE):
        TrainedClassifier.load(tmp_path)


def test_settings_that_do_not_fit_the_weights_are_refused(tmp_path: Path) -> None:
    classifier().save(tmp_path)
    path = tmp_path / SETTINGS_FILE
    path.write_text(path.read_text().replace('"width": 8', '"width": 9'))
    with pytest.raises(ArtifactError, match="does not fit"):
        TrainedClassifier.load(tmp_path)


def test_a_file_from_before_encoders_had_names_is_read(tmp_path: Path) -> None:
    trained = classifier()
    trained.save(tmp_path)
    weights, settings = tmp_path / WEIGHTS_FILE, tmp_path / SETTINGS_FILE
    save_file({name.removeprefix("encoder."): value for name, value in load_file(weights).items()}, weights)
    about = json.loads(settings.read_text()) | {"weights_sha256": sha256_file(weights)}
    settings.write_text(json.dumps(about))
    assert np.array_equal(TrainedClassifier.load(tmp_path).probabilities(IMAGES), trained.probabilities(IMAGES))
