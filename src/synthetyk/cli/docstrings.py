"""What docstrings say of attributes, for pages and schemas that are written from the code."""

import inspect
import re

from pydantic import BaseModel


def described(kind: type) -> dict[str, str]:
    """Return what the section Attributes of a class's docstring says, by attribute, parents' first."""
    said: dict[str, str] = {}
    for base in (base for base in reversed(kind.__mro__) if base is not BaseModel):
        section = inspect.cleandoc(base.__dict__.get("__doc__") or "").partition("\nAttributes:\n")[2]
        found = re.findall(r"^    (\w+): (.+(?:\n     .*)*)", section.partition("\n\n")[0], re.MULTILINE)
        said |= {name: " ".join(text.split()) for name, text in found}
    return said
