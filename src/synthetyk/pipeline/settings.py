"""What the user asked for: config.json of a run folder, and which layer each value came from."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from synthetyk.core.artifacts import Artifact, Migration, read_json
from synthetyk.core.config import Config
from synthetyk.core.errors import ArtifactError, ConfigError
from synthetyk.data.classes import ClassWords
from synthetyk.data.source import SourceOptions

Origin = Literal["command line", "config file", "tuning"]
Goal = Literal["run", "train"]


class Override(Config):
    """One value of the plan that the user fixed, or that tuning found.

    Attributes:
        value: As given.
        origin: The layer that won.
        reason: Why, in words; empty where the user alone knows.
    """

    value: Any
    origin: Origin
    reason: str = ""


class RunSettings(Artifact):
    """Everything that decides a run, so that the same settings on the same data give the same result.

    Attributes:
        dataset: Location of the data set.
        options: What the user said about it.
        budget_seconds: Wall time that the plan shares out.
        goal: ``run`` shares it over all stages, ``train`` gives it to the GAN.
        seed: The run's seed.
        remove_copies: Drop training images that stand in a later split too.
        weights: Files with weights of feature networks by extractor name, for example ``squeezenet``.
        overrides: Plan values fixed by the user or found by tuning.
        encoder_weights: File with published weights for the study's classifiers; empty: none.
        classes: What the user said of classes, by name, see `data.classes`.
        trackers: Whom trainings report to beside JSON lines, for example ``mlflow``; no result depends on it.
    """

    schema_name: ClassVar[str] = "config"
    schema_version: ClassVar[int] = 3
    migrations: ClassVar[dict[int, Migration]] = {1: dict, 2: dict}

    dataset: str
    options: SourceOptions = SourceOptions()
    budget_seconds: float = Field(default=600.0, gt=0)
    goal: Goal = "run"
    seed: int = Field(default=0, ge=0)
    remove_copies: bool = False
    weights: dict[str, str] = Field(default={})
    overrides: dict[str, Override] = Field(default={})
    encoder_weights: str = ""
    classes: dict[str, ClassWords] = Field(default={})
    trackers: tuple[str, ...] = ()

    def overrides_by(self, *origins: Origin) -> dict[str, Override]:
        """Return the plan values that these layers fixed."""
        return {name: override for name, override in self.overrides.items() if override.origin in origins}


_UNITS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}


def parse_budget(text: str) -> float:
    """Turn ``90s``, ``10min``, ``1h30min`` or a number of seconds into seconds.

    Raises:
        ConfigError: The text is no duration above zero.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip().lower())
    rebuilt = "".join(number + unit for number, unit in parts)
    known = all(unit in _UNITS or (unit == "" and len(parts) == 1) for _, unit in parts)
    seconds = sum(float(number) * _UNITS.get(unit, 1) for number, unit in parts) if known else 0.0
    if rebuilt != re.sub(r"\s", "", text.lower()) or seconds <= 0:
        raise ConfigError(f"The budget is {text!r}", expected="a duration such as 90s, 10min or 1h30min")
    return seconds


def merge_overrides(config_file: Path | None, assignments: list[str]) -> dict[str, Override]:
    """Lay ``name=value`` from the command line over the plan values of a JSON file.

    Raises:
        ConfigError: An assignment has no ``=``. Unknown names are refused later, by the plan.
    """
    merged: dict[str, Override] = {}
    values = _read(config_file) if config_file else {}
    for name, value in values.items():
        merged[name] = Override(value=value, origin="config file")
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(f"--set {assignment!r} has no '='", expected="name=value, for example --set gan_kimg=50")
        merged[name.strip()] = Override(value=_literal(text.strip()), origin="command line")
    return merged


def _read(config_file: Path) -> Mapping[str, Any]:
    try:
        values: Mapping[str, Any] = read_json(config_file)
    except ArtifactError as error:
        raise ConfigError(f"The config file cannot be used: {error.found}", expected="a JSON object") from error
    return values


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
