"""What a service answers, as a program works with it."""

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from synthetyk.core.config import Config
from synthetyk.core.errors import ServiceError
from synthetyk.store.record import ImageRecord, Prediction

Kind = TypeVar("Kind", bound=Config)


class Predicted(Config):
    """An image that was stored, and what was said of it.

    Attributes:
        image: The image.
        prediction: What was said of it.
    """

    image: ImageRecord
    prediction: Prediction


class Images(Config):
    """A part of the list of images.

    Attributes:
        images: The latest first.
        after: Where the next part begins; None if this is the last.
    """

    images: tuple[ImageRecord, ...]
    after: str | None = None


class Generated(Config):
    """Images that were drawn.

    Attributes:
        data: In the form that was asked for.
        media_type: Of the data.
        model: SHA-256 of the model that drew them.
        seed: With which the same request gives the same bytes.
        generation: Id of the event that records it.
    """

    data: bytes
    media_type: str
    model: str
    seed: int
    generation: str


class Model(Config):
    """A model that a service predicts or draws with.

    Attributes:
        sha256: By which records name it.
        name: A short name.
        title: What its run was called.
        classifier: What is known of its classifier; None if it has none.
        generator: What is known of its generator; None if it has none.
    """

    sha256: str
    name: str
    title: str = ""
    classifier: dict[str, Any] | None = None
    generator: dict[str, Any] | None = None


class Health(Config):
    """How a service is.

    Attributes:
        alive: Whether it answers.
        ready: Whether it takes requests.
        reason: Why it does not.
    """

    alive: bool
    ready: bool
    reason: str = ""


def read(kind: type[Kind], values: Any) -> Kind:
    """Return a result; what a newer service says besides is left out.

    Raises:
        ServiceError: It is no such thing.
    """
    try:
        return kind.model_validate(_known(kind, values))
    except ValidationError as error:
        raise ServiceError(
            f"The answer is no {kind.__name__}", action="Is this a Synthetyk service of the same version?"
        ) from error


def _known(annotation: Any, value: Any) -> Any:
    """Return a value without what its model has no field for, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, Config) and isinstance(value, Mapping):
        fields = annotation.model_fields
        return {name: _known(fields[name].annotation, value[name]) for name in fields if name in value}
    if isinstance(value, list) and (inside := get_args(annotation)):
        return [_known(inside[0], each) for each in value]
    return value
