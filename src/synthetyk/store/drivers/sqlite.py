"""A store in one SQLite file: the default, nothing to install, several processes of one machine may share it."""

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthetyk.core.errors import (
    ConfigError,
    DamagedImageError,
    ImageNotFoundError,
    NewerSchemaError,
    StoreError,
    StoreUnavailableError,
)
from synthetyk.store.record import Event, ImageRecord, NewImage, Prediction, Wanted, image_id
from synthetyk.store.store import EventPage, Page, check_limit, cut, event_place_of, place_of

PATIENCE = 30.0  # seconds that a writer waits for another
# One script for each version of the tables, each on top of the one before.
MIGRATIONS = (
    """
    CREATE TABLE images (
        id TEXT PRIMARY KEY, created INTEGER NOT NULL, origin TEXT NOT NULL, label TEXT NOT NULL, model TEXT NOT NULL,
        record TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX images_by_time ON images (created, id);
    CREATE TABLE contents (id TEXT PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE, data BLOB NOT NULL);
    CREATE TABLE predictions (
        image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE, id TEXT NOT NULL, created INTEGER NOT NULL,
        prediction TEXT NOT NULL, PRIMARY KEY (image, id)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE events (
        kind TEXT NOT NULL, created INTEGER NOT NULL, id TEXT NOT NULL, event TEXT NOT NULL,
        PRIMARY KEY (kind, created, id)
    ) WITHOUT ROWID;
    """,
)


class SqliteStore:
    """Keeps images and predictions in one file; ``sqlite:///FOLDER/FILE.db``.

    Its write-ahead log is flushed to the disk with every transaction: what was acknowledged outlives a loss of power.
    Every thread has a connection of its own, and a forked process takes none from its parent.

    Args:
        path: The file; made if it is not there.

    Raises:
        StoreUnavailableError: It cannot be opened.
        NewerSchemaError: A newer Synthetyk wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[_Held] = []
        with _told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _migrate(self._connection(), path)

    @classmethod
    def open(cls, location: str, *, must_exist: bool = False) -> "SqliteStore":
        """Open ``sqlite:///relative/path.db`` or ``sqlite:////absolute/path.db``.

        Raises:
            ConfigError: The URL names no file.
            StoreError: The file has to be there, and is not.
        """
        path = location.removeprefix("sqlite:///")
        if path == location or not path:
            raise ConfigError(
                f"{location!r} names no file", expected="sqlite:///relative/path.db or sqlite:////absolute/path.db"
            )
        if must_exist and not Path(path).exists():
            raise StoreError(f"There is no store {path}", action="See that its name is right")
        return cls(Path(path))

    def put(self, data: bytes, about: NewImage, *, created: int | None = None) -> ImageRecord:
        """Store an image in one transaction."""
        new = ImageRecord.of(data, about, created)
        with self._writing() as database:
            if found := _row(database, "SELECT record FROM images WHERE id = ?", new.id):
                return ImageRecord(**json.loads(found[0]))
            words = new.model_dump_json()
            columns = (new.id, new.created, new.origin, new.label, new.model, words)
            database.execute("INSERT INTO images VALUES (?, ?, ?, ?, ?, ?)", columns)
            database.execute("INSERT INTO contents VALUES (?, ?)", (new.id, data))
        return new

    def record(self, image: str) -> ImageRecord:
        """Return what is known of an image."""
        with self._reading() as database:
            found = _row(database, "SELECT record FROM images WHERE id = ?", image)
        if not found:
            raise ImageNotFoundError.of(image)
        return ImageRecord(**json.loads(found[0]))

    def read(self, image: str) -> bytes:
        """Return the bytes of an image."""
        with self._reading() as database:
            found = _row(database, "SELECT data FROM contents WHERE id = ?", image)
        if not found:
            raise ImageNotFoundError.of(image)
        data = bytes(found[0])
        if image_id(data) != image:
            raise DamagedImageError.of(image)
        return data

    def page(self, wanted: Wanted, *, limit: int = 100, after: str | None = None) -> Page:
        """Return a part of the list of images."""
        check_limit(limit)
        words, values = _where(wanted, after)
        order = f"SELECT record FROM images{words} ORDER BY created DESC, id DESC LIMIT ?"
        with self._reading() as database, closing(database.execute(order, [*values, limit + 1])) as rows:
            records = [ImageRecord(**json.loads(record)) for (record,) in rows]
        return Page(*cut(records, limit))

    def delete(self, image: str) -> None:
        """Forget an image and its predictions."""
        with self._writing() as database:
            if not database.execute("DELETE FROM images WHERE id = ?", (image,)).rowcount:
                raise ImageNotFoundError.of(image)

    def put_prediction(self, prediction: Prediction) -> None:
        """Store what was said of an image."""
        columns = (prediction.image, prediction.id, prediction.created, prediction.model_dump_json())
        with self._writing() as database:
            if not _row(database, "SELECT 1 FROM images WHERE id = ?", prediction.image):
                raise ImageNotFoundError.of(prediction.image)
            database.execute("INSERT OR IGNORE INTO predictions VALUES (?, ?, ?, ?)", columns)

    def predictions(self, image: str) -> tuple[Prediction, ...]:
        """Return what was said of an image."""
        order = "SELECT prediction FROM predictions WHERE image = ? ORDER BY created, id"
        with self._reading() as database:
            if not _row(database, "SELECT 1 FROM images WHERE id = ?", image):
                raise ImageNotFoundError.of(image)
            with closing(database.execute(order, (image,))) as rows:
                return tuple(Prediction(**json.loads(words)) for (words,) in rows)

    def put_event(self, *events: Event) -> None:
        """Store what happened, all of it in one transaction."""
        rows = [(event.kind, event.created, event.id, event.model_dump_json()) for event in events]
        with self._writing() as database:
            database.executemany("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)", rows)

    def events(self, kind: str, *, limit: int = 100, after: str | None = None) -> EventPage:
        """Return a part of the list of events of a kind."""
        check_limit(limit)
        place = "" if after is None else " AND (created, id) < (?, ?)"
        order = f"SELECT event FROM events WHERE kind = ?{place} ORDER BY created DESC, id DESC LIMIT ?"
        values = (kind, *(() if after is None else event_place_of(after)), limit + 1)
        with self._reading() as database, closing(database.execute(order, values)) as rows:
            found = [Event(**json.loads(words)) for (words,) in rows]
        return EventPage(*cut(found, limit))

    def event_kinds(self) -> tuple[str, ...]:
        """Return the kinds of which there are events; one step from each to the next, however many there are."""
        found, order = list[str](), "SELECT MIN(kind) FROM events WHERE kind > ?"
        with self._reading() as database:
            while (row := _row(database, order, found[-1] if found else "")) and row[0]:
                found.append(row[0])
        return tuple(found)

    def check(self) -> None:
        """Take and release the lock of writers."""
        with self._writing():
            pass

    def close(self) -> None:
        """Close the connections of every thread of this process."""
        with self._lock:
            mine = [held.database for held in self._open if held.process == os.getpid()]
            self._open.clear()
        self._local = threading.local()
        for database in mine:
            database.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with _told(self.path):
            yield self._connection()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Take the lock of writers at once: one that reads first and writes later may have to give up."""
        with _told(self.path):
            database = self._connection()
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")

    def _drop_ended(self) -> None:
        """Close the connections of threads that have ended; a service begins and ends many."""
        for held in [one for one in self._open if one.process == os.getpid() and not one.thread.is_alive()]:
            self._open.remove(held)
            held.database.close()

    def _connection(self) -> sqlite3.Connection:
        """Return this thread's connection of this process."""
        if getattr(self._local, "process", None) != os.getpid():
            self._local.database, self._local.process = _connect(self.path), os.getpid()
            with self._lock:
                self._drop_ended()
                self._open.append(_Held(os.getpid(), threading.current_thread(), self._local.database))
        database: sqlite3.Connection = self._local.database
        return database


