"""From an experiment's keys to the settings of its trainings."""

import math
from typing import TypeVar

from synthetyk.pipeline.configs import pretraining
from synthetyk.pipeline.experiments.callbacks import (
    EarlyStoppingSettings,
    ModelCheckpointSettings,
    ReduceLROnPlateauSettings,
)
from synthetyk.pipeline.experiments.experiment import Experiment
from synthetyk.training.autoencoder import AutoencoderConfig
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.validation_curve import Keep, Patience, RateFall

Settings = TypeVar("Settings", ModelCheckpointSettings, EarlyStoppingSettings, ReduceLROnPlateauSettings)


def epoch_steps(experiment: Experiment, images: int) -> int:
    """Return the steps that show every real training image once, the last of them perhaps not full of new ones."""
    return math.ceil(images / experiment.batch_size)


def classifier_config(experiment: Experiment, images: int, *, seed: int, threads: int) -> ClassifierConfig:
    """Return how one of an experiment's classifiers is trained.

    Args:
        experiment: Which.
        images: Real training images.
        seed: Of this classifier.
        threads: CPU threads.
    """
    each = epoch_steps(experiment, images)
    steps = _at_most(experiment, experiment.epochs * each)
    same = ("encoder", "batch_size", "optimizer", "learning_rate", "weight_decay", "loss", "label_smoothing")
    return ClassifierConfig.parse(
        {
            **experiment.model_dump(include={*same, "balance", "flips", "shuffle"}),
            "steps": steps,
            "frozen_steps": experiment.frozen_epochs * steps // experiment.epochs,
            "augment": "classical" if experiment.augmentation else "none",
            "evaluate_every": each,
            "keep": kept(experiment),
            "stop": stopping(experiment),
            "fall": falling(experiment),
            "seed": seed,
            "threads": threads,
        },
        where=experiment.model_name,
    )


def autoencoder_config(experiment: Experiment, config: ClassifierConfig, images: int) -> AutoencoderConfig | None:
    """Return how its encoder is trained without labels first, for as many steps as its epochs have; None if it is not.

    Args:
        experiment: Which.
        config: Of the classifier.
        images: Real training images.
    """
    if not experiment.pretrain:
        return None
    steps = _at_most(experiment, experiment.epochs * epoch_steps(experiment, images))
    return pretraining(experiment.pretrain, config, steps=steps)


def kept(experiment: Experiment) -> Keep:
    """Return which look's weights are kept, as the callbacks say; without any the best."""
    stop, checkpoint = _of(experiment, EarlyStoppingSettings), checkpoint_of(experiment)
    if stop and stop.restore_best_weights:
        return stop.measure
    if checkpoint and checkpoint.save_best_only:
        return checkpoint.measure
    return "last" if stop or checkpoint else "best"


def stopping(experiment: Experiment) -> Patience | None:
    """Return when a training ends before its last step."""
    found = _of(experiment, EarlyStoppingSettings)
    if found is None:
        return None
    return Patience(watched=found.measure, least=found.min_delta, looks=found.patience, after=found.start_from_epoch)


def falling(experiment: Experiment) -> RateFall | None:
    """Return when the learning rate falls."""
    found = _of(experiment, ReduceLROnPlateauSettings)
    if found is None:
        return None
    patience = Patience(watched=found.measure, least=found.min_delta, looks=found.patience)
    return RateFall(patience=patience, factor=found.factor, rest=found.cooldown, lowest=found.min_lr)


def checkpoint_of(experiment: Experiment) -> ModelCheckpointSettings | None:
    """Return what `ModelCheckpoint` says."""
    return _of(experiment, ModelCheckpointSettings)


def _of(experiment: Experiment, kind: type[Settings]) -> Settings | None:
    configs = (callback.config for callback in experiment.callbacks)
    return next((config for config in configs if isinstance(config, kind)), None)


def _at_most(experiment: Experiment, steps: int) -> int:
    return min(steps, experiment.max_steps or steps)
