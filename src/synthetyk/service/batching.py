"""Requests that are in flight at the same time are computed together, by one bounded queue.

Everything about a queue happens on the event loop, only the computing in a thread of the queue's own: there are no
locks, and the loop never waits. While one batch is computed the next one gathers, so batches grow with the load; one
that would be much smaller than the last waits a little for more.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from starlette.requests import ClientDisconnect

from synthetyk.core.errors import OverloadedError

Part = TypeVar("Part")
Answer = TypeVar("Answer")
Gone = Callable[[], Awaitable[bool]]
MOST_OF = 0.75  # of the last batch; with half of it two halves took turns, in a tenth more of the processor's time
LOOK = 0.1  # seconds between two looks at who is still there of those that wait


@dataclass(eq=False)
class _Request(Generic[Part, Answer]):
    """What somebody waits for: parts that are still to be computed, and the answers to the others."""

    future: asyncio.Future[list[Answer]]
    parts: deque[Part]
    gone: Gone | None
    answers: list[Answer]
    in_work: int = 0

    async def look(self) -> None:
        """See whether somebody still waits for the answers."""
        if self.gone is not None and await self.gone():
            self.failed(ClientDisconnect())

    def failed(self, error: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(error)

    def answered(self, answer: Answer) -> None:
        self.answers.append(answer)
        self.in_work -= 1
        if not self.parts and not self.in_work and not self.future.done():
            self.future.set_result(self.answers)


@dataclass(frozen=True)
class _Last:
    """For how many requests the last batch was, what it weighed, how many seconds it took, and when it was done."""

    requests: int = 0
    weight: int = 0
    seconds: float = 0.0
    ended: float = 0.0


class BatchQueue(Generic[Part, Answer]):
    """Computes the parts of requests in batches, those of different requests in turn.

    Args:
        name: Of its thread.
        compute: Returns an answer for each part, whatever the parts beside it; the only thing that blocks.
        most: Weight of a batch.
        room: Requests that may be here, waiting or computed; what waits weighs no more than so many batches.
        weigh: The weight of a part; default: 1.
    """

    def __init__(
        self,
        name: str,
        compute: Callable[[list[Part]], Sequence[Answer]],
        *,
        most: int,
        room: int,
        weigh: Callable[[Part], int] = lambda _: 1,
    ) -> None:
        self._compute, self._weigh = compute, weigh
        self._most, self._room = most, room
        self._requests: deque[_Request[Part, Answer]] = deque()
        self._count, self._weight = 0, 0
        self._last = _Last()
        self._enough = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._draining = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    def __len__(self) -> int:
        """Return how many requests are here."""
        return self._count

    @property
    def full(self) -> bool:
        """Whether there is no room for one more request."""
        return self._count >= self._room or self._weight >= self._room * self._most

    @property
    def _few(self) -> bool:
        """Whether others are worth waiting for: what waits is much less than the last batch, and more may come."""
        last = self._last
        few = len(self._requests) < MOST_OF * last.requests and self._weight < MOST_OF * last.weight
        return few and not self._draining

    async def ask(self, parts: Sequence[Part], gone: Gone | None = None) -> list[Answer]:
        """Return the answers to the parts of a request, in their order.

        Args:
            parts: At least one; each weighs no more than a batch.
            gone: Tells whether nobody waits any more, so that it need not be computed.

        Raises:
            OverloadedError: Too many wait already; it is raised at once.
            ClientDisconnect: Nobody waited any more.
        """
        if self._draining:
            raise OverloadedError("The service is stopping", action="Ask again in a moment")
        if self.full:
            found = f"{self._count} requests are waiting already"
            raise OverloadedError(found, action="Ask again in a moment, or more slowly")
        loop = asyncio.get_running_loop()
        request: _Request[Part, Answer] = _Request(loop.create_future(), deque(parts), gone, [])
        self._requests.append(request)
        self._weight += sum(map(self._weigh, parts))
        self._count += 1
        if not self._few:
            self._enough.set()
        if self._pump is None or self._pump.done():
            self._pump = loop.create_task(self._work())
        try:
            return await request.future
        finally:
            self._count -= 1

    async def drain(self) -> None:
        """Take no more requests, and return when all that wait are answered."""
        self._draining = True
        self._enough.set()
        if self._pump is not None and not self._pump.done():
            await self._pump
        self._thread.shutdown()

    async def _work(self) -> None:
        """Compute batch after batch until nothing waits."""
        looking = asyncio.get_running_loop().create_task(self._look())
        while self._requests:
            await self._gather()
            if batch := self._next():
                await self._answer(batch)
        looking.cancel()

    async def _answer(self, batch: list[tuple[_Request[Part, Answer], Part]]) -> None:
        parts, began = [part for _, part in batch], monotonic()
        answers = await asyncio.get_running_loop().run_in_executor(self._thread, self._answers, parts)
        ended = monotonic()
        requests = {request for request, _ in batch}
        self._last = _Last(len(requests), sum(map(self._weigh, parts)), ended - began, ended)
        for (request, _), answer in zip(batch, answers, strict=True):
            if isinstance(answer, BaseException):
                request.failed(answer)
            else:
                request.answered(answer)

    async def _gather(self) -> None:
        """Wait until most of as many wait as the last batch was for, but not past that batch's time after it.

        Of clients that ask again and again, the first to come back would else be answered alone, before all others.
        """
        patience = self._last.ended + self._last.seconds - monotonic()
        if not self._few or patience <= 0:
            return
        self._enough.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._enough.wait()

    async def _look(self) -> None:
        """Look now and then who is still there; batches do not wait for it, for it takes turns of the event loop."""
        while True:
            await asyncio.sleep(LOOK)
            await asyncio.gather(*(request.look() for request in self._requests))

    def _next(self) -> list[tuple[_Request[Part, Answer], Part]]:
        """Take parts for one batch, of each request one in turn, so that a large one does not hold up the small."""
        batch: list[tuple[_Request[Part, Answer], Part]] = []
        room = self._most
        while self._requests:
            request = self._requests.popleft()
            if request.future.done():  # nobody waits any more, or a part has failed
                self._weight -= sum(map(self._weigh, request.parts))
                continue
            weight = self._weigh(request.parts[0])
            if batch and weight > room:
                self._requests.appendleft(request)
                break
            batch.append((request, request.parts.popleft()))
            request.in_work += 1
            room -= weight
            self._weight -= weight
            if request.parts:
                self._requests.append(request)
        return batch

    def _answers(self, parts: list[Part]) -> Sequence[Answer | BaseException]:
        """Return the answers to the parts; if the whole batch fails, each part alone shows which one is to blame."""
        try:
            return self._compute(parts)
        except Exception as error:
            return [error] if len(parts) == 1 else [answer for part in parts for answer in self._answers([part])]
