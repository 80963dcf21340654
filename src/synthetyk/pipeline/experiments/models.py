"""The model of an experiment: the seed that is kept, and the files that are handed out."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from synthetyk.pipeline.experiments.configs import checkpoint_of, epoch_steps
from synthetyk.pipeline.experiments.experiment import Experiment
from synthetyk.pipeline.experiments.training import Result, Training
from synthetyk.training.classifier import SETTINGS_FILE, WEIGHTS_FILE


def chosen_training(done: Sequence[tuple[Training, Result]]) -> Training:
    """Return the training with the highest AUC on validation images, among equals with the lowest loss."""
    return max(done, key=lambda one: (one[1].about.best.auc or 0.0, -one[1].about.best.loss))[0]


def hand_out(experiment: Experiment, training: Training, result: Result, home: Path) -> str:
    """Put a model where the experiment wants it, under the name that `ModelCheckpoint` gives it.

    The folder also holds ``classifier.json`` and ``classifier.safetensors``, with which `TrainedClassifier.load` reads
    it. Weights are linked where the file system can, so that they lie there once.

    Args:
        experiment: Says where and under which name.
        training: Left the model.
        result: Its figures.
        home: The experiment's folder.

    Returns:
        Name of the weights file.
    """
    folder = home / experiment.model_save_dir
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(training.folder / SETTINGS_FILE, folder / SETTINGS_FILE)
    name = _weights_name(experiment, result)
    for each in dict.fromkeys((WEIGHTS_FILE, name)):
        _link(training.folder / WEIGHTS_FILE, folder / each)
    return name


def _weights_name(experiment: Experiment, result: Result) -> str:
    checkpoint, best = checkpoint_of(experiment), result.about.best
    if checkpoint is None:
        return WEIGHTS_FILE
    epoch = -(-best.step // epoch_steps(experiment, sum(result.about.counts)))
    return checkpoint.weights_name(epoch, best.loss, best.accuracy, best.auc or 0.0)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
