import pytest

from synthetyk.core.errors import DamagedImageError
from synthetyk.store.contract import PNG, filled, happened, said
from synthetyk.store.copy import copy_store, every_image, holds
from synthetyk.store.drivers.memory import MemoryStore
from synthetyk.store.drivers.sqlite import SqliteStore


@pytest.fixture
def source(tmp_path):
    store = SqliteStore(tmp_path / "source.db")
    for record in filled(store, 5):
        store.put_prediction(said(record.id, record.id[:8]))
    yield store
    store.close()


def contents(store):
    return {record.id: (record, store.read(record.id), store.predictions(record.id)) for record in every_image(store)}


def test_a_copy_holds_everything(source):
    target = MemoryStore()
    found = copy_store(source, target)
    assert contents(target) == contents(source)
    assert (found.images, found.present, found.predictions, found.damaged) == (5, 0, 5, ())


def test_a_copy_holds_every_event_once(source, monkeypatch):
    monkeypatch.setattr("synthetyk.store.copy.LONGEST_PAGE", 2)
    events = [happened(kind, number, created=number) for kind in ("generation", "turing") for number in range(5)]
    source.put_event(*events)
    target = MemoryStore()
    target.put_event(events[0])
    assert copy_store(source, target).events == 10
    assert copy_store(source, target).events == 10
    for kind in ("generation", "turing"):
        assert target.events(kind).events == source.events(kind).events
    assert target.event_kinds() == source.event_kinds() == ("generation", "turing")


def test_a_copy_that_was_stopped_goes_on(source):
    target = MemoryStore()
    first = next(every_image(source))
    target.put(source.read(first.id), first.about, created=first.created)
    found = copy_store(source, target)
    assert (found.images, found.present) == (4, 1)
    assert contents(target) == contents(source)
    assert copy_store(source, target).images == 0


def test_more_than_a_page_is_copied(source, monkeypatch):
    monkeypatch.setattr("synthetyk.store.copy.LONGEST_PAGE", 2)
    target, seen = MemoryStore(), []
    copy_store(source, target, progress=lambda done, total, message="": seen.append((done, total)))
    assert contents(target) == contents(source)
    assert seen == [(n, 5) for n in range(1, 6)]


def test_what_the_source_cannot_read_is_named_and_the_rest_is_copied(source):
    broken = next(every_image(source)).id
    with source._writing() as database:
        database.execute("UPDATE contents SET data = CAST('x' AS BLOB) WHERE id = ?", (broken,))
    target = MemoryStore()
    found = copy_store(source, target)
    assert found.damaged == (broken,)
    assert found.images == 4
    assert not holds(target, broken)


def test_what_the_target_holds_damaged_is_mended(source, tmp_path):
    target = SqliteStore(tmp_path / "target.db")
    copy_store(source, target)
    first = next(every_image(target)).id
    target.put_prediction(said(first, "only here"))
    with target._writing() as database:
        database.execute("UPDATE contents SET data = CAST('x' AS BLOB)")
    assert copy_store(source, target).images == 5
    assert {image: found[:2] for image, found in contents(target).items()} == {
        image: found[:2] for image, found in contents(source).items()
    }
    assert "only here" in [prediction.id for prediction in target.predictions(first)]
    target.close()


def test_what_is_damaged_on_both_sides_is_left_as_it_is(source):
    with source._writing() as database:
        database.execute("UPDATE contents SET data = CAST('x' AS BLOB)")
    before = list(every_image(source))
    assert len(copy_store(source, source).damaged) == 5
    assert list(every_image(source)) == before
    assert all(source.predictions(record.id) for record in before)


def test_an_image_of_no_bytes_is_copied(source):
    empty = source.put(b"", PNG)
    target = MemoryStore()
    assert copy_store(source, target).damaged == ()
    assert target.read(empty.id) == b""


def test_a_target_that_does_not_give_back_what_it_was_given_ends_the_copy(source, monkeypatch):
    target = MemoryStore()
    monkeypatch.setattr(
        target, "read", lambda image: b"x" if image in target._images else MemoryStore.read(target, image)
    )
    with pytest.raises(DamagedImageError):
        copy_store(source, target)
