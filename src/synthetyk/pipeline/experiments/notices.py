"""What is done otherwise than a file of experiments says, and what it says that has no effect."""

from collections.abc import Iterator
from pathlib import Path

from synthetyk.evaluation.synthetic_set import images_met
from synthetyk.pipeline.experiments.callbacks import EarlyStoppingSettings, ModelCheckpointSettings
from synthetyk.pipeline.experiments.configs import checkpoint_of
from synthetyk.pipeline.experiments.experiment import Experiment, Wandb
from synthetyk.pipeline.experiments.folder import ExperimentsAsked


def notices(asked: ExperimentsAsked) -> list[str]:
    """Say what is done otherwise than a file says, and what nobody but its writer can know."""
    experiments = asked.experiments.items()
    sets = dict.fromkeys(one.synthetic for _, one in experiments if one.synthetic)
    return [
        *(
            f"{path}: it does not say which images its GAN met. Figures hold only if it met none of the validation and "
            "test images here. Splits that a data set does not bring are carved, perhaps otherwise than for that GAN."
            for path in sets
            if images_met(Path(path)) is None
        ),
        *(f"{name}: {words}" for name, one in experiments for true, words in _of(one) if true),
    ]


def _of(one: Experiment) -> Iterator[tuple[bool, str]]:
    """Yield what might be said, and whether it is true."""
    checkpoint = checkpoint_of(one)
    if checkpoint:
        suffix = Path(checkpoint.filepath).suffix
        yield checkpoint.foreign, f"weights are kept as safetensors, not as {suffix} as {checkpoint.filepath} asks for."
    yield one.flips and not (one.augmentation or one.pretrain), "flips has no effect without augmentation."
    yield (
        one.weights_convention != "torchvision" and not one.weights,
        "weights_convention has no effect without weights.",
    )
    if passed_over := [*_of_callbacks(one), *_of_wandb(one)]:
        yield True, f"passed over: {', '.join(passed_over)}."


def _of_callbacks(one: Experiment) -> Iterator[str]:
    for callback in one.callbacks:
        config = callback.config
        if isinstance(config, EarlyStoppingSettings) and config.baseline is not None:
            yield "baseline of EarlyStopping"
        if isinstance(config, ModelCheckpointSettings) and config.initial_value_threshold is not None:
            yield "initial_value_threshold of ModelCheckpoint"


def _of_wandb(one: Experiment) -> Iterator[str]:
    if isinstance(one.wandb, Wandb):
        yield from (f"{key} of wandb" for key in ("name", "group", "tags", "notes") if getattr(one.wandb, key))
