"""API keys: who may ask a service for what.

A key is 32 random bytes, so the file keeps its SHA-256 alone. A slow hash with salt, as passwords need it, would add
nothing: nobody guesses 256 random bits, however fast the guesses are, no two keys are the same, and a service hashes
the key of every request that it answers.
"""

import hashlib
import hmac
import logging
import secrets
import time
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field

from synthetyk.core.artifacts import Artifact
from synthetyk.core.config import Config, nearest
from synthetyk.core.errors import ArtifactError, ConfigError, UnknownNameError

Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "write", "admin")  # each holds those before it
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
PREFIX = "synthetyk_"  # whatever searches code for secrets finds a key by it
LONGEST_KEY = 128  # characters; ours have 53
State = tuple[int, ...]

log = logging.getLogger(__name__)


class ApiKey(Config):
    """What a service knows of a key.

    Attributes:
        name: Who uses it; what is logged.
        scope: What it opens.
        sha256: Of the key.
        created: Milliseconds since 1970 in UTC.
    """

    name: str = Field(pattern=f"^{NAME}$")
    scope: Scope
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    created: int

    def opens(self, wanted: Scope) -> bool:
        """Tell whether it opens what needs a scope."""
        return SCOPES.index(self.scope) >= SCOPES.index(wanted)


class KeyFile(Artifact):
    """The keys of a service; none of them can be read out of it.

    Attributes:
        keys: In the order in which they were made.
    """

    schema_name: ClassVar[str] = "keys"
    file_mode: ClassVar[int] = 0o600

    keys: tuple[ApiKey, ...] = ()

    def added(self, name: str, scope: Scope) -> tuple[Self, str]:
        """Return the file with one key more, and that key, which nobody can tell again.

        Raises:
            ConfigError: The name is taken.
        """
        if any(each.name == name for each in self.keys):
            raise ConfigError(f"There is a key of the name {name!r}", action="Revoke it first, or take another name")
        key = PREFIX + secrets.token_urlsafe(32)
        about = ApiKey.parse(
            {"name": name, "scope": scope, "sha256": _sha256(key), "created": time.time_ns() // 1_000_000},
            where="A key",
        )
        return type(self)(keys=(*self.keys, about)), key

    def revoked(self, name: str) -> Self:
        """Return the file without a key.

        Raises:
            UnknownNameError: None is called so.
        """
        left = tuple(each for each in self.keys if each.name != name)
        if len(left) == len(self.keys):
            known = [each.name for each in self.keys]
            close = nearest(name, known)
            raise UnknownNameError(
                f"No key is called {name!r}",
                expected=f"one of {', '.join(known) or 'none: there are no keys'}",
                action=f"Did you mean {close!r}" if close else "",
            )
        return type(self)(keys=left)

    def find(self, key: str) -> ApiKey | None:
        """Return what is known of a key; takes as long whether there is one like it or not."""
        digest, found = _sha256(key), None
        for each in self.keys:
            if hmac.compare_digest(each.sha256, digest):
                found = each
        return found


class KeyRing:
    """The keys of a running service: as they stand in the file now.

    A file that cannot be read any more opens nothing: it may have been taken away to lock everybody out.

    Args:
        path: File of keys.

    Raises:
        ArtifactError: It is missing or is no file of keys.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = _state(path)
        self._file = read_keys(path)

    def find(self, key: str) -> ApiKey | None:
        """Return what is known of a key, None if it opens nothing."""
        return None if len(key) > LONGEST_KEY else self._current().find(key)

    def named(self, name: str) -> ApiKey | None:
        """Return what is known of the key of a name."""
        return next((each for each in self._current().keys if each.name == name), None)

    def _current(self) -> KeyFile:
        state = _state(self._path)
        if state != self._state:
            self._state, self._file = state, self._read()
        return self._file

    def _read(self) -> KeyFile:
        try:
            return read_keys(self._path)
        except (ArtifactError, OSError) as error:
            log.error("No key opens anything: %s", error)
            return KeyFile()


def read_keys(path: Path) -> KeyFile:
    """Read a file of keys.

    Raises:
        ArtifactError: It is missing or is none.
    """
    if not path.exists():
        raise ArtifactError(
            f"{path} is missing", action=f"Make it: synthetyk keys add NAME --scope write --file {path}"
        )
    return KeyFile.load(path)


def _state(path: Path) -> State | None:
    """Return what changes whenever a file is replaced; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _sha256(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
