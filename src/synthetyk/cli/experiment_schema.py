"""The JSON Schema of an experiment's file, written from the code: for editors, and for whoever writes such files."""

import json
from typing import Any

from pydantic import BaseModel

from synthetyk.cli.docstrings import described
from synthetyk.core.config import Config
from synthetyk.pipeline.experiments import callbacks
from synthetyk.pipeline.experiments.experiment import LISTS, LOSSES, METRICS, Experiment, Wandb

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MODELS: dict[str, type[BaseModel]] = {
    kind.__name__: kind
    for kind in (Wandb, *(each for each in vars(callbacks).values() if isinstance(each, type)))
    if issubclass(kind, Config)
}


def experiment_schema() -> str:
    """Return the schema as JSON: every key, what it means, and that a list of values is a grid."""
    schema = Experiment.model_json_schema()
    keys: dict[str, Any] = schema["properties"]
    _aliases(keys)
    for name, model in MODELS.items():
        if name in schema["$defs"]:
            _describe(schema["$defs"][name], model)
    _describe(schema, Experiment)
    whole = {
        "$schema": DIALECT,
        "title": "Experiment",
        "description": "One classifier, or one for each seed. A key with a list of values is a grid.",
        "type": "object",
        "additionalProperties": False,
        "properties": {"$schema": {"type": "string"}, **{name: _or_grid(name, key) for name, key in keys.items()}},
        "$defs": schema["$defs"],
    }
    return json.dumps(whole, indent=2) + "\n"


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Say what each property means, as the docstring does, without what concerns the code only."""
    said = described(model)
    schema.pop("description", None)
    for name, key in schema.get("properties", {}).items():
        key.pop("title", None)
        if name in said:
            key["description"] = said[name].replace("``", "`")


def _aliases(keys: dict[str, Any]) -> None:
    """Add what is read as well: Keras' names of losses and metrics, and one tracker without brackets."""
    keys["loss"]["enum"] += list(LOSSES)
    keys["metrics"]["items"]["enum"] += list(METRICS)
    keys["tracker"] = {"anyOf": [{"type": "string"}, _without_default(keys["tracker"])], "default": []}


def _or_grid(name: str, key: dict[str, Any]) -> dict[str, Any]:
    """Allow a list of values; of a key that is a list itself a list of lists."""
    about: dict[str, Any] = {word: key[word] for word in ("description", "default") if word in key}
    one = {word: value for word, value in key.items() if word not in about}
    if name in LISTS:
        several: dict[str, Any] = {"type": "array", "items": one, "minItems": 1, "contains": {"type": "array"}}
    else:
        several = {"type": "array", "items": one, "minItems": 1}
    return {**about, "anyOf": [one, several]}


def _without_default(key: dict[str, Any]) -> dict[str, Any]:
    return {word: value for word, value in key.items() if word != "default"}
