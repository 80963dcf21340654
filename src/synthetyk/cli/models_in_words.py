"""Models as the reference pages show them: their fields in a table, types as people write them, the models inside."""

import inspect
import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from synthetyk.cli.docstrings import described
from synthetyk.cli.markdown import table
from synthetyk.core.config import Config

BOUNDS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most", "min_length": "length at least"}


def parts_of(kinds: Iterable[type[BaseModel]]) -> list[type[Config]]:
    """Return the models that fields of some models are made of, at any depth, by name."""
    found: dict[str, type[Config]] = {}
    waiting: list[type[BaseModel]] = list(kinds)
    while waiting:
        for field in waiting.pop().model_fields.values():
            new = [part for part in _models_in(field.annotation) if part.__name__ not in found]
            found |= {part.__name__: part for part in new}
            waiting += new
    return [found[name] for name in sorted(found)]


def type_in_words(annotation: Any) -> str:
    """Return a type the way people write it, for example ``str | None`` or ``"adam" | "rmsprop"``."""
    if annotation is None or annotation is type(None):
        return "None"
    if get_origin(annotation) is Annotated:
        return type_in_words(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return " | ".join(f'"{value}"' if isinstance(value, str) else str(value) for value in get_args(annotation))
    if not get_args(annotation):
        return getattr(annotation, "__name__", str(annotation))
    inside = [type_in_words(part) if part is not ... else "..." for part in get_args(annotation)]
    origin: Any = get_origin(annotation)
    if origin in (tuple, list, dict, set):
        return f"{origin.__name__}[{', '.join(inside)}]"
    return " | ".join(inside)


def _models_in(annotation: Any) -> list[type[Config]]:
    if isinstance(annotation, type) and issubclass(annotation, Config):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def fields_table(kind: type[BaseModel]) -> str:
    """Return the fields of a model as a table: name, type, meaning."""
    said = described(kind)
    return table(
        ("name", "type", "meaning"),
        ((f"`{name}`", _field_type(field), said.get(name, "")) for name, field in kind.model_fields.items()),
    )


def _field_type(field: FieldInfo) -> str:
    bounds = [
        f"{words} {getattr(limit, name)}"
        for limit in field.metadata
        for name, words in BOUNDS.items()
        if getattr(limit, name, None) is not None
    ]
    return ", ".join([f"`{type_in_words(field.annotation)}`", *bounds])


def summary_of(kind: type) -> str:
    """Return a docstring up to its sections, one line for each paragraph."""
    text = re.split(r"\n(?:Attributes|Args|Raises):\n", inspect.cleandoc(kind.__doc__ or ""))[0]
    return " ".join(text.replace("``", "`").split())
