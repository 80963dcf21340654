"""What a store keeps beside the bytes of an image, and what was said of it."""

import hashlib
import time
from typing import Any, Literal
from uuid import uuid4

from pydantic import Field

from synthetyk.core.config import Config

Origin = Literal["real", "synthetic"]
IMAGE_ID = r"[0-9a-f]{64}"
EVENT_ID = r"[A-Za-z0-9_-]{1,64}"


class NewImage(Config):
    """What is known of an image before it is stored.

    Attributes:
        media_type: For example ``image/png`` or ``application/dicom``.
        width: Pixels.
        height: Pixels.
        channels: Of the decoded image.
        origin: Whether somebody took it or a generator drew it.
        label: Its class, as far as it is known; of a synthetic image the one that was asked for.
        model: SHA-256 of the model that drew it; empty for real images.
        details: Whatever else is to be kept, JSON values, for example seed and number of a synthetic image.
    """

    media_type: str
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    channels: int = Field(ge=1)
    origin: Origin = "real"
    label: str = ""
    model: str = ""
    details: dict[str, Any] = Field(default={})


class ImageRecord(NewImage):
    """A stored image.

    Attributes:
        id: SHA-256 of its bytes, so that the same bytes are one image.
        size: Bytes.
        created: When it was stored first, milliseconds since 1970 in UTC.
    """

    id: str = Field(pattern=f"^{IMAGE_ID}$")
    size: int = Field(ge=0)
    created: int

    @classmethod
    def of(cls, data: bytes, about: NewImage, created: int | None = None) -> "ImageRecord":
        """Return the record of an image that is stored now, or was at another time."""
        when = now() if created is None else created
        return cls(
            **about.model_dump(include=set(NewImage.model_fields)), id=image_id(data), size=len(data), created=when
        )

    @property
    def about(self) -> NewImage:
        """What was known of it before it was stored."""
        return NewImage(**self.model_dump(include=set(NewImage.model_fields)))


class Prediction(Config):
    """What a classifier said of a stored image.

    Attributes:
        id: Any name that no other prediction of the image has.
        image: The image's id.
        model: SHA-256 of the classifier.
        created: Milliseconds since 1970 in UTC.
        probabilities: By class.
        label: The likeliest class.
        risk: Whether that class is called a risk; None if nobody said.
        details: Whatever else is to be kept, JSON values.
    """

    id: str = Field(min_length=1, max_length=200)
    image: str = Field(pattern=f"^{IMAGE_ID}$")
    model: str
    created: int
    probabilities: dict[str, float]
    label: str
    risk: bool | None = None
    details: dict[str, Any] = Field(default={})


class Event(Config):
    """Something that happened, and is to be known later; it never changes.

    Attributes:
        kind: What happened, for example ``generation``; each kind is a list of its own.
        id: Any name that no other event of that kind and millisecond has.
        created: When it happened, milliseconds since 1970 in UTC.
        details: What is to be known of it, JSON values.
    """

    kind: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    id: str = Field(pattern=f"^{EVENT_ID}$")
    created: int
    details: dict[str, Any] = Field(default={})

    @classmethod
    def of(cls, kind: str, details: dict[str, Any]) -> "Event":
        """Return an event that happens now, with a name that no other has."""
        return cls(kind=kind, id=uuid4().hex, created=now(), details=details)


class Wanted(Config):
    """Which images a list is to hold; what is None does not matter.

    Attributes:
        origin: Real or synthetic.
        label: Class.
        model: SHA-256 of the model that drew them.
        before: Stored earlier than this, milliseconds since 1970 in UTC.
        since: Stored then or later.
    """

    origin: Origin | None = None
    label: str | None = None
    model: str | None = None
    before: int | None = None
    since: int | None = None

    def fits(self, record: ImageRecord) -> bool:
        """Tell whether an image is wanted."""
        said = all(getattr(self, name) in (None, getattr(record, name)) for name in ("origin", "label", "model"))
        early = self.before is None or record.created < self.before
        return said and early and (self.since is None or record.created >= self.since)


def image_id(data: bytes) -> str:
    """Return the id of an image's bytes."""
    return hashlib.sha256(data).hexdigest()


def now() -> int:
    """Return the time in milliseconds since 1970 in UTC."""
    return time.time_ns() // 1_000_000
