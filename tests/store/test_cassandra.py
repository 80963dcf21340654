import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from synthetyk.core.errors import ConfigError, DamagedImageError, ImageNotFoundError, StoreError, StoreUnavailableError
from synthetyk.store.contract import DRAWN, LARGE, PNG, filled, happened, said
from synthetyk.store.copy import copy_store, every_image
from synthetyk.store.drivers import cassandra_session
from synthetyk.store.drivers.cassandra import CassandraStore
from synthetyk.store.drivers.cassandra_tables import HOUR, MINUTE, PIECE, PIECES, joined, parts_of, pieces_of
from synthetyk.store.drivers.memory import MemoryStore
from synthetyk.store.record import Wanted

pytestmark = pytest.mark.xdist_group("cassandra")


@pytest.fixture(scope="module")
def url(cassandra):
    with cassandra.keyspace() as url:
        yield url


@pytest.fixture(scope="module")
def opened(url):
    store = CassandraStore.open(url)
    yield store
    store.close()


@pytest.fixture
def store(opened):
    yield opened
    for record in list(every_image(opened)):
        opened.delete(record.id)


def count(store, table):
    return (
        store._session._connected().execute(f"SELECT count(*) FROM {store._session.location.keyspace}.{table}").one()[0]
    )


def test_pieces_are_put_together_again_and_a_missing_one_is_seen():
    class Row:
        def __init__(self, number, data):
            self.number, self.data = number, data

    data = os.urandom(PIECE * (PIECES + 1) + 5)
    pieces = pieces_of(data)
    assert {part for part, _, _ in pieces} == set(parts_of(len(pieces))) == {0, 1}
    assert max(len(piece) for _, _, piece in pieces) == PIECE
    rows = [Row(number, piece) for _, number, piece in reversed(pieces)]
    assert joined(rows, len(pieces)) == data
    assert joined(rows[1:], len(pieces)) is None
    assert joined([], 0) == b""


def test_a_list_goes_on_over_hours(store):
    times = [0, HOUR - 1, HOUR, 5 * HOUR + 7, 5 * HOUR + 8]
    stored = [store.put(b"%d" % time, PNG, created=time) for time in times]
    found, after = [], None
    for _ in times:
        page = store.page(Wanted(), limit=1, after=after)
        found += page.records
        after = page.after
    assert (found, after) == (stored[::-1], None)
    assert [r.created for r in store.page(Wanted(since=HOUR - 1, before=5 * HOUR + 8)).records] == times[3:0:-1]


def test_events_go_on_over_minutes_and_each_minute_is_a_partition(store):
    times = [0, MINUTE - 1, MINUTE, 9 * MINUTE + 7]
    events = [happened("minutes", number, created=time) for number, time in enumerate(times)]
    store.put_event(*events)
    found, after = [], None
    for _ in times:
        page = store.events("minutes", limit=1, after=after)
        found += page.events
        after = page.after
    assert (found, after) == (events[::-1], None)
    assert [row.minute for row in store._session.rows("minutes", "minutes", 99)] == [9, 1, 0]


def test_nothing_is_left_of_a_deleted_image(store):
    image = store.put(os.urandom(LARGE), PNG).id
    store.put_prediction(said(image, "p"))
    store.delete(image)
    assert [count(store, table) for table in ("images", "pieces", "images_by_hour", "predictions")] == [0] * 4


def test_damaged_and_missing_pieces_are_not_handed_out(store):
    image = store.put(os.urandom(LARGE), PNG).id
    row = store._find(image)
    store._session.ask("write", image, row.upload, 0, 1, b"x")
    with pytest.raises(DamagedImageError, match="not those that were stored"):
        store.read(image)
    store._session.ask("drop", image, row.upload, 0)
    with pytest.raises(DamagedImageError):
        store.read(image)


def test_of_two_who_store_the_same_bytes_at_once_one_record_stays(store, opened, monkeypatch):
    """The second does not see the first before its pieces are written."""
    first = store.put(b"a", PNG)
    real, hidden = opened._find, [True]

    def find(image, *, serial=False):
        return None if hidden and hidden.pop() else real(image, serial=serial)

    monkeypatch.setattr(opened, "_find", find)
    assert store.put(b"a", DRAWN) == first
    assert count(store, "pieces") == 1
    assert store.page(Wanted()).records == (first,)


