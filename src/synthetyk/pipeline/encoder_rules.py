"""The rules on a classifier's encoder: which one, what it begins with, and how it is brought to the task."""

import math

from synthetyk.core.errors import ConfigError
from synthetyk.models.encoder import encoder_kind
from synthetyk.pipeline.configs import OWN_RATE
from synthetyk.pipeline.plan import Draft, PlanValues

OWN = "edgenet"
CUSTOMARY_RATE = 1e-3
PRETRAINING = 0.15  # of the study's time
DEARER = 4.0  # a step of an autoencoder costs up to four of its encoder's classifier
FEWEST, ENOUGH = 60, 1000
CHOICES = ("classifier_encoder", "classifier_weights", "classifier_pretrain")


def put_encoder(draft: Draft, *, weights: bool) -> None:
    """Choose the encoder and what it begins with.

    Args:
        draft: The plan in the making.
        weights: Whether the user brought published weights.
    """
    draft.put("classifier_encoder", OWN, "small and quick, and int8 makes it quicker; larger ones by name")
    given = ("torchvision", "--encoder-weights names them") if weights else ("none", "none were given")
    draft.put("classifier_weights", *given)
    draft.put("classifier_pretrain", "none", "classes are learned from the start, unless asked otherwise")
    _put_rates(draft)


def _put_rates(draft: Draft) -> None:
    if draft["classifier_weights"] != "none":
        why = "with published weights better than 4e-3 on validation images of head CTs and PneumoniaMNIST"
        draft.put("classifier_learning_rate", CUSTOMARY_RATE, why)
        why = "half the head's, from the first step: there better than slower, and than standing still at first"
        draft.put("classifier_encoder_rate", 0.5, why)
        return
    draft.put("classifier_learning_rate", OWN_RATE, "the best on PneumoniaMNIST's validation split")
    if draft["classifier_encoder"] == OWN:
        draft.put("classifier_encoder_rate", 1.0, "as fast as the head: it is trained on these images alone")
    else:
        part = CUSTOMARY_RATE / OWN_RATE
        draft.put("classifier_encoder_rate", part, f"{draft['classifier_encoder']} is customarily trained at 1e-3")


def pretraining_seconds(draft: Draft, seconds: float) -> float:
    """Return how much of the study's time goes to an autoencoder."""
    return 0.0 if draft["classifier_pretrain"] == "none" else PRETRAINING * seconds


def suit_encoder(draft: Draft, before: PlanValues) -> None:
    """Choose anew the rates and steps of an encoder that the user changed, and of steps; nothing is measured.

    Args:
        draft: A plan with what the user fixed since.
        before: Its values without.
    """
    if any(draft[name] != getattr(before, name) for name in CHOICES):
        _put_rates(draft)
        put_start(draft, pretraining_seconds(draft, math.inf), 0.0)
    elif draft["classifier_steps"] != before.classifier_steps:
        _put_frozen(draft)


def put_start(draft: Draft, seconds: float, pace: float) -> None:
    """Choose how long an autoencoder is trained, and how long the encoder then stands still.

    Args:
        draft: The plan in the making, with the classifiers' steps.
        seconds: For the autoencoder.
        pace: Seconds per step of a classifier, 0 if nothing was measured.
    """
    if not seconds:
        draft.put("classifier_pretrain_steps", 0, "there is no autoencoder")
    else:
        steps = int(0.85 * seconds / (DEARER * pace)) if pace else ENOUGH
        why = f"{seconds:.0f} s, a part of the study's, and no more than {ENOUGH}" if pace else "nothing was measured"
        draft.put("classifier_pretrain_steps", max(FEWEST, min(ENOUGH, steps)), f"{why}; once for all classifiers")
    _put_frozen(draft)


def _put_frozen(draft: Draft) -> None:
    if draft["classifier_pretrain"] != "none":
        frozen = draft["classifier_steps"] // 10, "a tenth of the steps, until the new head no longer pulls at random"
    elif draft["classifier_weights"] != "none":
        frozen = 0, "standing still at first did worse on validation images of head CTs and PneumoniaMNIST"
    else:
        frozen = 0, "the encoder begins from nothing, as the head does"
    draft.put("classifier_frozen_steps", *frozen)


def check_encoder(values: PlanValues, *, weights: bool) -> None:
    """Refuse what does not go together.

    Args:
        values: Of the plan.
        weights: Whether the user brought published weights.

    Raises:
        ConfigError: The encoder is unknown or has no published weights, or the values contradict each other.
    """
    if values.classifier_frozen_steps >= values.classifier_steps:
        raise ConfigError(
            f"The encoder is to stand still for {values.classifier_frozen_steps} of {values.classifier_steps} steps",
            expected="fewer than all, or it never learns",
            action="Set classifier_frozen_steps or classifier_steps otherwise",
        )
    published = encoder_kind(values.classifier_encoder).published
    if values.classifier_weights == "none":
        return
    if not weights:
        raise ConfigError(
            f"classifier_weights is {values.classifier_weights!r}, but there are no weights",
            action="Give them: --encoder-weights FILE",
        )
    if published is None:
        raise ConfigError(
            f"No weights are published for the encoder {values.classifier_encoder}",
            action="Choose another encoder, for example --encoder resnet18, or set classifier_weights=none",
        )
    if values.classifier_pretrain != "none":
        raise ConfigError(
            "The encoder is to begin with published weights and with an autoencoder's",
            expected="one of the two",
            action="Set classifier_pretrain=none or classifier_weights=none",
        )
