"""The one tree of errors.

Every error also inherits the matching builtin, so callers may catch either. The message says what was found, what was
expected and what to do. Only ``cli`` turns an error into an exit code. No patient value ever stands in a message.
"""

from collections.abc import Callable
from functools import partial

LONGEST_ID = 64  # characters of an id that a message repeats


class SynthetykError(Exception):
    """Base of every error that Synthetyk raises on purpose.

    Args:
        found: What was found, as a sentence without its full stop.
        expected: What was expected instead.
        action: What the reader can do now.
    """

    def __init__(self, found: str, *, expected: str = "", action: str = "") -> None:
        self.found, self.expected, self.action = found, expected, action
        parts = [found, f"Expected {expected}" if expected else "", action]
        super().__init__(" ".join(part.rstrip(".") + "." for part in parts if part))

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return _rebuild, (type(self), self.found, self.expected, self.action)


def _rebuild(make: Callable[..., SynthetykError], found: str, expected: str, action: str) -> SynthetykError:
    return make(found, expected=expected, action=action)


class ConfigError(SynthetykError, ValueError):
    """A setting is unknown, of the wrong type or out of range."""


class UnknownNameError(ConfigError, KeyError):
    """A registry has no entry of that name."""

    __str__ = Exception.__str__


class MissingDependencyError(SynthetykError, ImportError):
    """An optional package or weights file that this call needs is not there."""


class DatasetError(SynthetykError, ValueError):
    """The data set as a whole cannot be used."""


class DatasetNotFoundError(DatasetError, FileNotFoundError):
    """Nothing lies at the given location."""


class DecodeError(DatasetError):
    """One image cannot be decoded; the data set goes on without it.

    Args:
        kind: A short stable word for the report, for example ``truncated``, ``empty``, ``not_an_image``.
    """

    def __init__(self, found: str, *, expected: str = "", action: str = "", kind: str = "damaged") -> None:
        super().__init__(found, expected=expected, action=action)
        self.kind = kind

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return _rebuild, (partial(type(self), kind=self.kind), self.found, self.expected, self.action)


class ImageTooLargeError(DecodeError):
    """One image says in its header that it has more pixels than are allowed."""

    def __init__(self, found: str, *, expected: str = "", action: str = "", kind: str = "too_large") -> None:
        super().__init__(found, expected=expected, action=action, kind=kind)


class ArtifactError(SynthetykError, ValueError):
    """A file that Synthetyk wrote is missing, damaged or of an unknown schema."""


class NewerSchemaError(ArtifactError):
    """A file was written by a newer Synthetyk."""


class PackageError(ArtifactError):
    """A package of models is not the one that its manifest or its signature vouches for, or cannot be used."""


class RequestError(SynthetykError, ValueError):
    """What was asked of a packaged model does not fit it."""


class ServiceError(SynthetykError, RuntimeError):
    """A service cannot begin, or what answers in its place is none."""


class ServiceRefusedError(ServiceError, PermissionError):
    """A service refuses a request: the key opens too little, or none was shown."""

    __str__ = Exception.__str__


class ServiceUnavailableError(ServiceError, ConnectionError):
    """A service cannot be reached, or cannot answer now; the same request may succeed later."""

    __str__ = Exception.__str__


class OverloadedError(SynthetykError, RuntimeError):
    """More is waiting for an answer than may wait; the same request may succeed later."""


class RunError(SynthetykError, RuntimeError):
    """A run folder cannot be used as asked."""


class RunLockedError(RunError):
    """Another living process owns the run folder."""


class NotApplicableError(RunError):
    """A stage has nothing to do on this data, for a reason that the message gives."""


class TrainingError(SynthetykError, RuntimeError):
    """A training cannot start or cannot go on."""


class DivergedError(TrainingError):
    """A training diverged and no rollback mended it."""


class MetricError(SynthetykError, ValueError):
    """A metric is not defined for its input."""


class StoreError(SynthetykError, OSError):
    """An image store cannot do what it was asked."""

    __str__ = Exception.__str__


class StoreUnavailableError(StoreError, ConnectionError):
    """An image store cannot be reached, or cannot take any more; the same request may succeed later."""


class ImageNotFoundError(StoreError, KeyError):
    """An image store has no image of that id."""

    @classmethod
    def of(cls, image: str) -> "ImageNotFoundError":
        """Return the error for an id."""
        shown = image if len(image) <= LONGEST_ID else f"{image[:LONGEST_ID]}..."
        return cls(f"There is no image {shown!r}", action="Look for its id in the list of images")


class DamagedImageError(StoreError, ValueError):
    """The bytes of a stored image are no longer those that were stored."""

    @classmethod
    def of(cls, image: str) -> "DamagedImageError":
        """Return the error for an id."""
        return cls(f"The bytes of image {image} are not those that were stored", action="Restore it from a copy")
