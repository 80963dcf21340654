"""Keras' callbacks as an experiment's file names them, and what each means here."""

from typing import Annotated, Literal

from pydantic import Field

from synthetyk.core.config import Config

Mode = Literal["auto", "min", "max"]
# What a callback may watch: Keras' names. All are measured on validation images at the end of an epoch.
Monitor = Literal["val_loss", "val_accuracy", "val_acc", "val_auc"]


class ModelCheckpointSettings(Config):
    """Which epoch's weights are kept, and under which name.

    Attributes:
        filepath: Name of the weights file; its ending becomes ``.safetensors``.
        monitor: What tells the best epoch.
        save_best_only: Keep the best epoch; false: the last.
        save_weights_only: Taken as false: what is needed to use the weights always lies beside them.
        mode: Whether less or more is better; ``auto`` goes by the name.
        save_freq: Only ``epoch`` is known.
        verbose: Passed over; the log tells every epoch.
        options: Passed over; TensorFlow's alone.
        initial_value_threshold: Passed over.
    """

    filepath: str = "model.safetensors"
    monitor: Monitor = "val_loss"
    save_best_only: bool = False
    save_weights_only: bool = False
    mode: Mode = "auto"
    save_freq: Literal["epoch"] = "epoch"
    verbose: int = 0
    options: None = None
    initial_value_threshold: float | None = None


class EarlyStoppingSettings(Config):
    """When a training ends before its last epoch.

    Attributes:
        monitor: What has to get better.
        min_delta: By less than this it has not.
        patience: Epochs in a row without.
        mode: Whether less or more is better; ``auto`` goes by the name.
        restore_best_weights: Keep the best epoch; false: what `ModelCheckpoint` says, or the last.
        start_from_epoch: Epochs before which nothing is counted.
        baseline: Passed over.
        verbose: Passed over.
    """

    monitor: Monitor = "val_loss"
    min_delta: float = Field(default=0, ge=0)
    patience: int = Field(default=0, ge=0)
    mode: Mode = "auto"
    restore_best_weights: bool = False
    start_from_epoch: int = Field(default=0, ge=0)
    baseline: float | None = None
    verbose: int = 0


class ReduceLROnPlateauSettings(Config):
    """When the learning rate falls.

    Attributes:
        monitor: What has to get better.
        factor: What the rate is multiplied with.
        patience: Epochs in a row without.
        min_delta: By less than this it has not.
        mode: Whether less or more is better; ``auto`` goes by the name.
        cooldown: Epochs after a fall in which nothing is counted.
        min_lr: It never falls below this.
        verbose: Passed over.
    """

    monitor: Monitor = "val_loss"
    factor: float = Field(default=0.1, gt=0, lt=1)
    patience: int = Field(default=10, ge=0)
    min_delta: float = Field(default=1e-4, ge=0)
    mode: Mode = "auto"
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
