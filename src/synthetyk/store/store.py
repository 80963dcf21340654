"""The Protocol that every image store keeps: what it has acknowledged is never lost."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from synthetyk.core.errors import ConfigError
from synthetyk.store.record import EVENT_ID, IMAGE_ID, Event, ImageRecord, NewImage, Prediction, Wanted

Entry = TypeVar("Entry", ImageRecord, Event)
LONGEST_PAGE = 1000
# Where a page ended.
CURSOR = rf"(-?\d{{1,15}})-({IMAGE_ID})"
EVENT_CURSOR = rf"(-?\d{{1,15}})-({EVENT_ID})"


@dataclass(frozen=True)
class Page:
    """A part of a list.

    Attributes:
        records: The latest image first; of the same millisecond the highest id.
        after: Where the next page begins; None if this is the last.
    """

    records: tuple[ImageRecord, ...]
    after: str | None


@dataclass(frozen=True)
class EventPage:
    """A part of a list of events.

    Attributes:
        events: The latest first; of the same millisecond the highest id.
        after: Where the next page begins; None if this is the last.
    """

    events: tuple[Event, ...]
    after: str | None


@runtime_checkable
class ImageStore(Protocol):
    """Keeps images and what was said of them; safe to use from several threads.

    Every method raises `StoreUnavailableError` if the store cannot be reached or cannot take any more.
    """

    def put(self, data: bytes, about: NewImage, *, created: int | None = None) -> ImageRecord:
        """Store an image; once this returns, it outlives a loss of power.

        Args:
            data: Any bytes; the same twice are one image, which keeps its first record.
            about: What is known of it.
            created: When it was stored first, where it comes from another store; default: now.
        """
        ...

    def record(self, image: str) -> ImageRecord:
        """Return what is known of an image.

        Raises:
            ImageNotFoundError: There is none of that id.
        """
        ...

    def read(self, image: str) -> bytes:
        """Return the bytes of an image, exactly as they were stored.

        Raises:
            ImageNotFoundError: There is none of that id.
            DamagedImageError: They are no longer those that were stored.
        """
        ...

    def page(self, wanted: Wanted, *, limit: int = 100, after: str | None = None) -> Page:
        """Return a part of the list of images, the latest first.

        Args:
            wanted: Which images.
            limit: Records at most, 1 to 1000.
            after: What the page before said; default: from the beginning.

        Raises:
            ConfigError: `limit` or `after` is not one.
        """
        ...

    def delete(self, image: str) -> None:
        """Forget an image and its predictions.

        Raises:
            ImageNotFoundError: There is none of that id.
        """
        ...

    def put_prediction(self, prediction: Prediction) -> None:
        """Store what was said of an image, as lastingly as the image; of one image, the same id twice is one.

        Raises:
            ImageNotFoundError: The image is not there.
        """
        ...

    def predictions(self, image: str) -> tuple[Prediction, ...]:
        """Return what was said of an image, the earliest first.

        Raises:
            ImageNotFoundError: There is none of that id.
        """
        ...

    def put_event(self, *events: Event) -> None:
        """Store what happened, as lastingly as an image; the same event twice is one."""
        ...

    def events(self, kind: str, *, limit: int = 100, after: str | None = None) -> EventPage:
        """Return a part of the list of events of a kind, the latest first.

        Args:
            kind: Which; of one that is not known there are none.
            limit: Events at most, 1 to 1000.
            after: What the page before said; default: from the beginning.

        Raises:
            ConfigError: `limit` or `after` is not one.
        """
        ...

    def event_kinds(self) -> tuple[str, ...]:
        """Return the kinds of which there are events, in alphabetical order."""
        ...

    def check(self) -> None:
        """Do nothing if the store is ready to take images."""
        ...

    def close(self) -> None:
        """Release what is held; nothing may be asked afterwards."""
        ...


def cursor_of(record: ImageRecord | Event) -> str:
    """Return what a page ends with that ends with this record."""
    return f"{record.created}-{record.id}"


def cut(found: Sequence[Entry], limit: int) -> tuple[tuple[Entry, ...], str | None]:
    """Return what stands on a page, and what it ends with if there is more.

    Args:
        found: One entry more than the page takes, if there are that many.
        limit: Entries on the page, at least 1.
    """
    part = tuple(found[:limit])
    return part, cursor_of(part[-1]) if len(found) > limit else None


def place_of(cursor: str, pattern: str = CURSOR) -> tuple[int, str]:
    """Return time and id of the record that a page ended with.

    Raises:
        ConfigError: It is no such thing.
    """
    found = re.fullmatch(pattern, cursor)
    if not found:
        raise ConfigError("The place in the list to go on from is not one", action="Begin without it")
    return int(found[1]), found[2]


def event_place_of(cursor: str) -> tuple[int, str]:
    """Return time and id of the event that a page ended with.

    Raises:
        ConfigError: It is no such thing.
    """
    return place_of(cursor, EVENT_CURSOR)


def check_limit(limit: int) -> None:
    """See that a page's length is one.

    Raises:
        ConfigError: It is not.
    """
    if not 1 <= limit <= LONGEST_PAGE:
        raise ConfigError(f"A page of {limit} entries was asked for", expected=f"1 to {LONGEST_PAGE}")
