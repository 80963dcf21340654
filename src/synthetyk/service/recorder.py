"""What happens is recorded: events of one moment in one lasting write, and only so many that wait."""

from collections.abc import Sequence

from synthetyk.core.errors import OverloadedError
from synthetyk.service.batching import BatchQueue
from synthetyk.store.record import Event
from synthetyk.store.store import ImageStore

TOGETHER = 256  # events in one write


class Recorder:
    """Records events in a store.

    Args:
        store: Where they are kept.
        waiting: Requests whose events may wait to be written; beyond that those find room that had begun before.
    """

    def __init__(self, store: ImageStore, waiting: int) -> None:
        self._waiting = waiting
        self._queue = BatchQueue("recorder", Writer(store), most=TOGETHER, room=4 * waiting)

    def check(self) -> None:
        """See that something may begin whose end is to be recorded.

        Raises:
            OverloadedError: The store is too slow for what happens.
        """
        if len(self._queue) >= self._waiting:
            raise OverloadedError("The store is behind with recording what happens", action="Ask again in a moment")

    async def record(self, event: Event) -> None:
        """Record an event; once this returns, it outlives a loss of power.

        Raises:
            OverloadedError: The store is too slow for what happens.
            StoreUnavailableError: It cannot take it.
        """
        await self._queue.ask([event])

    async def drain(self) -> None:
        """Take no more events, and return when those that wait are written."""
        await self._queue.drain()


class Writer:
    """Writes events; called in the recorder's thread.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: ImageStore) -> None:
        self._store = store

    def __call__(self, events: Sequence[Event]) -> list[None]:
        """Write events together."""
        self._store.put_event(*events)
        return [None] * len(events)
