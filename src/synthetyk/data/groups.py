"""Which images belong to one patient or slide, told from file names, and what their groups are called."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from synthetyk.core.errors import ConfigError
from synthetyk.core.words import printable

SMALL_CLASS = 10
_FRAME = re.compile(r"#[0-9]+$")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*$")
_LAST_NUMBER = re.compile(r"[^A-Za-z0-9]*[0-9]+\)?$")


def groups_from_names(
    keys: Sequence[str], labels: Sequence[str | None], pattern: str | None = None
) -> tuple[list[str | None], str]:
    """Tell the groups of a data set from its file names.

    Without a pattern the group is the name without its last number: ``person23_bacteria_1.jpeg`` belongs to
    ``person23_bacteria``. Where that is the name of another image, it is that image's group: ``IM-0033-0001-0002``
    goes with ``IM-0033-0001``, thus to ``IM-0033``. Folders below the class folder count as part of the name. Neither
    class nor split does: one patient in training and test is one group, which is how leaks are found.

    The automatic rule is taken only if it tells something: two images share a group somewhere, and no group holds
    half of the set, or half of a class of at least 10 images (a name that common tells a class or a series).

    Args:
        keys: Paths as in `Item.key`.
        labels: Class of each, or None.
        pattern: Regular expression whose first group is the patient or slide; it is searched in the file name, or in
            the whole key if it holds a ``/``. ``none`` turns the search off.

    Returns:
        The group of each image, None where the name tells none, and what was done, in words.

    Raises:
        ConfigError: The pattern is no regular expression, has no group, or fits no name.
    """
    if pattern == "none":
        return [None] * len(keys), "not looked for in file names, as asked"
    if pattern is not None:
        return _by_pattern(keys, pattern)
    groups = _by_last_number([_name(printable(key), label) for key, label in zip(keys, labels, strict=True)])
    objection = _objection(groups, labels)
    if objection:
        return [None] * len(keys), f"file names tell no patient or slide: {objection}"
    return groups, f"file names without their last number: {_count(groups)}"


def neutral_names(groups: Sequence[str | None]) -> list[str | None]:
    """Call groups ``group-1``, ``group-2``, ... in the order of their first image: their own names may be patients'."""
    numbers = {group: number for number, group in enumerate(dict.fromkeys(filter(None, groups)), start=1)}
    return [f"group-{numbers[group]}" if group else None for group in groups]


def _by_pattern(keys: Sequence[str], pattern: str) -> tuple[list[str | None], str]:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"The group pattern '{pattern}' is no regular expression: {error}") from error
    if not expression.groups:
        raise ConfigError(
            f"The group pattern '{pattern}' has no group", expected="parentheses around the patient or slide"
        )
    matches = [expression.search(key if "/" in pattern else PurePosixPath(key).name) for key in keys]
    groups = [(match[1] or None) if match else None for match in matches]
    if keys and not any(groups):
        raise ConfigError(f"The group pattern '{pattern}' fits no file name", action=f"An example is {keys[0]!r}")
    return groups, f"file names by the pattern {pattern}: {_count(groups)}"


def _name(key: str, label: str | None) -> str:
    """Return what may tell the patient: the path below the class folder, without extension and frame number."""
    parts = _EXTENSION.sub("", _FRAME.sub("", key)).split("/")
    below = parts.index(label) + 1 if label in parts[:-1] else len(parts) - 1
    return "/".join(parts[below:])


def _by_last_number(names: Sequence[str]) -> list[str | None]:
    known = set(names)

    def group(name: str) -> str | None:
        rest = _LAST_NUMBER.sub("", name)
        if rest == name:
            return None
        return (group(rest) or rest) if rest in known else rest or None

    return [group(name) for name in names]


def _objection(groups: Sequence[str | None], labels: Sequence[str | None]) -> str:
    """Return why these groups are not to be believed, empty if they are."""
    sizes = Counter(group for group in groups if group)
    if not sizes or max(sizes.values()) == 1:
        return "no two images share a name but for the last number"
    if 2 * max(sizes.values()) >= len(groups):
        return "one name, but for the last number, covers half of the set"
    classes = Counter(labels)
    for (_, label), size in Counter((g, label) for g, label in zip(groups, labels, strict=True) if g).items():
        if classes[label] >= SMALL_CLASS and 2 * size >= classes[label]:
            return "one name, but for the last number, covers half of a class"
    return ""


def _count(groups: Sequence[str | None]) -> str:
    named = sum(group is not None for group in groups)
    return f"{len(set(groups) - {None}):,} groups of {named:,} images; {len(groups) - named:,} images in none"
