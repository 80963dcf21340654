"""How plans of older versions become plans of this one: what was not planned then has the value that it had."""

from typing import Any

from synthetyk.compression.names import QUICK_ROWS
from synthetyk.core.artifacts import Migration


def _with(old: dict[str, Any], added: dict[str, Any], reason: str) -> dict[str, Any]:
    """Add values to a plan, each with the same reason; what stands there already stays."""
    return {
        **old,
        "values": {**added, **old["values"]},
        "reasons": {**dict.fromkeys(added, reason), **old["reasons"]},
        "origins": {**dict.fromkeys(added, "plan"), **old["origins"]},
    }


def _renamed(old: dict[str, Any], before: str, now: str) -> dict[str, Any]:
    """Give a recipe the name that it has now."""
    values = old["values"]
    return {**old, "values": {**values, "gan_recipe": now}} if values["gan_recipe"] == before else old


def _with_recipe(old: dict[str, Any]) -> dict[str, Any]:
    """Bring plan/1 to plan/2: the first GANs were all DCGANs on the CPU, then `cpu-fast` was what is now `upconv`."""
    added = {"device": "cpu", "gan_recipe": "dcgan", "gan_r1": 0.0, "gan_r2": 0.0}
    return _renamed(_with(old, added, "the only one when this plan was made"), "cpu-fast", "upconv")


def _with_spread(old: dict[str, Any]) -> dict[str, Any]:
    """Bring plan/2 to plan/3: nothing held generated images as varied as real ones."""
    return _with(old, {"gan_spread": 0.0}, "there was none when this plan was made")


def _with_encoders(old: dict[str, Any]) -> dict[str, Any]:
    """Bring plan/3 to plan/4: classifiers were EdgeNets from nothing, and nothing looked for anomalies."""
    added = {
        "classifier_encoder": "edgenet",
        "classifier_weights": "none",
        "classifier_pretrain": "none",
        "classifier_pretrain_steps": 0,
        "classifier_frozen_steps": 0,
        "classifier_encoder_rate": 1.0,
        "classifier_views": 0,
        "study_arms": "real,real+weights,real+augmentation,real+duplicates,real+synthetic,"
        "real+synthetic+augmentation,synthetic",
        "anomaly_steps": 800,
        "anomaly_code": 4,
    }
    return _with(old, added, "as it was when this plan was made")


def _with_compression(old: dict[str, Any]) -> dict[str, Any]:
    """Bring plan/4 to plan/5: nothing was compressed."""
    added = {"compress_rows": ",".join(QUICK_ROWS), "compress_steps": 100}
    return _with(old, added, "nothing was compressed when this plan was made")


def _with_networks_for_a_gpu(old: dict[str, Any]) -> dict[str, Any]:
    """Bring plan/5 to plan/6: `gpu` was what is now `gpu-stable`."""
    return _renamed(old, "gpu", "gpu-stable")


def _with_discriminators(old: dict[str, Any]) -> dict[str, Any]:
    """Bring plan/6 to plan/7: all classes shared one discriminator."""
    return _with(old, {"gan_discriminator": "shared"}, "the only way when this plan was made")


# By the version that each starts from.
MIGRATIONS: dict[int, Migration] = {
    1: _with_recipe,
    2: _with_spread,
    3: _with_encoders,
    4: _with_compression,
    5: _with_networks_for_a_gpu,
    6: _with_discriminators,
}
