"""A store in memory, for tests: it forgets everything with its process."""

from threading import RLock

from synthetyk.core.errors import ImageNotFoundError, StoreError
from synthetyk.store.record import Event, ImageRecord, NewImage, Prediction, Wanted
from synthetyk.store.store import EventPage, Page, check_limit, cut, event_place_of, place_of


class MemoryStore:
    """Keeps everything in dictionaries."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._images: dict[str, tuple[ImageRecord, bytes]] = {}
        self._predictions: dict[str, dict[str, Prediction]] = {}
        self._events: dict[str, dict[tuple[int, str], Event]] = {}

    @classmethod
    def open(cls, _location: str, *, must_exist: bool = False) -> "MemoryStore":
        """Return an empty store.

        Raises:
            StoreError: It has to be there already, which it never is.
        """
        if must_exist:
            raise StoreError("A store in memory is empty when it is opened", expected="one that lasts")
        return cls()

    def put(self, data: bytes, about: NewImage, *, created: int | None = None) -> ImageRecord:
        """Keep an image until the process ends."""
        with self._lock:
            new = ImageRecord.of(data, about, created)
            return self._images.setdefault(new.id, (new, bytes(data)))[0]

    def record(self, image: str) -> ImageRecord:
        """Return what is known of an image."""
        return self._found(image)[0]

    def read(self, image: str) -> bytes:
        """Return the bytes of an image."""
        return self._found(image)[1]

    def page(self, wanted: Wanted, *, limit: int = 100, after: str | None = None) -> Page:
        """Return a part of the list of images."""
        check_limit(limit)
        place = None if after is None else place_of(after)
        with self._lock:
            records = [record for record, _ in self._images.values() if wanted.fits(record)]
        if place is not None:
            records = [record for record in records if (record.created, record.id) < place]
        records.sort(key=lambda record: (record.created, record.id), reverse=True)
        return Page(*cut(records, limit))

    def delete(self, image: str) -> None:
        """Forget an image and its predictions."""
        with self._lock:
            self._found(image)
            del self._images[image]
            self._predictions.pop(image, None)

    def put_prediction(self, prediction: Prediction) -> None:
        """Keep what was said of an image."""
        with self._lock:
            self._found(prediction.image)
            self._predictions.setdefault(prediction.image, {}).setdefault(prediction.id, prediction)

    def predictions(self, image: str) -> tuple[Prediction, ...]:
        """Return what was said of an image."""
        with self._lock:
            self._found(image)
            said = self._predictions.get(image, {}).values()
            return tuple(sorted(said, key=lambda one: (one.created, one.id)))

    def put_event(self, *events: Event) -> None:
        """Keep what happened."""
        with self._lock:
            for event in events:
                self._events.setdefault(event.kind, {}).setdefault((event.created, event.id), event)

    def events(self, kind: str, *, limit: int = 100, after: str | None = None) -> EventPage:
        """Return a part of the list of events of a kind."""
        check_limit(limit)
        place = None if after is None else event_place_of(after)
        with self._lock:
            happened = sorted(self._events.get(kind, {}).items(), reverse=True)
        found = [event for when, event in happened if place is None or when < place]
        return EventPage(*cut(found, limit))

    def event_kinds(self) -> tuple[str, ...]:
        """Return the kinds of which there are events."""
        with self._lock:
            return tuple(sorted(self._events))

    def check(self) -> None:
        """Memory is always there."""

    def close(self) -> None:
        """There is nothing to release."""

    def _found(self, image: str) -> tuple[ImageRecord, bytes]:
        with self._lock:
            if image not in self._images:
                raise ImageNotFoundError.of(image)
            return self._images[image]
