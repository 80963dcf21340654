"""Files that last: written beside and renamed into place, JSON with a schema, content hashes."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from synthetyk.core.config import config_error
from synthetyk.core.errors import ArtifactError, NewerSchemaError

Migration = Callable[[dict[str, Any]], dict[str, Any]]

# A file that changes again so soon may bear the same times as before; FAT counts them in two seconds.
SETTLED_NS = 2 * 10**9
REMEMBERED = 2**16  # files, about 450 bytes each
_known: dict[tuple[int, ...], str] = {}


class Artifact(BaseModel):
    """Base of every JSON file in a run folder; its first key is ``schema: name/version``.

    Subclasses set `schema_name` and `schema_version`; a raised version brings a migration from the one before. What not
    everybody may read sets `file_mode`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_name: ClassVar[str]
    schema_version: ClassVar[int] = 1
    file_mode: ClassVar[int] = 0o666
    migrations: ClassVar[dict[int, Migration]] = {}

    def save(self, path: Path) -> None:
        """Write to `path` atomically, keys in the order of the fields."""
        schema = f"{self.schema_name}/{self.schema_version}"
        write_json(path, {"schema": schema, **self.model_dump(mode="json")}, mode=self.file_mode)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read from `path`; an older schema is migrated.

        Raises:
            NewerSchemaError: The file was written by a newer version.
            ArtifactError: The file is missing, no JSON, or not of this schema.
        """
        return cls.restore(read_json(path), str(path))

    @classmethod
    def restore(cls, values: dict[str, Any], where: str) -> Self:
        """Make from what was read; an older schema is migrated.

        Args:
            values: As in the file, its schema among them.
            where: What to call its origin in an error.

        Raises:
            NewerSchemaError: It was written by a newer version.
            ArtifactError: It is not of this schema.
        """
        schema = values.pop("schema", None)
        name, _, version = str(schema).partition("/")
        if name != cls.schema_name or not version.isdigit():
            wanted = f"schema {cls.schema_name}/{cls.schema_version}"
            raise ArtifactError(f"{where} has schema {schema!r}", expected=wanted)
        if int(version) > cls.schema_version:
            raise NewerSchemaError(
                f"{where} was written by a newer Synthetyk (schema {name}/{version})",
                expected=f"at most {name}/{cls.schema_version}",
                action="Upgrade Synthetyk, or start a new run folder",
            )
        for old in range(int(version), cls.schema_version):
            values = cls.migrations[old](values)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            wrong = config_error(cls, error, where)
            raise ArtifactError(wrong.found, expected=wrong.expected, action=wrong.action) from error


def write_bytes(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Write `data` beside `path`, flush it to the disk, and rename it into place.

    Args:
        path: Where it is to lie.
        data: What it is to hold.
        mode: Who may do what with it, before the process's umask takes away from that.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with open(beside, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def write_json(path: Path, values: Any, *, mode: int = 0o666) -> None:
    """Write `values` as indented JSON atomically; NaN and infinity are refused."""
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # What a path holds that is no Unicode is written as JSON escapes it, and read again as it was.
    write_bytes(path, text.encode("utf-8", "backslashreplace"), mode=mode)


def read_json(path: Path) -> Any:
    """Read a JSON object.

    Raises:
        ArtifactError: The file is missing or is no JSON object.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ArtifactError(f"{path} is missing", action="Run the stage that writes it first") from error
    return parse_json(data, str(path))


def parse_json(data: bytes, where: str) -> dict[str, Any]:
    """Return a JSON object.

    Args:
        data: As it was read.
        where: What to call its origin in an error.

    Raises:
        ArtifactError: It is no JSON object.
    """
    try:
        values = json.loads(data)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ArtifactError(
            f"{where} is damaged: {error}", expected="JSON", action="Delete it and run again"
        ) from error
    if not isinstance(values, dict):
        raise ArtifactError(f"{where} holds a {type(values).__name__}", expected="a JSON object")
    return values


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as hexadecimal digits.

    A process reads a file once as long as it stays the same: device, inode, size, and the times of its last change,
    among them the one that nobody can set back. What changed within the last two seconds is read every time.
    """
    with path.open("rb") as file:
        now, state = time.time_ns(), os.fstat(file.fileno())
        same = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
        if same in _known:
            return _known[same]
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if now - state.st_ctime_ns > SETTLED_NS and len(_known) < REMEMBERED:
        _known[same] = digest
    return digest


def sha256_tree(paths: Iterable[Path]) -> str:
    """Return one SHA-256 over the names and contents of files and folders, in sorted order."""
    digest = hashlib.sha256()
    for top in paths:
        for path in sorted(p for p in [top, *top.rglob("*")] if p.is_file()):
            digest.update(f"{path.relative_to(top.parent)}\0{sha256_file(path)}\n".encode())
    return digest.hexdigest()
