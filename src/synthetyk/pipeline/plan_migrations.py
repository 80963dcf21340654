"""How plans of older versions become plans of this one: what was not planned then has the value that it had."""

from typing import Any

from synthetyk.compression.names import QUICK_ROWS
from synthetyk.core.artifacts import Migration


def _with_recipe(old: dict[str, Any]) -> dict[str, Any]:
    """Bring plan/1 to plan/2: the first GANs were all DCGANs on the CPU, then `cpu-fast` was what is now `upconv`."""
    added = {"device": "cpu", "gan_recipe": "dcgan", "gan_r1": 0.0, "gan_r2": 0.0}
    values = {**added, **old["values"]}
    if values["gan_recipe"] == "cpu-fast":
        values["gan_recipe"] = "upconv"
    return {
        **old,
        "values": values,
        "reasons": {**dict.fromkeys(added, "the only one when this plan was made"), **old["reasons"]},
        "origins": {**dict.fromkeys(added, "plan"), **old["origins"]},
    }


def _with_spread(old: dict[str, Any]) -> dict[str, Any]:
    """Bring plan/2 to plan/3: nothing held generated images as varied as real ones."""
    return {
        **old,
        "values": {"gan_spread": 0.0, **old["values"]},
        "reasons": {"gan_spread": "there was none when this plan was made", **old["reasons"]},
        "origins": {"gan_spread": "plan", **old["origins"]},
    }


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
    return {
        **old,
        "values": {**added, **old["values"]},
        "reasons": {**dict.fromkeys(added, "as it was when this plan was made"), **old["reasons"]},
        "origins": {**dict.fromkeys(added, "plan"), **old["origins"]},
    }


def _with_compression(old: dict[str, Any]) -> dict[str, Any]:
    """Bring plan/4 to plan/5: nothing was compressed."""
    added = {"compress_rows": ",".join(QUICK_ROWS), "compress_steps": 100}
    return {
        **old,
        "values": {**added, **old["values"]},
        "reasons": {**dict.fromkeys(added, "nothing was compressed when this plan was made"), **old["reasons"]},
        "origins": {**dict.fromkeys(added, "plan"), **old["origins"]},
    }


# By the version that each starts from.
MIGRATIONS: dict[int, Migration] = {1: _with_recipe, 2: _with_spread, 3: _with_encoders, 4: _with_compression}