@dataclass(frozen=True)
class _Held:
    """A connection, and whose it is."""

    process: int
    thread: threading.Thread
    database: sqlite3.Connection


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        database.execute(f"PRAGMA {pragma}")
    return database


def _migrate(database: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to this version; of several processes that begin together one does it."""
    database.execute("BEGIN EXCLUSIVE")
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        database.execute("ROLLBACK")
        raise NewerSchemaError(
            f"{path} was written by a newer Synthetyk (tables of version {version})",
            expected=f"at most version {len(MIGRATIONS)}",
            action="Upgrade Synthetyk, or name another file",
        )
    for script in MIGRATIONS[version:]:
        for statement in filter(str.strip, script.split(";")):
            database.execute(statement)
    database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    database.execute("COMMIT")


def _row(database: sqlite3.Connection, order: str, *values: Any) -> tuple[Any, ...] | None:
    with closing(database.execute(order, values)) as rows:
        found: tuple[Any, ...] | None = rows.fetchone()
    return found


def _where(wanted: Wanted, after: str | None) -> tuple[str, list[Any]]:
    """Return the condition of a list, and its values."""
    asked: dict[str, Any] = {
        f"{name} = ?": value for name in ("origin", "label", "model") if (value := getattr(wanted, name)) is not None
    }
    asked |= {"created < ?": wanted.before} if wanted.before is not None else {}
    asked |= {"created >= ?": wanted.since} if wanted.since is not None else {}
    words, values = list(asked), list(asked.values())
    if after is not None:
        words.append("(created, id) < (?, ?)")
        values += place_of(after)
    return f" WHERE {' AND '.join(words)}" if words else "", values


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn SQLite's errors, and those of the file system, into ours."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        if isinstance(error, StoreError):
            raise
        raise StoreUnavailableError(
            f"The store {path} cannot be used: {error}", action="See that the folder can be written and has room"
        ) from error
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} is no store, or is damaged: {error}", action="Name another file") from error
