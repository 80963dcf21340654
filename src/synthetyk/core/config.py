"""Settings: frozen pydantic models that refuse unknown keys and name the nearest right one."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from synthetyk.core.errors import ConfigError

MOST_SHOWN = 200  # characters of settings that do not fit each other: more would hide those that matter


class Config(BaseModel):
    """Base of every group of settings: immutable, strict about its keys, comparable, JSON in and out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def parse(cls, values: Mapping[str, Any], *, where: str = "settings") -> Self:
        """Build from a mapping.

        Args:
            values: The settings, for example read from JSON.
            where: What to call their origin in an error, for example a file name.

        Raises:
            ConfigError: A key is unknown (the nearest right one is named) or a value is refused.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise config_error(cls, error, where) from error

    def replace(self, **changes: Any) -> Self:
        """Return a validated copy with some settings changed."""
        return type(self).parse({**self.model_dump(), **changes})


def config_error(model: type[BaseModel], error: ValidationError, where: str) -> ConfigError:
    """Turn pydantic's first complaint into a `ConfigError` in our words."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = _keys_at(model, first["loc"][:-1])
        close = nearest(str(first["loc"][-1]), known)
        action = f"Did you mean {close!r}" if close else f"Known keys: {', '.join(known)}"
        return ConfigError(f"{where} has an unknown key {name!r}", action=action)
    if first["type"] == "missing":
        return ConfigError(f"{where}: {name} is missing", action="Add it")
    found = f"is {first['input']!r}"
    if first["type"] == "value_error" and isinstance(first["input"], Mapping) and len(found) > MOST_SHOWN:
        found = "has values that do not fit each other"
    expected = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return ConfigError(f"{where}: {name or 'the whole'} {found}", expected=expected)


def _keys_at(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """Return the keys that are known at a place within settings.

    Args:
        model: The settings as a whole.
        place: The way down: keys, numbers of items, and the tag that chose one of several models.
    """
    models = [model]
    for part in place:
        if below := [one.model_fields[str(part)].annotation for one in models if part in one.model_fields]:
            models = [found for annotation in below for found in _models_in(annotation)]
        else:
            models = [one for one in models if part in (f.default for f in one.model_fields.values())] or models
    return [key for one in models for key in one.model_fields]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word most like `word`, or None if none is alike."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)), None)
