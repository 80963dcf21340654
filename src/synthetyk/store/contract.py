"""What every store keeps, as tests: subclass `StoreContract` in a test module of yours and give it to pytest."""

import hashlib
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from synthetyk.core.errors import ConfigError, ImageNotFoundError
from synthetyk.store.record import Event, ImageRecord, NewImage, Prediction, Wanted
from synthetyk.store.store import ImageStore

PNG = NewImage(media_type="image/png", width=3, height=2, channels=1, label="normal", details={"seed": 7, "note": "é"})
DRAWN = PNG.replace(origin="synthetic", label="benign", model="ab" * 32)
NOBODY = "0" * 64
LARGE = 1_300_000  # bytes: more than one piece in any store


class StoreContract:
    """Tests of a store; ``class TestMine(StoreContract)`` with a fixture `store` is all that is needed."""

    @pytest.fixture
    def store(self) -> Iterator[ImageStore]:
        """Give an empty store."""
        raise NotImplementedError

    def test_it_keeps_the_protocol(self, store: ImageStore) -> None:
        assert isinstance(store, ImageStore)
        store.check()

    @pytest.mark.parametrize("data", [b"", b"\x00", bytes(range(256)), random.Random(0).randbytes(LARGE)])
    def test_bytes_come_back_as_they_were(self, store: ImageStore, data: bytes) -> None:
        record = store.put(data, PNG)
        assert store.read(record.id) == data
        assert record.id == hashlib.sha256(data).hexdigest()
        assert record.size == len(data)

    def test_what_is_known_of_an_image_comes_back(self, store: ImageStore) -> None:
        stored = store.put(b"a", DRAWN)
        assert store.record(stored.id) == stored
        assert stored.about == DRAWN

    def test_the_same_bytes_twice_are_one_image_with_its_first_record(self, store: ImageStore) -> None:
        first, again = store.put(b"a", PNG), store.put(b"a", DRAWN)
        assert again == first
        assert store.page(Wanted()).records == (first,)

    def test_what_is_not_there_is_said_so(self, store: ImageStore) -> None:
        for ask in (store.record, store.read, store.delete, store.predictions):
            with pytest.raises(ImageNotFoundError, match="no image"):
                ask(NOBODY)
        with pytest.raises(ImageNotFoundError, match="no image"):
            store.record("no id at all")

    def test_a_deleted_image_is_gone_with_its_predictions_and_may_come_back(self, store: ImageStore) -> None:
        image = store.put(b"a", PNG).id
        store.put_prediction(said(image, "p"))
        store.delete(image)
        with pytest.raises(ImageNotFoundError):
            store.read(image)
        assert store.page(Wanted()).records == ()
        assert store.read(store.put(b"a", DRAWN).id) == b"a"
        assert store.record(image).about == DRAWN
        assert store.predictions(image) == ()

    def test_lists_begin_with_the_latest_and_go_on_page_by_page(self, store: ImageStore) -> None:
        stored = filled(store, 7)
        expected = sorted(stored, key=lambda record: (record.created, record.id), reverse=True)
        found, after = list[ImageRecord](), None
        for _ in range(4):
            page = store.page(Wanted(), limit=2, after=after)
            found += page.records
            after = page.after
        assert (found, after) == (expected, None)

    def test_a_page_that_holds_all_that_is_left_is_the_last(self, store: ImageStore) -> None:
        filled(store, 2)
        assert store.page(Wanted(), limit=2).after is None

    def test_what_is_stored_between_two_pages_repeats_nothing(self, store: ImageStore) -> None:
        filled(store, 4)
        first = store.page(Wanted(), limit=2)
        store.put(b"later", PNG)
        second = store.page(Wanted(), limit=2, after=first.after)
        assert len({record.id for record in (*first.records, *second.records)}) == 4

    @pytest.mark.parametrize(
        ("wanted", "numbers"),
        [
            (Wanted(origin="synthetic"), {1, 3, 5}),
            (Wanted(label="normal"), {0, 2, 4}),
            (Wanted(model="ab" * 32), {1, 3, 5}),
            (Wanted(since=2_000, before=4_000), {2, 3}),
            (Wanted(origin="real", label="benign"), set()),
        ],
    )
    def test_lists_hold_what_is_wanted(self, store: ImageStore, wanted: Wanted, numbers: set[int]) -> None:
        stored = filled(store, 6)
        assert {r.id for r in store.page(wanted).records} == {stored[number].id for number in numbers}

    def test_filtered_lists_go_on_page_by_page(self, store: ImageStore) -> None:
        stored = filled(store, 6)
        first = store.page(Wanted(origin="synthetic"), limit=2)
        second = store.page(Wanted(origin="synthetic"), limit=2, after=first.after)
        assert [r.id for r in (*first.records, *second.records)] == [stored[number].id for number in (5, 3, 1)]
        assert second.after is None

    @pytest.mark.parametrize("limit", [0, -1, 1001])
    def test_a_page_of_a_wrong_length_is_refused(self, store: ImageStore, limit: int) -> None:
        with pytest.raises(ConfigError, match="1 to 1000"):
            store.page(Wanted(), limit=limit)

    @pytest.mark.parametrize("after", ["", "x", f"1-{'g' * 64}", f"1-{NOBODY}x", "'; DROP TABLE images; --"])
    def test_a_wrong_place_in_the_list_is_refused(self, store: ImageStore, after: str) -> None:
        with pytest.raises(ConfigError, match="go on from"):
            store.page(Wanted(), after=after)

    def test_predictions_come_back_the_earliest_first(self, store: ImageStore) -> None:
        image = store.put(b"a", PNG).id
        late, early = said(image, "x", created=20), said(image, "y", created=10)
        store.put_prediction(late)
        store.put_prediction(early)
        store.put_prediction(late)
        assert store.predictions(image) == (early, late)

    def test_of_one_image_the_same_id_is_one_prediction_and_the_first_counts(self, store: ImageStore) -> None:
        one, other = (store.put(data, PNG).id for data in (b"a", b"b"))
        first = said(one, "x", created=10)
        for prediction in (first, said(one, "x", created=20), said(other, "x", created=30)):
            store.put_prediction(prediction)
        assert store.predictions(one) == (first,)
        assert store.predictions(other) == (said(other, "x", created=30),)

    def test_predictions_of_an_image_that_is_not_there_are_refused(self, store: ImageStore) -> None:
        with pytest.raises(ImageNotFoundError):
            store.put_prediction(said(NOBODY, "p"))

    def test_events_come_back_the_latest_first_page_by_page(self, store: ImageStore) -> None:
        events = [happened("paged", n, created=100_000 * n) for n in range(5)]
        store.put_event(*events[:3])
        store.put_event(events[4])
        store.put_event(events[3])
        first = store.events("paged", limit=3)
        second = store.events("paged", limit=3, after=first.after)
        assert [*first.events, *second.events] == events[::-1]
        assert second.after is None

    def test_events_of_one_millisecond_go_on_by_their_ids(self, store: ImageStore) -> None:
        store.put_event(*(happened("dense", n) for n in range(5)))
        first = store.events("dense", limit=2)
        second = store.events("dense", limit=3, after=first.after)
        assert [event.id for event in (*first.events, *second.events)] == [f"e_{n}-X" for n in (4, 3, 2, 1, 0)]
        assert second.after is None

    def test_the_same_event_twice_is_one(self, store: ImageStore) -> None:
        for _ in range(2):
            store.put_event(happened("twice", 0), happened("twice", 0))
        assert store.events("twice").events == (happened("twice", 0),)

    def test_each_kind_of_event_is_a_list_of_its_own(self, store: ImageStore) -> None:
        store.put_event(happened("one", 0), happened("other", 1))
        assert store.events("one").events == (happened("one", 0),)
        assert {"one", "other"} <= set(store.event_kinds())
        assert store.events("nothing").events == ()

    def test_to_store_no_event_is_nothing(self, store: ImageStore) -> None:
        before = store.event_kinds()
        store.put_event()
        assert store.event_kinds() == before

    def test_a_wrong_part_of_the_list_of_events_is_refused(self, store: ImageStore) -> None:
        with pytest.raises(ConfigError, match="1 to 1000"):
            store.events("one", limit=0)
        with pytest.raises(ConfigError, match="go on from"):
            store.events("one", after="'; DROP TABLE events; --")

    def test_threads_store_side_by_side(self, store: ImageStore) -> None:
        with ThreadPoolExecutor(8) as pool:
            stored = list(pool.map(lambda number: store.put(bytes([number % 20]), PNG), range(60)))
            read = list(pool.map(lambda record: store.read(record.id), stored))
        assert read == [bytes([number % 20]) for number in range(60)]
        assert len(store.page(Wanted()).records) == 20

    def test_an_image_from_another_store_keeps_its_time(self, store: ImageStore) -> None:
        assert store.put(b"a", PNG, created=123).created == 123


def filled(store: ImageStore, count: int) -> list[ImageRecord]:
    """Store images 0, 1, ... one second apart; odd ones were drawn."""
    about = (PNG, DRAWN)
    return [store.put(f"image {n}".encode(), about[n % 2], created=1000 * n) for n in range(count)]


def said(image: str, name: str, created: int = 0) -> Prediction:
    """Return a prediction of an image."""
    probabilities = {"normal": 0.25, "benign": 0.75}
    return Prediction(
        id=name, image=image, model="cd" * 32, created=created, probabilities=probabilities, label="benign", risk=False
    )


def happened(kind: str, number: int, created: int = 7) -> Event:
    """Return an event."""
    return Event(kind=kind, id=f"e_{number}-X", created=created, details={"count": number, "note": "é"})
