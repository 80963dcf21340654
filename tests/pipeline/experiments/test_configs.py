import pytest

from synthetyk.pipeline.experiments.callbacks import ModelCheckpointSettings
from synthetyk.pipeline.experiments.configs import autoencoder_config, classifier_config, kept
from synthetyk.pipeline.experiments.experiment import Experiment
from synthetyk.training.validation_curve import Patience, RateFall


def config(images=100, **values):
    return classifier_config(Experiment(**values), images, seed=3, threads=1)


def callback(name, **settings):
    return {"class_name": name, "config": settings}


def test_epochs_become_steps_that_show_every_image_as_often():
    found = config(epochs=3, batch_size=32)
    assert (found.steps, found.evaluate_every) == (12, 4)


def test_steps_may_be_fewer_than_the_epochs_have():
    assert config(epochs=3, batch_size=32, max_steps=5).steps == 5
    assert config(epochs=3, batch_size=32, max_steps=50).steps == 12


def test_frozen_epochs_become_frozen_steps():
    assert config(frozen_epochs=2, batch_size=32).frozen_steps == 8
    assert config(frozen_epochs=2, epochs=4, batch_size=32, max_steps=6).frozen_steps == 3


def test_keys_reach_the_training_under_its_own_names():
    found = config(
        encoder="resnet18",
        optimizer="sgd",
        learning_rate=0.1,
        weight_decay=0.01,
        loss="focal",
        balance="oversample",
        augmentation=True,
        shuffle=False,
    )
    assert (found.encoder, found.optimizer, found.learning_rate, found.weight_decay) == ("resnet18", "sgd", 0.1, 0.01)
    assert (found.loss, found.balance, found.augment, found.shuffle) == ("focal", "oversample", "classical", False)
    assert (found.seed, found.threads) == (3, 1)


@pytest.mark.parametrize(
    ("callbacks", "keep"),
    [
        ([], "best"),
        ([callback("ReduceLROnPlateau")], "best"),
        ([callback("ModelCheckpoint", save_best_only=True)], "loss"),
        ([callback("ModelCheckpoint", save_best_only=True, monitor="val_acc")], "accuracy"),
        ([callback("ModelCheckpoint", monitor="val_auc")], "last"),
        ([callback("EarlyStopping")], "last"),
        ([callback("EarlyStopping", restore_best_weights=True, monitor="val_auc")], "auc"),
        ([callback("ModelCheckpoint", save_best_only=True), callback("EarlyStopping")], "loss"),
    ],
)
def test_callbacks_say_which_look_is_kept(callbacks, keep):
    assert kept(Experiment(callbacks=callbacks)) == keep
    assert config(callbacks=callbacks).keep == keep


def test_early_stopping_counts_looks():
    early = callback("EarlyStopping", monitor="val_auc", patience=3, min_delta=0.01, start_from_epoch=2)
    assert config(callbacks=[early]).stop == Patience(watched="auc", least=0.01, looks=3, after=2)
    assert config().stop is None


def test_a_plateau_lets_the_rate_fall():
    fall = callback("ReduceLROnPlateau", factor=0.5, patience=2, cooldown=1, min_lr=1e-5)
    assert config(callbacks=[fall]).fall == RateFall(
        patience=Patience(watched="loss", least=1e-4, looks=2), factor=0.5, rest=1, lowest=1e-5
    )


@pytest.mark.parametrize(("pretrain", "task"), [("autoencoder", "draw"), ("denoise", "denoise"), ("mask", "mask")])
def test_an_encoder_may_learn_without_labels_first(pretrain, task):
    experiment = Experiment(pretrain=pretrain, encoder="resnet18", epochs=2, flips=True)
    classifier = classifier_config(experiment, 100, seed=1, threads=1)
    found = autoencoder_config(experiment, classifier, 100)
    assert (found.augment, found.flips, found.code > 0, found.seed) == (True, True, task == "draw", 1)
    assert (found.task, found.encoder, found.steps, found.width) == (task, "resnet18", 8, config().width)
    assert autoencoder_config(Experiment(), classifier, 100) is None


@pytest.mark.parametrize(
    ("filepath", "name"),
    [
        ("model.h5", "model.safetensors"),
        ("out/best.weights.h5", "best.safetensors"),
        ("model", "model.safetensors"),
        ("model.safetensors", "model.safetensors"),
        ("model-{epoch:02d}-{val_loss:.2f}.keras", "model-07-0.25.safetensors"),
        ("v1.2.hdf5", "v1.2.safetensors"),
    ],
)
def test_weights_are_named_as_the_callback_says_with_another_ending(filepath, name):
    assert ModelCheckpointSettings(filepath=filepath).weights_name(7, 0.25, 0.9, 0.95) == name
