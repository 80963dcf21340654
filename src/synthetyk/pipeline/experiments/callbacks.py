"""Keras' callbacks as an experiment's file names them, and what each means here."""

from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from synthetyk.core.config import Config

Mode = Literal["auto", "min", "max"]
# What a callback may watch: Keras' names. All are measured on validation images at the end of an epoch.
Monitor = Literal["val_loss", "val_accuracy", "val_acc", "val_auc"]
Measure = Literal["loss", "accuracy", "auc"]
MEASURES: dict[Monitor, Measure] = {
    "val_loss": "loss",
    "val_accuracy": "accuracy",
    "val_acc": "accuracy",
    "val_auc": "auc",
}
# Endings of weights files in other formats, which become `ENDING`.
FOREIGN = (".weights.h5", ".h5", ".hdf5", ".keras", ".ckpt", ".pt", ".pth", ".tf")
ENDING = ".safetensors"


class Watching(Config):
    """What every callback watches.

    Attributes:
        monitor: What is watched.
        mode: Whether less or more is better; ``auto`` goes by the name, and another than the right one is refused.
    """

    monitor: Monitor = "val_loss"
    mode: Mode = "auto"

    @property
    def measure(self) -> Measure:
        """What is watched, by the name that it has in a training."""
        return MEASURES[self.monitor]

    @model_validator(mode="after")
    def _mode_fits(self) -> Self:
        right = "min" if self.measure == "loss" else "max"
        if self.mode not in ("auto", right):
            raise ValueError(f"mode {right!r} or 'auto' for {self.monitor}")
        return self


class ModelCheckpointSettings(Watching):
    """Which epoch's weights are kept, and under which name.

    Attributes:
        filepath: Name of the weights file; its ending becomes ``.safetensors``, and folders before it are passed over.
        save_best_only: Keep the best epoch; false: the last.
        save_weights_only: Taken as false: what is needed to use the weights always lies beside them.
        save_freq: Only ``epoch`` is known.
        verbose: Passed over; the log tells every epoch.
        options: Passed over; TensorFlow's alone.
        initial_value_threshold: Passed over.
    """

    filepath: str = "model.safetensors"
    save_best_only: bool = False
    save_weights_only: bool = False
    save_freq: Literal["epoch"] = "epoch"
    verbose: int = 0
    options: None = None
    initial_value_threshold: float | None = None

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        try:
            self.weights_name(0, 0, 0, 0)
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise ValueError(f"a filepath with braces around epoch or {', '.join(MEASURES)} only") from error
        return self

    def weights_name(self, epoch: int, loss: float, accuracy: float, auc: float) -> str:
        """Return the name of the weights file, filled in where it has braces, for example ``model-{epoch:02d}.h5``.

        Args:
            epoch: Which was kept.
            loss: On validation images, then.
            accuracy: The same.
            auc: The same.
        """
        name = PurePosixPath(self.filepath).name
        ending = next((each for each in (*FOREIGN, ENDING) if name.lower().endswith(each)), "")
        figures = {"val_loss": loss, "val_accuracy": accuracy, "val_acc": accuracy, "val_auc": auc}
        return name[: len(name) - len(ending)].format(epoch=epoch, **figures) + ENDING

    @property
    def foreign(self) -> bool:
        """Whether another format was asked for."""
        return self.filepath.lower().endswith(FOREIGN)


class EarlyStoppingSettings(Watching):
    """When a training ends before its last epoch.

    Attributes:
        min_delta: By less than this it has not.
        patience: Epochs in a row without.
        restore_best_weights: Keep the best epoch; false: what `ModelCheckpoint` says, or the last.
        start_from_epoch: Epochs before which nothing is counted.
        baseline: Passed over.
        verbose: Passed over.
    """

    min_delta: float = Field(default=0, ge=0)
    patience: int = Field(default=0, ge=0)
    restore_best_weights: bool = False
    start_from_epoch: int = Field(default=0, ge=0)
    baseline: float | None = None
    verbose: int = 0


class ReduceLROnPlateauSettings(Watching):
    """When the learning rate falls.

    Attributes:
        factor: What the rate is multiplied with.
        patience: Epochs in a row without.
        min_delta: By less than this it has not.
        cooldown: Epochs after a fall in which nothing is counted.
        min_lr: It never falls below this.
        verbose: Passed over.
    """

    factor: float = Field(default=0.1, gt=0, lt=1)
    patience: int = Field(default=10, ge=0)
    min_delta: float = Field(default=1e-4, ge=0)
    cooldown: int = Field(default=0, ge=0)
    min_lr: float = Field(default=0, ge=0)
    verbose: int = 0


class ModelCheckpoint(Config):
    """``{"class_name": "ModelCheckpoint", "config": {...}}``."""

    class_name: Literal["ModelCheckpoint"] = "ModelCheckpoint"
    config: ModelCheckpointSettings = ModelCheckpointSettings()


class EarlyStopping(Config):
    """``{"class_name": "EarlyStopping", "config": {...}}``."""

    class_name: Literal["EarlyStopping"] = "EarlyStopping"
    config: EarlyStoppingSettings = EarlyStoppingSettings()


class ReduceLROnPlateau(Config):
    """``{"class_name": "ReduceLROnPlateau", "config": {...}}``."""

    class_name: Literal["ReduceLROnPlateau"] = "ReduceLROnPlateau"
    config: ReduceLROnPlateauSettings = ReduceLROnPlateauSettings()


Callback = Annotated[ModelCheckpoint | EarlyStopping | ReduceLROnPlateau, Field(discriminator="class_name")]
