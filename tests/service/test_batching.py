import asyncio
import threading
import time

import pytest
from starlette.requests import ClientDisconnect

from synthetyk.core.errors import OverloadedError
from synthetyk.service.batching import LOOK, BatchQueue


class Slow:
    """Doubles numbers once it is let go, and remembers every batch."""

    def __init__(self):
        self.batches, self.threads = [], set()
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, parts):
        self.batches.append(list(parts))
        self.threads.add(threading.get_ident())
        self.begun.set()
        assert self.go.wait(10)
        return [2 * part for part in parts]


def queue(compute, most=4, room=8, **options):
    return BatchQueue("test", compute, most=most, room=room, **options)


async def held(asked, slow):
    """Let a first request be in work, so that whatever is asked next waits."""
    first = asyncio.create_task(asked.ask([0]))
    await asyncio.to_thread(slow.begun.wait, 10)
    return first


async def after():
    """Let every task begin that was made."""
    for _ in range(3):
        await asyncio.sleep(0)


def test_what_waits_at_the_same_time_is_computed_together_off_the_event_loop():
    async def scene():
        slow = Slow()
        asked = queue(slow)
        first = await held(asked, slow)
        others = [asyncio.create_task(asked.ask([number])) for number in range(1, 7)]
        await after()
        slow.go.set()
        assert await asyncio.gather(first, *others) == [[2 * number] for number in range(7)]
        assert slow.batches == [[0], [1, 2, 3, 4], [5, 6]]
        assert threading.get_ident() not in slow.threads
        assert len(slow.threads) == 1

    asyncio.run(scene())


def test_parts_of_one_request_keep_their_order_and_let_small_requests_by():
    async def scene():
        slow = Slow()
        asked = queue(slow, most=2)
        first = await held(asked, slow)
        large, small = asyncio.create_task(asked.ask([1, 2, 3, 4, 5])), asyncio.create_task(asked.ask([9]))
        await after()
        slow.go.set()
        assert await asyncio.gather(first, large, small) == [[0], [2, 4, 6, 8, 10], [18]]
        assert slow.batches == [[0], [1, 9], [2, 3], [4, 5]]

    asyncio.run(scene())


def test_a_batch_weighs_no_more_than_it_may():
    async def scene():
        slow = Slow()
        asked = queue(slow, most=5, weigh=lambda part: part)
        first = await held(asked, slow)
        others = [asyncio.create_task(asked.ask([weight])) for weight in (3, 2, 4, 5)]
        await after()
        slow.go.set()
        await asyncio.gather(first, *others)
        assert slow.batches == [[0], [3, 2], [4], [5]]

    asyncio.run(scene())


@pytest.mark.parametrize("parts", [[[1]] * 7, [[1] * 32]])
def test_a_full_queue_refuses_at_once_and_takes_again_when_there_is_room(parts):
    async def scene():
        slow = Slow()
        asked = queue(slow)
        first = await held(asked, slow)
        waiting = [asyncio.create_task(asked.ask(each)) for each in parts]
        await after()
        with pytest.raises(OverloadedError, match="waiting already"):
            await asked.ask([1])
        assert len(asked) == 1 + len(parts)
        slow.go.set()
        await asyncio.gather(first, *waiting)
        assert await asked.ask([1]) == [2]
        assert len(asked) == 0

    asyncio.run(scene())


def test_a_cancelled_request_is_not_computed():
    async def scene():
        slow = Slow()
        asked = queue(slow)
        first = await held(asked, slow)
        cancelled = asyncio.create_task(asked.ask([1] * 32))
        await after()
        cancelled.cancel()
        await after()
        slow.go.set()
        await first
        assert await asked.ask([2]) == [4]  # there is room again for what the cancelled one weighed
        assert slow.batches == [[0], [2]]

    asyncio.run(scene())


def test_who_has_gone_while_waiting_is_not_computed_for():
    async def scene():
        slow = Slow()
        asked = queue(slow)
        first = await held(asked, slow)

        async def gone():
            return True

        left, stayed = asyncio.create_task(asked.ask([1], gone)), asyncio.create_task(asked.ask([2]))
        await asyncio.sleep(1.5 * LOOK)
        slow.go.set()
        assert await asyncio.gather(first, stayed) == [[0], [4]]
        with pytest.raises(ClientDisconnect):
            await left
        assert slow.batches == [[0], [2]]

    asyncio.run(scene())


def timed(seconds):
    """Return a computation that takes so long, and the batches that it will have seen."""
    batches = []

    def compute(parts):
        batches.append(list(parts))
        time.sleep(seconds)
        return parts

    return compute, batches


