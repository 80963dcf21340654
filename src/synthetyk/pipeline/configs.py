"""From plan values to the settings of each trainer."""

from typing import Any

from synthetyk.compression.report import CompressionConfig
from synthetyk.evaluation.study.report import StudyConfig
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.recipes import recipe


def gan_config(plan: Any, *, classes: int, seed: int) -> GANConfig:
    """Return the GAN's settings.

    Args:
        plan: Anything with the attributes of `plan.PlanValues` that begin with ``gan_``, and the common ones.
        classes: Classes of the data set, 0 without labels.
        seed: Seed of this GAN.
    """
    chosen = recipe(plan.gan_recipe)
    return GANConfig.parse(
        {
            "network": {
                "architecture": chosen.architecture,
                "layers": chosen.layers,
                "width_limit": chosen.width_limit,
                "resolution": plan.resolution,
                "channels": plan.channels,
                "classes": classes if plan.conditional else 0,
                "latent": plan.latent,
                "width": plan.gan_width,
            },
            "batch_size": plan.gan_batch_size,
            "optimizer": plan.gan_optimizer,
            "learning_rate_g": plan.gan_learning_rate,
            "learning_rate_d": plan.gan_learning_rate * chosen.discriminator_rate,
            "betas": chosen.betas,
            "loss": chosen.loss,
            "r1": plan.gan_r1,
            "r2": plan.gan_r2,
            "penalty_every": chosen.penalty_every,
            "spread": plan.gan_spread,
            "cooldown": chosen.cooldown,
            "ramp": chosen.ramp,
            "ema_half_life_kimg": plan.gan_ema_kimg,
            "kimg": plan.gan_kimg,
            "seed": seed,
            "tick_kimg": plan.gan_tick_kimg,
            "checkpoint_kimg": plan.gan_checkpoint_kimg,
            "sample_kimg": plan.gan_sample_kimg,
            "augment": plan.gan_augment,
            "threads": plan.threads,
            "precision": plan.gan_precision,
            "device": plan.device,
        },
        where="the plan",
    )


def classifier_config(plan: Any, *, steps: int, seed: int) -> ClassifierConfig:
    """Return a classifier's settings; arms and seeds of the study vary them.

    Args:
        plan: Anything with the attributes of `plan.PlanValues` that begin with ``classifier_``.
        steps: Training steps.
        seed: Seed of this classifier.
    """
    return ClassifierConfig.parse(
        {
            "width": plan.classifier_width,
            "steps": steps,
            "batch_size": plan.classifier_batch_size,
            "learning_rate": plan.classifier_learning_rate,
            "flips": plan.classifier_flips,
            "evaluate_every": max(1, steps // 16),
            "precision": plan.classifier_precision,
            "seed": seed,
        },
        where="the plan",
    )


def study_config(plan: Any, *, seed: int) -> StudyConfig:
    """Return the study's settings.

    Args:
        plan: Anything with the attributes of `plan.PlanValues` that begin with ``study_`` and ``classifier_``.
        seed: The run's seed.
    """
    return StudyConfig.parse(
        {
            "seed": seed,
            "seeds": plan.study_seeds,
            "classifier": classifier_config(plan, steps=plan.classifier_steps, seed=seed),
            "resamples": plan.study_resamples,
            "workers": plan.study_workers,
            "positive_class": plan.positive_class or None,
        },
        where="the plan",
    )


def compression_config(plan: Any, *, seed: int) -> CompressionConfig:
    """Return the settings by which models are compressed.

    Args:
        plan: Anything with the attributes of `plan.PlanValues` that begin with ``compress_``.
        seed: The run's seed.
    """
    return CompressionConfig.parse(
        {
            "rows": [name.strip() for name in plan.compress_rows.split(",") if name.strip()],
            "steps": plan.compress_steps,
            "resamples": plan.study_resamples,
            "positive_class": plan.positive_class or None,
            "seed": seed,
        },
        where="the plan",
    )
