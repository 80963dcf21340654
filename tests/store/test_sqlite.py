import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from synthetyk.core.errors import (
    ConfigError,
    DamagedImageError,
    NewerSchemaError,
    StoreError,
    StoreUnavailableError,
)
from synthetyk.store.contract import PNG
from synthetyk.store.drivers.sqlite import MIGRATIONS, SqliteStore
from synthetyk.store.record import Event, ImageRecord, Wanted

WRITER = """
import sys
from pathlib import Path
from synthetyk.store.contract import PNG
from synthetyk.store.drivers.sqlite import SqliteStore

store = SqliteStore(Path(sys.argv[1]))
for number in range(100_000):
    print(store.put(b"%d" % number * 5000, PNG).id, flush=True)
"""

# As the first version wrote it; this never changes.
VERSION_1 = """
    PRAGMA journal_mode = WAL;
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
    PRAGMA user_version = 1;
"""


@pytest.fixture
def store(tmp_path):
    store = SqliteStore(tmp_path / "images.db")
    yield store
    store.close()


def test_what_was_acknowledged_outlives_kill_9(tmp_path):
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "a.db")], stdout=subprocess.PIPE, text=True)
    acknowledged = [writer.stdout.readline().strip() for _ in range(40)]
    writer.send_signal(signal.SIGKILL)
    acknowledged += writer.stdout.read().split("\n")[:-1]
    writer.wait()
    store = SqliteStore(tmp_path / "a.db")
    assert len(acknowledged) >= 40
    assert all(store.read(image) for image in acknowledged)
    store.close()


def test_a_store_is_there_again_when_it_is_opened_again(tmp_path):
    first = SqliteStore(tmp_path / "a.db")
    image = first.put(b"a", PNG).id
    first.close()
    again = SqliteStore(tmp_path / "a.db")
    assert again.read(image) == b"a"
    again.close()


def test_writes_are_flushed_to_the_disk(store):
    with store._reading() as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def _put_many(path, start):
    store = SqliteStore(path)
    for number in range(start, start + 30):
        store.put(b"%d" % (number % 40), PNG)
    store.close()


def test_processes_that_begin_together_share_a_store(tmp_path):
    path, context = tmp_path / "new.db", multiprocessing.get_context("spawn")
    workers = [context.Process(target=_put_many, args=(path, start)) for start in (0, 10)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    store = SqliteStore(path)
    assert len(store.page(Wanted()).records) == 40
    store.close()


def test_a_forked_process_takes_a_connection_of_its_own(store):
    store.put(b"a", PNG)
    child = os.fork()
    if child == 0:
        store.put(b"b", PNG)
        os._exit(0 if len(store._open) == 2 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert len(store.page(Wanted()).records) == 2


def test_connections_of_threads_that_have_ended_are_closed(store):
    for number in range(5):
        thread = threading.Thread(target=store.put, args=(b"%d" % number, PNG))
        thread.start()
        thread.join()
    assert len(store._open) <= 2
    assert len(store.page(Wanted()).records) == 5


def test_damaged_bytes_are_not_handed_out(store):
    image = store.put(b"abc", PNG).id
    with store._writing() as database:
        database.execute("UPDATE contents SET data = ?", (b"abd",))
    with pytest.raises(DamagedImageError, match="not those that were stored"):
        store.read(image)


def test_tables_of_a_newer_version_are_refused_and_left_alone(tmp_path):
    path = tmp_path / "a.db"
    SqliteStore(path).close()
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(NewerSchemaError, match="newer Synthetyk"):
        SqliteStore(path)
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)


def test_a_file_of_version_1_keeps_its_images_and_takes_events(tmp_path):
    path, record = tmp_path / "a.db", ImageRecord.of(b"a", PNG, created=5)
    with sqlite3.connect(path) as database:
        database.executescript(VERSION_1)
        columns = (record.id, record.created, record.origin, record.label, record.model, record.model_dump_json())
        database.execute("INSERT INTO images VALUES (?, ?, ?, ?, ?, ?)", columns)
        database.execute("INSERT INTO contents VALUES (?, ?)", (record.id, b"a"))
    store = SqliteStore(path)
    assert (store.read(record.id), store.record(record.id)) == (b"a", record)
    event = Event.of("generation", {"count": 2})
    store.put_event(event)
    assert store.events("generation").events == (event,)
    store.close()
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)


def test_tables_of_an_older_version_are_migrated(tmp_path, monkeypatch):
    path = tmp_path / "a.db"
    first = SqliteStore(path)
    image = first.put(b"a", PNG).id
    first.close()
    monkeypatch.setattr(
        "synthetyk.store.drivers.sqlite.MIGRATIONS", (*MIGRATIONS, "CREATE TABLE notes (id TEXT); DROP TABLE notes;")
    )
    second = SqliteStore(path)
    assert second.read(image) == b"a"
    second.close()
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)


def test_a_file_that_is_no_store_is_told_and_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a data base, but something that matters" * 100)
    with pytest.raises(StoreError, match="no store, or is damaged"):
        SqliteStore(path)
    assert path.read_text().startswith("not a data base")


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailableError, match="can be written"):
        SqliteStore(tmp_path / "file" / "a.db")


def test_a_full_disk_is_told_and_loses_nothing(store):
    image = store.put(b"a" * 100_000, PNG).id
    with store._reading() as database:
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailableError, match="full"):
        store.put(b"b" * 1_000_000, PNG)
    assert store.read(image) == b"a" * 100_000
    assert len(store.page(Wanted()).records) == 1


def test_a_writer_that_waits_too_long_is_told(store, monkeypatch):
    monkeypatch.setattr("synthetyk.store.drivers.sqlite.PATIENCE", 0.1)
    other = SqliteStore(store.path)
    with store._writing(), pytest.raises(StoreUnavailableError, match="locked"):
        other.put(b"a", PNG)
    other.close()


def test_a_long_list_needs_no_sorting(store):
    with store._reading() as database:
        plan = database.execute(
            "EXPLAIN QUERY PLAN SELECT record FROM images ORDER BY created DESC, id DESC"
        ).fetchall()
        events = database.execute(
            "EXPLAIN QUERY PLAN SELECT event FROM events WHERE kind = 'a' ORDER BY created DESC, id DESC"
        ).fetchall()
    assert not any("TEMP B-TREE" in step[-1] for step in plan + events)


@pytest.mark.parametrize("url", ["sqlite://a.db", "sqlite:", "sqlite:///"])
def test_a_url_without_a_file_is_refused(url):
    with pytest.raises(ConfigError, match="names no file"):
        SqliteStore.open(url)


def test_a_read_does_not_wait_for_a_writer(store):
    image = store.put(b"a", PNG).id
    other = SqliteStore(store.path)
    began = time.monotonic()
    with store._writing() as database:
        database.execute("DELETE FROM images")
        assert other.read(image) == b"a"
    assert time.monotonic() - began < 20
    other.close()