async def together(asked, count):
    """Let requests be computed together in the second batch."""
    first = asyncio.create_task(asked.ask([0]))
    await after()
    await asyncio.gather(first, *(asked.ask([number]) for number in range(1, count + 1)))


def test_who_comes_back_first_waits_for_most_of_those_who_were_answered_together():
    async def scene():
        compute, batches = timed(0.3)
        asked = queue(compute, room=20, most=20)
        await together(asked, 8)
        back = [asyncio.create_task(asked.ask([1]))]
        await asyncio.sleep(0.05)
        back += [asyncio.create_task(asked.ask([number])) for number in range(2, 7)]
        began = time.monotonic()
        await asyncio.gather(*back)
        assert time.monotonic() - began < 0.5  # for the other two of eight nobody waited
        assert batches == [[0], [*range(1, 9)], [*range(1, 7)]]

    asyncio.run(scene())


def test_nobody_waits_for_others_past_the_time_of_the_last_batch():
    async def scene():
        compute, batches = timed(0.3)
        asked = queue(compute, room=20, most=20)
        await together(asked, 8)
        began = time.monotonic()
        await asyncio.wait_for(asked.ask([1]), 10)
        assert time.monotonic() - began >= 0.4  # nearly as long as the last batch took, and its own time
        assert batches[2:] == [[1]]

    asyncio.run(scene())


def test_a_queue_that_had_a_rest_computes_at_once():
    async def scene():
        compute, batches = timed(0.3)
        asked = queue(compute, room=20, most=20)
        await together(asked, 8)
        await asyncio.sleep(0.4)
        began = time.monotonic()
        await asked.ask([1])
        assert time.monotonic() - began < 0.55
        assert batches[2:] == [[1]]

    asyncio.run(scene())


def test_a_large_request_makes_nobody_wait_for_others_not_even_its_own_rest():
    async def scene():
        compute, batches = timed(0.3)
        asked = queue(compute, room=20, most=8)
        began = time.monotonic()
        await asked.ask(list(range(9)))
        await asked.ask([1])
        assert time.monotonic() - began < 1.15  # three batches, and no wait
        assert [len(batch) for batch in batches] == [8, 1, 1]

    asyncio.run(scene())


def test_who_come_in_place_of_all_of_the_last_batch_wait_for_nobody():
    async def scene():
        compute, batches = timed(0.3)
        asked = queue(compute, room=4, most=20, weigh=lambda part: part)
        await asyncio.gather(*(asked.ask([5]) for _ in range(4)))
        began = time.monotonic()
        await asyncio.gather(*(asked.ask([1]) for _ in range(4)))
        assert time.monotonic() - began < 0.55
        assert batches[-1] == [1, 1, 1, 1]

    asyncio.run(scene())


def test_a_queue_that_drains_waits_for_nobody():
    async def scene():
        compute, _ = timed(0.5)
        asked = queue(compute, room=20, most=20)
        await together(asked, 8)
        last = asyncio.create_task(asked.ask([1]))
        await after()
        began = time.monotonic()
        await asked.drain()
        assert await last == [1]
        assert time.monotonic() - began < 0.9

    asyncio.run(scene())


def test_no_batch_waits_for_a_look_at_who_is_still_there():
    async def scene():
        slow = Slow()
        asked = queue(slow)
        first, looked = await held(asked, slow), asyncio.Event()

        async def undecided():
            looked.set()
            await asyncio.Event().wait()

        second = asyncio.create_task(asked.ask([1], undecided))
        await asyncio.wait_for(looked.wait(), 10)
        slow.go.set()
        assert await asyncio.wait_for(asyncio.gather(first, second), 10) == [[0], [2]]

    asyncio.run(scene())


def test_a_part_that_fails_fails_its_own_request_alone():
    def compute(parts):
        return [1 / part for part in parts]

    async def scene():
        asked = queue(compute)
        found = await asyncio.gather(*(asked.ask([part]) for part in (1, 0, 2)), return_exceptions=True)
        assert [found[0], found[2]] == [[1.0], [0.5]]
        assert isinstance(found[1], ZeroDivisionError)

    asyncio.run(scene())


def test_a_queue_that_drains_answers_what_waits_and_takes_no_more():
    async def scene():
        slow = Slow()
        asked = queue(slow)
        first = await held(asked, slow)
        second = asyncio.create_task(asked.ask([1]))
        await after()
        drained = asyncio.create_task(asked.drain())
        await after()
        with pytest.raises(OverloadedError, match="stopping"):
            await asked.ask([2])
        slow.go.set()
        await drained
        assert (first.done(), second.done()) == (True, True)

    asyncio.run(scene())
