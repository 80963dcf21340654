"""The plan: every number that the stages use, derived from the data, the machine and the budget, with its reason.

The budget is wall time and is used once, here: measured speeds turn it into fixed steps, so that a resumed or repeated
run does the same work however busy the machine is.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, TypeAdapter, ValidationError

from synthetyk.core.artifacts import Artifact, Migration
from synthetyk.core.config import Config, nearest
from synthetyk.core.errors import ConfigError
from synthetyk.pipeline.plan_migrations import MIGRATIONS
from synthetyk.pipeline.settings import Origin, Override


class PlanValues(Config):
    """What the stages do.

    Attributes:
        resolution: Height and width of the cached images in pixels.
        channels: 1 (grey) or 3 (RGB).
        fit: How an image that is not square becomes square.
        train_fraction: Part of the training split that is used at all.
        threads: Threads of the GAN's training.
        device: ``cpu`` or ``cuda``.
        conditional: Whether one generator makes every class on request.
        latent: Numbers in the noise vector z.
        gan_recipe: Name of a registered recipe: networks, loss, optimiser and what else no rule on the data decides.
        gan_discriminator: Whether one discriminator is ``shared`` by all classes, or there is one ``per_class``, which
            keeps more of the images that are hard to classify and wants many of each class.
        gan_width: Channels of the layer next to the image; 128 is the DCGAN paper's network.
        gan_batch_size: Images per step.
        gan_optimizer: ``adam`` or ``rmsprop``.
        gan_learning_rate: Of the generator; the discriminator's is a multiple of it that the recipe names.
        gan_r1: Weight of the gradient penalty on real images.
        gan_r2: Weight of the gradient penalty on generated images.
        gan_spread: Weight of what holds generated images as varied as real ones.
        gan_augment: DiffAugment policy; empty for none.
        gan_precision: ``fp32`` or ``bf16`` autocast.
        gan_kimg: Thousand real images shown.
        gan_ema_kimg: Half-life of the generator's moving average, in thousand images; that of a second, brief one is a
            fifth of it.
        gan_checkpoint_kimg: Thousand images between checkpoints, the most that a kill can lose.
        gan_tick_kimg: Thousand images between lines of metrics.
        gan_sample_kimg: Thousand images between sample sheets.
        gan_seeds: How many GANs are trained; with one, the study's interval holds for that one.
        extractor: The feature network that evaluation leads with.
        evaluation_count: Most images on each side of a distance.
        synthetic_per_class: Images generated for each class.
        classifier_encoder: Name of the classifiers' encoder.
        classifier_weights: Whether it begins with published weights (``--encoder-weights``), and in whose convention:
            ``torchvision``, or ``caffe`` (SqueezeNet only).
        classifier_pretrain: What it learns first, on all training images without their labels: to draw them through a
            narrow place (``autoencoder``), to ``denoise`` them, to fill in squares (``mask``), or nothing.
        classifier_pretrain_steps: Optimiser steps of that.
        classifier_frozen_steps: First steps in which only the head learns.
        classifier_encoder_rate: The encoder's learning rate as a part of the head's.
        classifier_width: Channels of EdgeNet's first block.
        classifier_steps: Optimiser steps of every classifier in the study, the same in each arm.
        classifier_batch_size: Images per step.
        classifier_learning_rate: Peak of the schedule.
        classifier_flips: Whether augmentation may mirror images.
        classifier_views: Changed copies of an image that a classifier averages over, if it loses less on validation.
        classifier_precision: ``fp32`` or ``bf16`` autocast.
        features_steps: Optimiser steps of the feature network.
        anomaly_steps: Optimiser steps of the autoencoder that finds anomalies; it is trained only when asked for.
        anomaly_code: Channels of its narrow place: what is strange must not fit through it.
        positive_class: Two classes only: whose recall is called sensitivity; empty: the second.
        study_arms: Names of the study's arms, with commas between them.
        study_seeds: Classifiers per arm.
        study_workers: Processes that train classifiers side by side, one thread each.
        study_resamples: Bootstrap resamples.
        compress_rows: What is made of the classifier when it is compressed, names with commas between them.
        compress_steps: Training steps of what is pruned, three times as many for what is distilled.
    """

    resolution: Literal[28, 32, 64, 128, 256]
    channels: Literal[1, 3]
    fit: Literal["stretch", "pad", "crop"]
    train_fraction: float = Field(gt=0, le=1)
    threads: int = Field(ge=1)
    device: Literal["cpu", "cuda"]
    conditional: bool
    latent: int = Field(ge=1)
    gan_recipe: str
    gan_discriminator: Literal["shared", "per_class"]
    gan_width: int = Field(ge=4)
    gan_batch_size: int = Field(ge=2)
    gan_optimizer: Literal["adam", "rmsprop"]
    gan_learning_rate: float = Field(gt=0)
    gan_r1: float = Field(ge=0)
    gan_r2: float = Field(ge=0)
    gan_spread: float = Field(ge=0)
    gan_augment: str
    gan_precision: Literal["fp32", "bf16"]
    gan_kimg: float = Field(gt=0)
    gan_ema_kimg: float = Field(ge=0)
    gan_checkpoint_kimg: float = Field(gt=0)
    gan_tick_kimg: float = Field(gt=0)
    gan_sample_kimg: float = Field(gt=0)
    gan_seeds: int = Field(ge=1)
    extractor: str
    evaluation_count: int = Field(ge=2)
    synthetic_per_class: int = Field(ge=1)
    classifier_encoder: str
    classifier_weights: Literal["none", "torchvision", "caffe"]
    classifier_pretrain: Literal["none", "autoencoder", "denoise", "mask"]
    classifier_pretrain_steps: int = Field(ge=0)
    classifier_frozen_steps: int = Field(ge=0)
    classifier_encoder_rate: float = Field(ge=0)
    classifier_width: int = Field(ge=4)
    classifier_steps: int = Field(ge=1)
    classifier_batch_size: int = Field(ge=2)
    classifier_learning_rate: float = Field(gt=0)
    classifier_flips: bool
    classifier_views: int = Field(ge=0)
    classifier_precision: Literal["fp32", "bf16"]
    features_steps: int = Field(ge=1)
    anomaly_steps: int = Field(ge=1)
    anomaly_code: int = Field(ge=1)
    positive_class: str
    study_arms: str
    study_seeds: int = Field(ge=2)
    study_workers: int = Field(ge=1)
    study_resamples: int = Field(ge=100)
    compress_rows: str
    compress_steps: int = Field(ge=0)


class Plan(Artifact):
    """plan.json: the values, why each is what it is, and which layer chose it.

    Attributes:
        values: What the stages do.
        reasons: The rule behind each value, in words.
        origins: ``plan``, ``config file``, ``command line`` or ``tuning`` by name.
        measured: Speeds on this machine that the budget was turned into steps with.
    """

    schema_name: ClassVar[str] = "plan"
    schema_version: ClassVar[int] = 7
    migrations: ClassVar[dict[int, Migration]] = MIGRATIONS

    values: PlanValues
    reasons: dict[str, str]
    origins: dict[str, Literal["plan"] | Origin]
    measured: dict[str, float]

    def patched(self, overrides: Mapping[str, Override]) -> "Plan":
        """Return this plan with what was fixed since, by the user or by tuning; nothing is measured again.

        Raises:
            ConfigError: An override is unknown or refused.
        """
        check_overrides(overrides)
        values, reasons, origins = self.values.model_dump(), dict(self.reasons), dict(self.origins)
        for name, override in overrides.items():
            values[name], origins[name] = fixed_value(name, override), override.origin
            reasons[name] = override.reason or f"fixed by the {override.origin}"
        checked = PlanValues.parse(values, where="the plan")
        return Plan(values=checked, reasons=reasons, origins=origins, measured=self.measured)


class Draft:
    """A plan in the making: rules ask it for earlier values and give it theirs; what the user fixed wins.

    Args:
        overrides: Plan values fixed by the user.

    Raises:
        ConfigError: An override has no plan value of that name; the message names the nearest.
    """

    def __init__(self, overrides: Mapping[str, Override]) -> None:
        check_overrides(overrides)
        self._overrides = overrides
        self.values: dict[str, Any] = {}
        self.reasons: dict[str, str] = {}
        self.origins: dict[str, Literal["plan"] | Origin] = {}
        self.measured: dict[str, float] = {}

    @classmethod
    def of(cls, plan: Plan, overrides: Mapping[str, Override]) -> "Draft":
        """Return a plan in the making again.

        Args:
            plan: With what the user fixed laid over it.
            overrides: What the user fixed.
        """
        draft = cls(overrides)
        draft.values, draft.reasons, draft.origins = plan.values.model_dump(), dict(plan.reasons), dict(plan.origins)
        draft.measured = plan.measured
        return draft

    def put(self, name: str, value: Any, reason: str) -> None:
        """Set one value by rule, unless the user fixed it."""
        override = self._overrides.get(name)
        if override is None:
            self.values[name], self.reasons[name], self.origins[name] = value, reason, "plan"
        else:
            self.values[name] = fixed_value(name, override)
            rule = f"the rule says {value}: {reason}"
            self.reasons[name] = override.reason or f"fixed by the {override.origin} ({rule})"
            self.origins[name] = override.origin

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def wish(self, name: str) -> Any:
        """Return the value that the user fixed, or None."""
        override = self._overrides.get(name)
        return fixed_value(name, override) if override else None

    def fixed(self, *names: str) -> bool:
        """Tell whether the user fixed all of these values, so that nothing has to be measured for them."""
        return all(name in self._overrides for name in names)

    def plan(self) -> Plan:
        """Return the finished plan.

        Raises:
            ConfigError: A value fixed by the user is refused.
        """
        values = PlanValues.parse(self.values, where="the plan")
        return Plan(values=values, reasons=self.reasons, origins=self.origins, measured=self.measured)


def check_overrides(overrides: Mapping[str, Override]) -> None:
    """Refuse unknown names and unfit values before anything is done.

    Raises:
        ConfigError: The message names the nearest value of the plan, or what was expected.
    """
    for name, override in overrides.items():
        if name not in PlanValues.model_fields:
            close = nearest(name, PlanValues.model_fields)
            action = f"Did you mean {close!r}" if close else f"Known names: {', '.join(PlanValues.model_fields)}"
            raise ConfigError(f"The {override.origin} sets {name!r}, which is no value of the plan", action=action)
        fixed_value(name, override)


def fixed_value(name: str, override: Override) -> Any:
    """Return an override's value as the type of its field.

    Raises:
        ConfigError: The value is refused.
    """
    field = PlanValues.model_fields[name]
    adapter: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation())
    value = str(override.value) if field.annotation is str else override.value  # a class may be called 1
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        expected = error.errors()[0]["msg"].removeprefix("Input should be ")
        raise ConfigError(f"The {override.origin} sets {name} to {override.value!r}", expected=expected) from error
