from dataclasses import replace

import numpy as np
import pytest

from synthetyk.core.errors import ArtifactError, ConfigError
from synthetyk.pipeline.experiments.synthetic import open_set
from synthetyk.pipeline.experiments.training import PREDICTIONS_FILE, TRAINING_FILE, train
from synthetyk.tracking.tracker import NullTracker
from synthetyk.training.autoencoder import AutoencoderConfig
from synthetyk.training.classifier import TrainedClassifier


def test_it_keeps_its_model_what_that_says_and_how_it_learnt(training):
    one = training()
    train(one, NullTracker())
    result, (_, val, test) = one.result(), one.images.splits()
    classifier = TrainedClassifier.load(one.folder)
    assert np.array_equal(result.val, classifier.probabilities(val.all()))
    assert np.array_equal(result.test, classifier.probabilities(test.all()))
    assert [point.step for point in result.about.curve] == [1, 2]
    assert result.about.best == next(p for p in classifier.curve if p.step == classifier.best_step)
    assert result.about.counts == tuple(one.images.splits()[0].counts)
    assert result.about.parameters == sum(p.numel() for p in classifier.network.parameters())


def test_it_is_done_only_with_the_same_inputs(training):
    one = training()
    assert one.done() is None
    train(one, NullTracker())
    assert one.done()
    assert replace(one, config=one.config.replace(threads=2)).done()
    for other in (
        replace(one, config=one.config.replace(learning_rate=0.1)),
        replace(one, images=replace(one.images, sha256="others")),
        replace(one, pretrain=AutoencoderConfig()),
    ):
        assert other.done() is None


def test_other_bytes_of_weights_or_synthetic_images_are_other_inputs(training, synthetic_set, tmp_path):
    (tmp_path / "weights.npz").write_bytes(b"1")
    weights, synthetic = training(weights=str(tmp_path / "weights.npz")), training(synthetic=str(synthetic_set()))
    before = weights.inputs(), synthetic.inputs()
    (tmp_path / "weights.npz").write_bytes(b"2")
    assert weights.inputs() != before[0]
    assert replace(synthetic, synthetic=str(synthetic_set(count=33))).inputs() != before[1]


def test_without_its_predictions_it_says_what_is_missing(training):
    one = training()
    train(one, NullTracker())
    (one.folder / PREDICTIONS_FILE).write_bytes(b"")
    with pytest.raises(ArtifactError, match=r"predictions\.npz cannot be read"):
        one.result()


@pytest.mark.parametrize("name", ["predictions.npz", "classifier.json", "classifier.safetensors"])
def test_it_is_not_done_once_a_file_is_gone(training, name):
    one = training()
    train(one, NullTracker())
    (one.folder / name).unlink()
    assert one.done() is None


def test_a_training_that_begins_again_is_not_done_meanwhile(training, monkeypatch):
    one = training()
    train(one, NullTracker())
    monkeypatch.setattr("synthetyk.pipeline.experiments.training.ClassifierTrainer", None)
    with pytest.raises(TypeError):
        train(one, NullTracker())
    assert not (one.folder / TRAINING_FILE).exists()


def test_an_encoder_that_learnt_without_labels_is_begun_with(training):
    told, plain = [], training()
    pretrained = training(pretrain=AutoencoderConfig(width=8, steps=2, batch_size=16, evaluate_every=1))
    train(plain, NullTracker())
    train(pretrained, NullTracker(), lambda done, total, message="": told.append((done, total)))
    assert (told[0], told[-1]) == ((1, 4), (4, 4))
    assert not np.array_equal(plain.result().val, pretrained.result().val)


def test_no_validation_image_teaches_an_encoder(training, monkeypatch):
    met = []

    def learn(config, train, progress):
        met.append(train)
        raise ConfigError("Seen enough")

    monkeypatch.setattr("synthetyk.pipeline.experiments.training.pretrained", learn)
    one = training(pretrain=AutoencoderConfig(width=8, steps=2, batch_size=16))
    with pytest.raises(ConfigError, match="Seen enough"):
        train(one, NullTracker())
    assert np.array_equal(met[0].rows, one.images.learnable().rows)


def test_published_weights_that_do_not_fit_are_refused(training, tmp_path):
    np.savez(tmp_path / "weights.npz", **{"conv.weight": np.zeros((3, 3))})
    one = training(weights=str(tmp_path / "weights.npz"))
    with pytest.raises(ArtifactError, match="No weights are published for the encoder edgenet"):
        train(one, NullTracker())


def test_synthetic_images_are_trained_on_beside_the_real_ones(training, synthetic_set):
    one, plain = training(synthetic=str(synthetic_set())), training()
    for each in (one, plain):
        train(each, NullTracker())
    assert one.result().about.synthetic == (10, 10, 10)
    assert plain.result().about.synthetic == ()
    assert not np.array_equal(one.result().val, plain.result().val)


def test_synthetic_images_of_another_size_are_refused_with_the_size_to_ask_for(training, synthetic_set):
    with pytest.raises(ConfigError, match="32 x 32 pixels.*28 x 28.*image_size of 32"):
        train(training(synthetic=str(synthetic_set(size=32))), NullTracker())


def test_synthetic_labels_go_by_the_names_of_classes(synthetic_set, images):
    names = images.splits()[0].class_names
    found = open_set(synthetic_set(class_names=names[::-1]), names)
    assert found.labels.tolist() == [2, 1, 0] * 10
    assert found.class_names == names


def test_synthetic_images_of_other_classes_are_refused(synthetic_set):
    with pytest.raises(ConfigError, match="images of cat.*of a, b"):
        open_set(synthetic_set(class_names=("cat",)), ("a", "b"))


def test_what_is_no_synthetic_set_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match="no synthetic set"):
        open_set(tmp_path, ("a", "b"))
