"""From plan values to the settings of each trainer."""

from typing import Any

from synthetyk.compression.report import CompressionConfig
from synthetyk.core.errors import ConfigError
from synthetyk.data.classes import Classes
from synthetyk.evaluation.study.report import StudyConfig
from synthetyk.models.gan_network import architecture
from synthetyk.training.autoencoder import AutoencoderConfig
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.recipes import Recipe, recipe

OWN_RATE = ClassifierConfig().learning_rate  # of EdgeNet from nothing
PRETRAINED_CODE = 16  # channels: narrower than any encoder's maps, so that drawing takes more than copying


def gan_config(plan: Any, *, classes: int, seed: int) -> GANConfig:
    """Return the GAN's settings.

    Args:
        plan: Anything with the attributes of `plan.PlanValues` that begin with ``gan_``, and the common ones.
        classes: Classes of the data set, 0 without labels.
        seed: Seed of this GAN.

    Raises:
        ConfigError: The values do not fit each other.
    """
    chosen = recipe(plan.gan_recipe)
    return GANConfig.parse(
        {
            "network": _network(plan, chosen, classes),
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


def why_shared(chosen: Recipe) -> str:
    """Return why the classes of a recipe must share a discriminator; empty: they need not."""
    if chosen.ramp:
        return "the recipe fades the classes in"
    if architecture(chosen.architecture).discriminator_normalises:
        return "the recipe's discriminator normalises over a batch, of which each would see a part"
    return ""


def _network(plan: Any, chosen: Recipe, classes: int) -> dict[str, Any]:
    """Return the settings of both networks."""
    told = classes if plan.conditional else 0
    refused = "no classes are told apart" if not told else why_shared(chosen)
    if plan.gan_discriminator == "per_class" and refused:
        raise ConfigError(
            f"gan_discriminator is per_class, but {refused}", expected="shared", action="Set gan_discriminator=shared"
        )
    return {
        "architecture": chosen.architecture,
        "layers": chosen.layers,
        "width_limit": chosen.width_limit,
        "resolution": plan.resolution,
        "channels": plan.channels,
        "classes": told,
        "latent": plan.latent,
        "width": plan.gan_width,
        "discriminator": plan.gan_discriminator,
    }


def classifier_config(plan: Any, *, steps: int, seed: int) -> ClassifierConfig:
    """Return a classifier's settings; arms and seeds of the study vary them.

    Args:
        plan: Anything with the attributes of `plan.PlanValues` that begin with ``classifier_``.
        steps: Training steps.
        seed: Seed of this classifier.
    """
    return ClassifierConfig.parse(
        {
            "encoder": plan.classifier_encoder,
            "width": plan.classifier_width,
            "steps": steps,
            "batch_size": plan.classifier_batch_size,
            "learning_rate": plan.classifier_learning_rate,
            "encoder_rate": plan.classifier_encoder_rate,
            "frozen_steps": plan.classifier_frozen_steps,
            "flips": plan.classifier_flips,
            "views": plan.classifier_views,
            "evaluate_every": max(1, steps // 16),
            "precision": plan.classifier_precision,
            "seed": seed,
        },
        where="the plan",
    )


def features_config(plan: Any, *, seed: int) -> ClassifierConfig:
    """Return the settings of the feature network: always EdgeNet from nothing, whatever the classifiers are.

    Args:
        plan: As `classifier_config` takes it.
        seed: The run's seed.
    """
    config = classifier_config(plan, steps=plan.features_steps, seed=seed)
    rate = plan.classifier_learning_rate if plan.classifier_weights == "none" else OWN_RATE
    config = config.replace(encoder="edgenet", learning_rate=rate, encoder_rate=1.0, frozen_steps=0, views=0)
    return config.replace(augment="classical", balance="oversample")


def pretrain_config(plan: Any, *, seed: int) -> AutoencoderConfig | None:
    """Return the settings of the autoencoder that classifiers begin with, or None.

    Args:
        plan: Anything with the attributes of `plan.PlanValues` that begin with ``classifier_``, and the common ones.
        seed: The run's seed.
    """
    if plan.classifier_pretrain == "none":
        return None
    config = classifier_config(plan, steps=plan.classifier_steps, seed=seed).replace(threads=plan.threads)
    return pretraining(plan.classifier_pretrain, config, steps=plan.classifier_pretrain_steps)


def pretraining(task: str, config: ClassifierConfig, *, steps: int) -> AutoencoderConfig:
    """Return how a classifier's encoder learns without labels before it learns with them.

    Args:
        task: ``autoencoder`` draws images through a narrow place, ``denoise`` takes noise away, ``mask`` fills squares.
        config: Of the classifier.
        steps: Training steps.
    """
    draws = task == "autoencoder"
    same = {"encoder", "width", "flips", "batch_size", "seed", "threads"}
    return AutoencoderConfig.parse(
        {
            **config.model_dump(include=same),
            "task": "draw" if draws else task,
            "code": PRETRAINED_CODE if draws else 0,
            "augment": True,
            "steps": steps,
            "evaluate_every": max(1, steps // 10),
        },
        where="the settings of its classifier",
    )


def anomaly_config(plan: Any, *, seed: int) -> AutoencoderConfig:
    """Return the settings of the autoencoder that finds anomalies.

    Args:
        plan: Anything with the attributes of `plan.PlanValues` that begin with ``anomaly_``, and the common ones.
        seed: The run's seed.
    """
    return AutoencoderConfig.parse(
        {
            "task": "draw",
            "width": plan.classifier_width,
            "code": plan.anomaly_code,
            "steps": plan.anomaly_steps,
            "batch_size": plan.classifier_batch_size,
            "evaluate_every": max(1, plan.anomaly_steps // 16),
            "seed": seed,
            "threads": plan.threads,
        },
        where="the plan",
    )


def study_config(plan: Any, *, seed: int, classes: Classes | None = None) -> StudyConfig:
    """Return the study's settings.

    Args:
        plan: Anything with the attributes of `plan.PlanValues` that begin with ``study_`` and ``classifier_``.
        seed: The run's seed.
        classes: What is known of the classes.
    """
    return StudyConfig.parse(
        {
            "seed": seed,
            "seeds": plan.study_seeds,
            "arms": tuple(name.strip() for name in plan.study_arms.split(",")),
            "classifier": classifier_config(plan, steps=plan.classifier_steps, seed=seed),
            "weights": plan.classifier_weights,
            "pretrain": pretrain_config(plan, seed=seed),
            "resamples": plan.study_resamples,
            "workers": plan.study_workers,
            "positive_class": plan.positive_class or None,
            "normal_class": classes.normal if classes else None,
            "positive_type": _positive_type(classes) if classes else None,
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
            "rows": row_list(plan.compress_rows),
            "steps": plan.compress_steps,
            "resamples": plan.study_resamples,
            "positive_class": plan.positive_class or None,
            "seed": seed,
        },
        where="the plan",
    )


def row_list(text: str) -> list[str]:
    """Return the names of rows that stand in a text, with commas between them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _positive_type(classes: Classes) -> str | None:
    """Return the one of two types that is a risk, if the other is none."""
    types = [each for each in classes.classes if not each.normal]
    risks = [each.name for each in types if each.risk]
    return risks[0] if (len(types), len(risks)) == (2, 1) else None
