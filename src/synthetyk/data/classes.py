"""What is known of the classes beyond their names: titles, which one is normal, which are a risk."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from synthetyk.core.artifacts import Artifact, read_json
from synthetyk.core.config import Config, nearest
from synthetyk.core.errors import ArtifactError, ConfigError

NORMAL_WORDS = frozenset(
    {
        *("control", "healthy", "negative", "normal", "unremarkable"),
        *("nofinding", "nofindings", "notumor", "notumour", "uninfected"),  # written as one word
    }
)
HARMLESS_WORDS = frozenset({"benign", "harmless"})
RISK_WORDS = frozenset(
    {
        *("abnormal", "cancer", "carcinoma", "covid", "disease", "effusion", "finding", "findings", "fracture"),
        *("glioma", "haemorrhage", "hemorrhage", "lesion", "malignant", "melanoma", "meningioma", "metastasis"),
        *("pathological", "pneumonia", "positive", "stroke", "tuberculosis", "tumor", "tumour"),
    }
)
NEGATIONS = frozenset({"no", "non", "not", "without"})


class ClassWords(Config):
    """What the user says of one class; what is left out is told by its name.

    Attributes:
        title: What people call it.
        risk: Whether it should worry someone.
        normal: Whether it is what healthy looks like.
        order: Where it stands in tables, the lowest first.
    """

    title: str | None = None
    risk: bool | None = None
    normal: bool | None = None
    order: int | None = None


class ClassAbout(Config):
    """One class.

    Attributes:
        name: As in the data set.
        title: What people call it.
        risk: Whether it should worry someone.
        normal: Whether it is what healthy looks like.
        order: Where it stands in tables, the lowest first.
        told: Who said so: the ``user``, of at least one of these, or the ``name`` alone.
    """

    name: str
    title: str
    risk: bool
    normal: bool
    order: int
    told: Literal["user", "name"]


class Classes(Artifact):
    """``classes.json``: what is known of the classes beyond their names.

    Attributes:
        classes: One for each label, in the order of the labels; none without labels.
    """

    schema_name: ClassVar[str] = "classes"

    classes: tuple[ClassAbout, ...]

    @property
    def normal(self) -> str | None:
        """Name of the normal class, if one is known."""
        return next((each.name for each in self.classes if each.normal), None)

    @property
    def ordered(self) -> tuple[ClassAbout, ...]:
        """The classes in the order of tables."""
        return tuple(sorted(self.classes, key=lambda each: each.order))


def classes_of(names: Sequence[str], said: Mapping[str, ClassWords]) -> Classes:
    """Return what is known of the classes of a data set.

    A class is normal if its name says so and no other's does. A risk is what its name calls one, and, where the normal
    class is known, every other that is not called benign.

    Args:
        names: One for each label.
        said: What the user said, by name; it wins over names.

    Raises:
        ConfigError: There is no class of a name, or two were called normal.
    """
    for name in said:
        if name not in names:
            raise _unknown(name, names)
    normal = _normal(names, said)
    told = (_about(name, number, said.get(name), name == normal, normal) for number, name in enumerate(names))
    return Classes(classes=tuple(told))


def positive_label(names: Sequence[str]) -> Literal[0, 1]:
    """Return which of two classes is called positive: the one beside the normal one, or the second if none is known."""
    return 0 if names[1] == classes_of(names, {}).normal else 1


def read_classes(path: Path) -> dict[str, ClassWords]:
    """Read what the user says of the classes: a JSON object with one object for each class, by its name.

    Raises:
        ConfigError: It is no such file, or a key or a value in it is refused.
    """
    try:
        values: Mapping[str, Any] = read_json(path)
    except ArtifactError as error:
        raise ConfigError(f"The file of classes cannot be used: {error.found}", expected="a JSON object") from error
    for name, words in values.items():
        if not isinstance(words, dict):
            example = '{"title": "No finding", "normal": true}'
            raise ConfigError(f"{path}: class {name!r} is {words!r}", expected=f"an object such as {example}")
    return {name: ClassWords.parse(words, where=f"{path}, class {name!r}") for name, words in values.items()}


def only_normal(name: str, names: Sequence[str], said: Mapping[str, ClassWords]) -> dict[str, ClassWords]:
    """Return what was said of the classes, with one called normal and no other any more.

    Raises:
        ConfigError: There is no class of that name.
    """
    if name not in names:
        raise _unknown(name, names)
    others = {other: words.replace(normal=None) for other, words in said.items() if words.normal}
    return {**said, **others, name: said.get(name, ClassWords()).replace(normal=True)}


def _unknown(name: str, names: Sequence[str]) -> ConfigError:
    close = nearest(name, names)
    expected = f"one of {', '.join(names)}" if names else "nothing: there are no classes"
    return ConfigError(
        f"There is no class {name!r}", expected=expected, action=f"Did you mean {close!r}" if close else ""
    )


def _normal(names: Sequence[str], said: Mapping[str, ClassWords]) -> str | None:
    by_user = [name for name in names if name in said and said[name].normal]
    if len(by_user) > 1:
        raise ConfigError(f"{' and '.join(by_user)} are both called normal", expected="one normal class")
    denied = {name for name, words in said.items() if words.normal is False}
    by_name = [name for name in names if name not in denied and says_normal(name)]
    found = by_user or by_name
    return found[0] if len(found) == 1 else None


def _about(name: str, number: int, said: ClassWords | None, is_normal: bool, normal: str | None) -> ClassAbout:
    words = said or ClassWords()
    risk = not is_normal and (says_risk(name) or (normal is not None and not HARMLESS_WORDS & set(words_of(name))))
    return ClassAbout(
        name=name,
        title=words.title or _title(name),
        risk=risk if words.risk is None else words.risk,
        normal=is_normal,
        order=number if words.order is None else words.order,
        told="user" if said else "name",
    )


def says_normal(name: str) -> bool:
    """Tell whether a name means healthy: ``Normal``, ``no_finding``, ``NonCancer``, ``covid negative``."""
    return any(word in (RISK_WORDS if denied else NORMAL_WORDS) for word, denied in _denied(name))


def says_risk(name: str) -> bool:
    """Tell whether a name means a finding: ``pneumonia``, ``Malignant``, ``not normal``."""
    return any(word in (NORMAL_WORDS if denied else RISK_WORDS) for word, denied in _denied(name))


def words_of(name: str) -> list[str]:
    """Split a name into lower-case words, also where only a capital tells that one begins."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def _denied(name: str) -> list[tuple[str, bool]]:
    """Return the words of a name, each with whether the one before it denies it."""
    words = words_of(name)
    return [(word, before in NEGATIONS) for before, word in zip(["", *words], words, strict=False)]


def _title(name: str) -> str:
    spaced = " ".join(name.replace("_", " ").replace("-", " ").split())
    return spaced[:1].upper() + spaced[1:] if spaced else name


def in_words(name: str) -> str:
    """Return a class as a sentence names it: a bare number says that it is a class."""
    return f"class {name}" if name.isdigit() else name
