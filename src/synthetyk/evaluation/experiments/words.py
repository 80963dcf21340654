"""Settings that are objects, such as callbacks, in words."""

from collections.abc import Mapping
from typing import Any


def called(value: Mapping[str, Any]) -> str:
    """Return an object as a call, for example ``EarlyStopping(patience=3)``; one without settings as its bare name.

    Args:
        value: ``{"class_name": ..., "config": {...}}``, or an object without a class, which is all settings.
    """
    config = value.get("config", {}) if "class_name" in value else value
    settings = config.items() if isinstance(config, Mapping) else ()
    words = ", ".join(f"{name}={_word(each)}" for name, each in settings)
    name = str(value.get("class_name", ""))
    return f"{name}({words})" if words else name or "none"


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
