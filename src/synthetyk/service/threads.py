"""Threads for work that would hold up the event loop: so many for each kind of work, and only so many that wait."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from synthetyk.core.errors import OverloadedError

Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")

IMAGES = 4  # decoded at a time; each may take hundreds of megabytes
DICOM = 1  # one process reads them, one after the other
STORE = 16
PROBES = 2


class Lane:
    """Threads for one kind of work.

    Args:
        threads: Pieces of work at a time.
        queue: Pieces of work that may wait.
    """

    def __init__(self, threads: int, queue: int) -> None:
        self._limiter, self._queue = CapacityLimiter(threads), queue

    async def run(
        self, work: Callable[Parameters, Result], *arguments: Parameters.args, **options: Parameters.kwargs
    ) -> Result:
        """Return what `work` returns in a thread; who waits for it may give up, which the thread does not learn.

        Raises:
            OverloadedError: Too much is waiting already.
        """
        if self._limiter.statistics().tasks_waiting >= self._queue:
            raise OverloadedError("Too many requests are waiting", action="Ask again later")
        return await to_thread.run_sync(
            lambda: work(*arguments, **options), limiter=self._limiter, abandon_on_cancel=True
        )


class Threads:
    """The lanes of a service; none of them can starve another.

    Args:
        queue: Pieces of work that may wait in each.
    """

    def __init__(self, queue: int) -> None:
        self.images = Lane(IMAGES, queue)
        self.dicom = Lane(DICOM, queue)
        self.store = Lane(STORE, queue)
        self.probes = Lane(PROBES, queue)
