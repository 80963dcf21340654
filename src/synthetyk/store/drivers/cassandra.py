"""A store in Cassandra: images on many machines, each kept several times."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from synthetyk.core.errors import DamagedImageError, ImageNotFoundError
from synthetyk.store.drivers.cassandra_location import CassandraLocation
from synthetyk.store.drivers.cassandra_session import CassandraSession
from synthetyk.store.drivers.cassandra_tables import HOUR, MINUTE, WHOLE, joined, parts_of, pieces_of
from synthetyk.store.record import Event, ImageRecord, NewImage, Prediction, Wanted, image_id
from synthetyk.store.store import EventPage, Page, check_limit, cut, event_place_of, place_of

LATEST = 2**62


class CassandraStore:
    """Keeps images in a keyspace; ``cassandra://HOST[,HOST...]/KEYSPACE?replication=3``.

    Everything is written and read at LOCAL_QUORUM. An image's pieces are written first; the row that names them is
    claimed last, by a lightweight transaction, so that of several who store the same bytes at once one record stays. A
    list with filters reads on until it has found enough.

    Args:
        session: Gives the orders.
    """

    def __init__(self, session: CassandraSession) -> None:
        self._session = session

    @classmethod
    def open(cls, location: str, *, must_exist: bool = False) -> "CassandraStore":
        """Open the store of a URL, see `cassandra_location`; keyspace and tables are made on first use.

        Raises:
            StoreError: The keyspace has to be there, and is not.
        """
        store = cls(CassandraSession(CassandraLocation.parse(location), must_exist=must_exist))
        store.check()
        return store

    def put(self, data: bytes, about: NewImage, *, created: int | None = None) -> ImageRecord:
        """Store an image: pieces, then the row that makes it one, then its place in the list."""
        new = ImageRecord.of(data, about, created)
        if found := self._find(new.id, serial=True):
            return self._listed(_record(found), found.upload)
        upload, pieces = uuid4(), pieces_of(data)
        self._session.ask_all("write", [(new.id, upload, part, number, piece) for part, number, piece in pieces])
        said = self._session.ask("claim", new.id, upload, new.model_dump_json(), len(pieces)).one()
        if said.applied or said.upload == upload:  # the second: an answer was lost, and the order given again
            return self._listed(new, upload)
        self._drop_pieces(new.id, upload, len(pieces))
        return self.put(data, about, created=created)  # somebody else was first, or is taking it away

    def record(self, image: str) -> ImageRecord:
        """Return what is known of an image."""
        return _record(self._found(image))

    def read(self, image: str) -> bytes:
        """Return the bytes of an image, put together and checked."""
        row = self._found(image)
        rows = [
            one for part in parts_of(row.pieces) for one in self._session.rows("read", image, row.upload, part, fetch=4)
        ]
        data = joined(rows, row.pieces)
        if data is None and not self._find(image):
            raise ImageNotFoundError.of(image)  # it was deleted while it was read
        if data is None or image_id(data) != image:
            raise DamagedImageError.of(image)
        return data

    def page(self, wanted: Wanted, *, limit: int = 100, after: str | None = None) -> Page:
        """Return a part of the list of images."""
        check_limit(limit)
        place = None if after is None else place_of(after)
        found = list[ImageRecord]()
        for record in self._from(wanted, place, limit + 1):
            if wanted.fits(record):
                found.append(record)
            if len(found) > limit:
                break
        return Page(*cut(found, limit))

    def delete(self, image: str) -> None:
        """Forget an image: its place in the list, the row that makes it one, then its pieces.

        Killed before that row is gone it can be repeated, or undone by storing the image again; killed after it, the
        pieces stay behind, which nothing names any more.
        """
        row = self._found(image)
        record = _record(row)
        self._forget(record, row.upload)
        self._session.ask("release", image, row.upload)
        self._forget(record, row.upload)  # again: somebody may have listed it, or said something of it, meanwhile
        self._drop_pieces(image, row.upload, row.pieces)

    def put_prediction(self, prediction: Prediction) -> None:
        """Store what was said of an image."""
        row = self._found(prediction.image)
        words = prediction.model_dump_json()
        self._session.ask("say", prediction.image, row.upload, prediction.id, prediction.created, words)

    def predictions(self, image: str) -> tuple[Prediction, ...]:
        """Return what was said of an image."""
        rows = self._session.rows("said", image, self._found(image).upload)
        said = (Prediction(**json.loads(row.prediction)) for row in rows)
        return tuple(sorted(said, key=lambda one: (one.created, one.id)))

    def put_event(self, *events: Event) -> None:
        """Store what happened: the minutes first in which it did, so that nothing is there which no list leads to."""
        minutes = sorted({(event.kind, event.created // MINUTE) for event in events})
        self._session.ask_all("open_minute", minutes)
        rows = [
            (event.kind, event.created // MINUTE, event.created, event.id, event.model_dump_json()) for event in events
        ]
        self._session.ask_all("happen", rows)

    def events(self, kind: str, *, limit: int = 100, after: str | None = None) -> EventPage:
        """Return a part of the list of events of a kind."""
        check_limit(limit)
        place = None if after is None else event_place_of(after)
        found = list(islice(self._events_from(kind, place, limit + 1), limit + 1))
        return EventPage(*cut(found, limit))

    def event_kinds(self) -> tuple[str, ...]:
        """Return the kinds of which there are events."""
        return tuple(sorted(row.kind for row in self._session.rows("kinds")))

    def check(self) -> None:
        """Read one row at LOCAL_QUORUM."""
        self._session.ask("ready", WHOLE)

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def _find(self, image: str, *, serial: bool = False) -> Any:
        """Return the row that makes an image one; `serial` also sees a claim that is being decided."""
        row = self._session.ask("find", image, serial=serial).one()
        return row if row and row.complete else None

    def _found(self, image: str) -> Any:
        row = self._find(image)
        if row is None:
            raise ImageNotFoundError.of(image)
        return row

    def _listed(self, record: ImageRecord, upload: UUID) -> ImageRecord:
        """See that an image stands in the list, also if whoever stored it was killed before that."""
        hour = record.created // HOUR
        self._session.ask("open_hour", WHOLE, hour)
        self._session.ask("list", hour, record.created, record.id, upload, record.model_dump_json())
        return record

    def _from(self, wanted: Wanted, place: tuple[int, str] | None, fetch: int) -> Iterator[ImageRecord]:
        """Yield the records of a list from a place on, hour by hour, those that may be wanted among them."""
        latest = min(place[0] if place else LATEST, LATEST if wanted.before is None else wanted.before)
        for row in self._session.rows("hours", WHOLE, latest // HOUR):
            if wanted.since is not None and (row.hour + 1) * HOUR <= wanted.since:
                return
            order, start = ("page", ()) if place is None or row.hour != place[0] // HOUR else ("page_after", place)
            for one in self._session.rows(order, row.hour, *start, fetch=fetch):
                yield ImageRecord(**json.loads(one.record))

    def _events_from(self, kind: str, place: tuple[int, str] | None, fetch: int) -> Iterator[Event]:
        """Yield the events of a kind from a place on, minute by minute."""
        latest = place[0] // MINUTE if place else LATEST
        for row in self._session.rows("minutes", kind, latest):
            inside = place is not None and row.minute == latest
            order, start = ("happened_before", place) if inside and place else ("happened", ())
            for one in self._session.rows(order, kind, row.minute, *start, fetch=fetch):
                yield Event(**json.loads(one.event))

    def _forget(self, record: ImageRecord, upload: UUID) -> None:
        self._session.ask("unlist", record.created // HOUR, record.created, record.id, upload)
        self._session.ask("unsay", record.id, upload)

    def _drop_pieces(self, image: str, upload: UUID, pieces: int) -> None:
        for part in parts_of(pieces):
            self._session.ask("drop", image, upload, part)


def _record(row: Any) -> ImageRecord:
    return ImageRecord(**json.loads(row.record))
