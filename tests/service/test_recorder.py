import asyncio
import threading

import pytest

from synthetyk.core.errors import OverloadedError, StoreUnavailableError
from synthetyk.service.recorder import Recorder
from synthetyk.store.drivers.memory import MemoryStore
from synthetyk.store.record import Event


class Slow(MemoryStore):
    """Writes once it is let go, and remembers how many events came together."""

    def __init__(self):
        super().__init__()
        self.writes, self.begun, self.go = [], threading.Event(), threading.Event()

    def put_event(self, *events):
        self.writes.append(len(events))
        self.begun.set()
        assert self.go.wait(10)
        super().put_event(*events)


def events(count):
    return [Event.of("generation", {"number": number}) for number in range(count)]


async def writing(store, recorder):
    """Let one event be in work, so that the next ones wait."""
    first = asyncio.create_task(recorder.record(*events(1)))
    await asyncio.to_thread(store.begun.wait, 10)
    return first


def test_events_of_one_moment_are_one_write_and_are_there_when_it_is_said_so():
    async def scene():
        store = Slow()
        recorder = Recorder(store, waiting=8)
        first = await writing(store, recorder)
        others = [asyncio.create_task(recorder.record(event)) for event in events(5)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in (first, *others))
        store.go.set()
        await asyncio.gather(first, *others)
        assert store.writes == [1, 5]
        assert len(store.events("generation").events) == 6

    asyncio.run(scene())


def test_nothing_new_begins_while_the_store_is_behind_but_what_has_begun_is_recorded():
    async def scene():
        store = Slow()
        recorder = Recorder(store, waiting=2)
        recorder.check()
        first = await writing(store, recorder)
        begun = [asyncio.create_task(recorder.record(event)) for event in events(4)]
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError, match="behind"):
            recorder.check()
        store.go.set()
        await asyncio.gather(first, *begun)
        recorder.check()

    asyncio.run(scene())


def test_who_asked_learns_that_the_store_is_not_there():
    class Away(MemoryStore):
        def put_event(self, *events):
            raise StoreUnavailableError("away")

    async def scene():
        with pytest.raises(StoreUnavailableError):
            await Recorder(Away(), waiting=2).record(*events(1))

    asyncio.run(scene())
