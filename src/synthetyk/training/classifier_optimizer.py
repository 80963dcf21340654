"""What moves a classifier's weights: optimisers by name, the rate of each step, and the share of the average kept."""

from collections.abc import Callable
from typing import Any

import torch

from synthetyk.models.image_classifier import ImageClassifier
from synthetyk.training.classifier import ClassifierConfig, OptimizerName

OPTIMIZERS: dict[OptimizerName, Callable[[Any, float], torch.optim.Optimizer]] = {
    "adam": lambda groups, rate: torch.optim.Adam(_without_decay(groups), lr=rate, fused=True),
    "adamw": lambda groups, rate: torch.optim.AdamW(groups, lr=rate, fused=True),
    "nadam": lambda groups, rate: torch.optim.NAdam(_without_decay(groups), lr=rate),
    "rmsprop": lambda groups, rate: torch.optim.RMSprop(_without_decay(groups), lr=rate),
    "sgd": lambda groups, rate: torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True, fused=True),
}


def optimizer_of(network: ImageClassifier, config: ClassifierConfig) -> torch.optim.Optimizer:
    """Return what moves a network's weights: encoder and head at rates of their own, decay on kernels only."""
    parts = ((network.encoder, config.encoder_rate), (network.head, 1.0))
    groups = [
        {"params": chosen, "weight_decay": decay, "part": part}
        for module, part in parts
        for kernels, decay in ((True, config.weight_decay), (False, 0.0))
        if (chosen := [p for p in module.parameters() if (p.ndim > 1) == kernels])
    ]
    return OPTIMIZERS[config.optimizer](groups, config.learning_rate)


def _without_decay(groups: Any) -> Any:
    """Leave out what only AdamW and SGD do as decay is meant: taking a part of each weight away."""
    return [{**group, "weight_decay": 0.0} for group in groups]


def learning_rate_at(step: int, config: ClassifierConfig) -> float:
    """Return the rate of one step: a linear rise over the first tenth, then constant.

    The weights' average does what a falling rate would do (Izmailov et al., "Averaging weights leads to wider optima
    and better generalization", UAI 2018), and a curve that has gone flat has done so because nothing more is learned.
    """
    return config.learning_rate * min(1.0, (step + 1) / max(config.steps // 10, 1))


def averaging(step: int, config: ClassifierConfig) -> float:
    """Return the share of the average kept in one step.

    Early on an exponential average spans a ninth of the steps so far. A plain one begins anew at the last quarter.
    """
    begun = step - (config.steps - max(1, config.steps // 4))
    if config.average == "swa" and begun >= 0:
        return begun / (begun + 1)
    return min(config.ema_decay, (1 + step) / (10 + step))
