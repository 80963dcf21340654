"""Settings: frozen pydantic models that refuse unknown keys and name the nearest right one."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from synthetyk.core.errors import ConfigError


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
        close = nearest(str(first["loc"][-1]), model.model_fields)
        action = f"Did you mean {close!r}?" if close else f"Known keys: {', '.join(model.model_fields)}"
        return ConfigError(f"{where} has an unknown key {name!r}", action=action.rstrip("?"))
    found = f"{where}: {name or 'the value'} is {first['input']!r}"
    return ConfigError(found, expected=first["msg"].removeprefix("Input should be ").removeprefix("Value error, "))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word most like `word`, or None if none is alike."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)), None)