def test_an_image_that_was_claimed_by_somebody_who_was_killed_is_listed_when_it_comes_again(store):
    record = store.put(b"a", PNG)
    upload = store._find(record.id).upload
    store._session.ask("unlist", record.created // HOUR, record.created, record.id, upload)
    assert store.page(Wanted()).records == ()
    store.put(b"a", PNG)
    assert store.page(Wanted()).records == (record,)


def test_an_order_without_an_answer_is_given_again(store, monkeypatch):
    from cassandra import OperationTimedOut

    monkeypatch.setattr(cassandra_session, "PAUSE", 0)
    session, fails = store._session._connected(), [1, 2]
    real = session.execute

    def execute(*arguments, **options):
        if fails:
            fails.pop()
            raise OperationTimedOut
        return real(*arguments, **options)

    monkeypatch.setattr(session, "execute", execute)
    assert store.read(store.put(b"a", PNG).id) == b"a"
    fails += [0] * cassandra_session.ATTEMPTS
    with pytest.raises(StoreUnavailableError, match="enough of its nodes are up"):
        store.check()


def test_later_pages_of_an_answer_are_asked_for_again_too(store, monkeypatch):
    from cassandra import OperationTimedOut
    from cassandra.cluster import ResultSet

    monkeypatch.setattr(cassandra_session, "PAUSE", 0)
    filled(store, 5)
    fails, real = [1], ResultSet.fetch_next_page

    def fetch(answer):
        if fails:
            fails.pop()
            raise OperationTimedOut
        real(answer)

    monkeypatch.setattr(ResultSet, "fetch_next_page", fetch)
    assert len(list(store._session.rows("page", 0, fetch=2))) == 5
    assert not fails


def test_a_deletion_that_was_killed_in_the_middle_can_be_repeated(store, monkeypatch):
    image = store.put(b"a", PNG).id
    with monkeypatch.context() as killed:
        killed.setattr(store, "_forget", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.delete(image)
    store.delete(image)
    assert [count(store, table) for table in ("images", "pieces", "images_by_hour")] == [0] * 3


def test_a_forked_process_makes_a_session_of_its_own(store):
    image = store.put(b"a", PNG).id
    child = os.fork()
    if child == 0:
        ended = 1
        try:
            ended = int(store.read(image) != b"a")
        finally:
            os._exit(ended)
    assert os.waitpid(child, 0)[1] == 0
    assert store.read(image) == b"a"


def test_a_store_is_copied_out_and_in(store):
    for record in filled(store, 3):
        store.put_prediction(said(record.id, "p"))
    away = MemoryStore()
    assert copy_store(store, away).images == 3
    store.delete(next(every_image(store)).id)
    back = copy_store(away, store)
    assert (back.images, back.present) == (1, 2)


def test_a_new_keyspace_needs_its_number_of_copies(url):
    with pytest.raises(ConfigError, match="replication=3"):
        CassandraStore.open(url.partition("?")[0] + "_new")


def test_a_keyspace_that_has_to_be_there_is_not_made(url):
    with pytest.raises(StoreError, match="There is no store"):
        CassandraStore.open(url.replace("?", "_new?"), must_exist=True)
    with pytest.raises(ConfigError):  # still not there
        CassandraStore.open(url.partition("?")[0] + "_new")


def test_what_is_stored_is_there_for_the_next_who_opens(store, url):
    image = store.put(b"a", PNG).id
    other = CassandraStore.open(url.partition("?")[0])  # the keyspace is there, so nothing more has to be said
    assert other.read(image) == b"a"
    other.delete(image)
    other.close()
    with pytest.raises(ImageNotFoundError):
        store.read(image)


def test_nothing_acknowledged_is_lost_while_a_node_of_three_is_killed(cassandra):
    if cassandra.nodes < 3:
        pytest.skip("the Cassandra has one node: set SYNTHETYK_CASSANDRA_NODES=3")
    images = [os.urandom(200_000) for _ in range(40)]
    with cassandra.keyspace(replication=3) as url:
        store = CassandraStore.open(url)
        with ThreadPoolExecutor(4) as pool:
            stored = [pool.submit(store.put, image, PNG) for image in images]
            stored[10].result()
            cassandra.order("kill", "2")
            acknowledged = [one.result().id for one in stored]
            read = list(pool.map(store.read, acknowledged))
        assert read == images
        assert {record.id for record in every_image(store)} == set(acknowledged)
        cassandra.order("revive", "2")
        store.close()


def test_nobody_at_the_address_is_told(monkeypatch):
    monkeypatch.setattr(cassandra_session, "ATTEMPTS", 1)
    with pytest.raises(StoreUnavailableError, match=r"cassandra://127.0.0.1:1/synthetyk does not answer"):
        CassandraStore.open("cassandra://127.0.0.1:1/synthetyk")
