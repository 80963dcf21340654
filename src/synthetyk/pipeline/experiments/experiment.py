"""What an experiment's JSON file may say: the source's keys as they stand, and ours beside them."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path, PurePath
from typing import Any, Literal, Self, get_origin

from pydantic import Field, field_validator, model_validator

from synthetyk.core.artifacts import read_json
from synthetyk.core.config import Config
from synthetyk.core.errors import ConfigError
from synthetyk.evaluation.experiments.words import called
from synthetyk.pipeline.experiments.callbacks import Callback

Optimizer = Literal["adam", "adamw", "nadam", "rmsprop", "sgd"]
Loss = Literal["cross_entropy", "focal"]
Metric = Literal["accuracy", "auc", "balanced_accuracy", "f1", "precision", "recall", "specificity"]
# Keras names the same loss by how labels are written, which nobody has to say here.
LOSSES = dict.fromkeys(
    ("categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy"), "cross_entropy"
)
METRICS = {"acc": "accuracy", "AUC": "auc"}
# Keys on which no classifier depends.
BESIDE = {
    *("model_name", "metrics", "num_workers", "seeds", "seed", "compress", "tracker", "wandb", "model_save_dir"),
    "verbose",
}

DECAYING = ("adamw", "sgd")  # optimizers that take a part of each weight away
SMALLEST = 8  # pixels
TAKEN = {"compressed", "stages"}  # folders of an experiment that are not the model's


class Wandb(Config):
    """``"wandb": {...}``: where Weights & Biases keeps the runs.

    Attributes:
        project: Name of the project; ``WANDB_PROJECT`` goes before it.
        entity: Whose project; ``WANDB_ENTITY`` goes before it.
        mode: ``online`` sends the runs; ``WANDB_MODE`` goes before it.
        name: Passed over; runs are called as experiments are.
        group: Passed over; the seeds of an experiment form a group.
        tags: Passed over.
        notes: Passed over.
    """

    project: str = "synthetyk"
    entity: str | None = None
    mode: Literal["online", "offline", "disabled"] = "offline"
    name: str | None = None
    group: str | None = None
    tags: tuple[str, ...] | None = None
    notes: str | None = None


class Experiment(Config):
    """One classifier, or one for each seed.

    Attributes:
        model_name: What it is called in tables; empty: the file's name, and what a grid varies.
        data: Where the images are; ``--data`` goes before it.
        image_size: Height and width in pixels that images are brought to; 0: as the plan of `synthetyk run` would.
        encoder: Name of a registered encoder.
        weights: File with published weights that the encoder begins with; empty: none.
        weights_convention: What those weights want to see: ``torchvision`` RGB at ImageNet's mean and deviation,
            ``caffe``, of SqueezeNet only, BGR from 0 to 255 less a mean.
        pretrain: What the encoder learns from the training images without their labels first, as in a run: to draw
            them through a narrow place (``autoencoder``), to take noise away (``denoise``), or to fill in squares
            (``mask``).
        synthetic: A synthetic set that `synthetyk generate` wrote, to train on beside the real images; empty: none.
        epochs: As many steps as show every real training image this often; synthetic ones make no training longer.
        max_steps: Training steps at most; 0: as many as the epochs have.
        frozen_epochs: First epochs in which only the head learns; with `max_steps` as large a part of those steps.
        batch_size: Images per step.
        learning_rate: Of the optimizer.
        optimizer: By its usual name.
        weight_decay: Of ``adamw`` and ``sgd``.
        loss: ``cross_entropy``, or ``focal`` (Lin et al., "Focal loss for dense object detection", ICCV 2017) with a
            gamma of 2. Keras' names of cross-entropy mean it too.
        label_smoothing: Share of the target spread over all classes.
        metrics: What the table shows beside the loss.
        balance: Whether rare classes weigh more in the loss, or are drawn as often as others.
        augmentation: Whether training images are turned, shifted, scaled, brightened and noised a little.
        flips: Whether augmentation may also mirror and turn upside down.
        validation_split: Part of the training images that validates, where the data set says nothing itself; None: as
            `synthetyk run` carves, so that a run with the same seed has the same splits.
        shuffle: Whether each epoch has an order of its own; false: the data set's.
        num_workers: Seeds and experiments trained side by side at most; 0: as many as there are cores. Images need no
            workers, since they are decoded once.
        seeds: How many seeds each experiment is trained with.
        seed: The first of them.
        callbacks: Keras' `ModelCheckpoint`, `EarlyStopping` and `ReduceLROnPlateau`.
        compress: Whether its model is quantised and pruned afterwards.
        tracker: Where numbers go beside the JSON lines: a tracker's name, or several.
        wandb: The same as the tracker ``wandb``; its settings, or yes or no.
        model_save_dir: Where the model goes, in the experiment's folder.
        verbose: 0: one line for each experiment; 1: progress; 2: one line for each epoch.
    """

    model_name: str = ""
    data: str = ""
    image_size: int = Field(default=0, ge=0)
    encoder: str = "edgenet"
    weights: str = ""
    weights_convention: Literal["torchvision", "caffe"] = "torchvision"
    pretrain: Literal["", "autoencoder", "denoise", "mask"] = ""
    synthetic: str = ""
    epochs: int = Field(default=20, ge=1)
    max_steps: int = Field(default=0, ge=0)
    frozen_epochs: int = Field(default=0, ge=0)
    batch_size: int = Field(default=32, ge=2)
    learning_rate: float = Field(default=1e-3, gt=0)
    optimizer: Optimizer = "adam"
    weight_decay: float = Field(default=0.0, ge=0)
    loss: Loss = "cross_entropy"
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    metrics: tuple[Metric, ...] = ("accuracy", "auc")
    balance: Literal["none", "weights", "oversample"] = "none"
    augmentation: bool = False
    flips: bool = False
    validation_split: float | None = Field(default=0.2, gt=0, lt=1)
    shuffle: bool = True
    num_workers: int = Field(default=0, ge=0)
    seeds: int = Field(default=1, ge=1)
    seed: int = Field(default=0, ge=0)
    callbacks: tuple[Callback, ...] = ()
    compress: bool = True
    tracker: tuple[str, ...] = ()
    wandb: Wandb | bool = False
    model_save_dir: str = "export_model"
    verbose: Literal[0, 1, 2] = 1

    @field_validator("loss", mode="before")
    @classmethod
    def _one_name_of_a_loss(cls, loss: Any) -> Any:
        return LOSSES.get(loss, loss) if isinstance(loss, str) else loss

    @field_validator("metrics", mode="before")
    @classmethod
    def _one_name_of_a_metric(cls, metrics: Any) -> Any:
        if not isinstance(metrics, list | tuple):
            return metrics
        return [METRICS.get(metric, metric) if isinstance(metric, str) else metric for metric in metrics]

    @field_validator("tracker", mode="before")
    @classmethod
    def _several_trackers(cls, tracker: Any) -> Any:
        return [name.strip() for name in tracker.split(",") if name.strip()] if isinstance(tracker, str) else tracker

    @field_validator("model_save_dir")
    @classmethod
    def _stays_inside(cls, folder: str) -> str:
        parts = PurePath(folder).parts
        if (
            not parts
            or PurePath(folder).is_absolute()
            or ".." in parts
            or re.fullmatch(r"seed-\d+", parts[0], re.IGNORECASE)
        ):
            raise ValueError("a folder within the experiment's, for example export_model")
        if parts[0].casefold() in TAKEN:
            raise ValueError(f"another folder than {', '.join(sorted(TAKEN))}, which hold something else")
        return folder

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        kinds = [callback.class_name for callback in self.callbacks]
        if twice := sorted({kind for kind in kinds if kinds.count(kind) > 1}):
            raise ValueError(f"one {twice[0]} at most")
        if self.weights and self.pretrain:
            raise ValueError("weights or pretrain, not both")
        if self.weight_decay and self.optimizer not in DECAYING:
            raise ValueError(f"weight_decay with {' or '.join(DECAYING)} only, not with {self.optimizer}")
        if self.frozen_epochs >= self.epochs:
            raise ValueError("fewer frozen_epochs than epochs, or the encoder never learns")
        if 0 < self.image_size < SMALLEST:
            raise ValueError(f"an image_size of 0, or of {SMALLEST} at least")
        return self

    @property
    def trackers(self) -> tuple[str, ...]:
        """Names of the trackers beside JSON lines."""
        return tuple(dict.fromkeys([*self.tracker, *(["wandb"] if self.wandb else [])]))

    @property
    def deciding(self) -> dict[str, Any]:
        """Everything on which its classifiers depend, as in JSON; seeds apart."""
        callbacks = [{"class_name": each.class_name, "config": _said_of(each)} for each in self.callbacks]
        return self.model_dump(mode="json", exclude=BESIDE) | {"callbacks": callbacks}


LISTS = {name for name, field in Experiment.model_fields.items() if get_origin(field.annotation) is tuple}


def read_experiments(
    paths: Sequence[Path], defaults: Path | None = None, *, given: Collection[str] = ()
) -> dict[str, Experiment]:
    """Read files, lay each over the defaults, and unfold their grids.

    Args:
        paths: JSON files with one object each.
        defaults: A file of the same keys, for what the others do not say.
        given: Keys that will be laid over all of them, so that no grid can vary them.

    Returns:
        Experiments by their names, which differ.

    Raises:
        ArtifactError: A file is missing or no JSON object.
        ConfigError: A key is unknown, a value is refused, a grid varies a key that is given, or two experiments have
            one name.
    """
    below = read_json(defaults) if defaults else {}
    found: dict[str, Experiment] = {}
    for path in paths:
        values = {name: value for name, value in {**below, **read_json(path)}.items() if name != "$schema"}
        if lost := [name for name in given if _varies(name, values.get(name))]:
            raise ConfigError(f"{path} varies {lost[0]}, which the command line says too", action="Say it in one place")
        for named, one in grid(values):
            experiment = Experiment.parse(one, where=str(path))
            name = " ".join(filter(None, [experiment.model_name or path.stem, named]))
            if name in found:
                raise ConfigError(f"Two experiments are called {name!r}", action="Give one of them a model_name")
            found[name] = experiment.replace(model_name=name)
    return found


def grid(values: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every combination of what stands in lists, and in words what sets it apart.

    A key whose value is a list itself, such as ``metrics``, varies if its list holds lists.
    """
    varied = {name: value for name, value in values.items() if _varies(name, value)}
    for name, value in varied.items():
        if not value:
            raise ConfigError(f"The list of {name} is empty", expected="at least one value")
    for chosen in product(*varied.values()):
        picked = dict(zip(varied, chosen, strict=True))
        yield ", ".join(f"{name}={_said(value)}" for name, value in picked.items()), {**values, **picked}


def _varies(name: str, value: Any) -> bool:
    if not isinstance(value, list):
        return False
    return any(isinstance(item, list) for item in value) if name in LISTS else True


def _said(value: Any) -> str:
    if isinstance(value, list):
        return "+".join(map(_said, value)) or "none"
    if isinstance(value, dict):
        return called(value)
    if isinstance(value, str):
        return "/".join(PurePath(value).parts[-2:]) or "none"
    return str(value).lower()


def _said_of(callback: Callback) -> dict[str, Any]:
    return callback.config.model_dump(mode="json", exclude_defaults=True)
