import asyncio
import threading

import pytest

from synthetyk.core.errors import OverloadedError
from synthetyk.service.threads import Lane


def test_so_many_work_and_so_many_wait_and_the_next_is_refused():
    lane, end = Lane(threads=2, queue=1), threading.Event()

    async def crowd():
        tasks = [asyncio.create_task(lane.run(end.wait, 10)) for _ in range(3)]
        while lane._limiter.statistics().tasks_waiting < 1:
            await asyncio.sleep(0.01)
        with pytest.raises(OverloadedError, match="waiting"):
            await lane.run(end.wait)
        end.set()
        return await asyncio.gather(*tasks)

    assert asyncio.run(crowd()) == [True] * 3


def test_errors_and_options_pass_through():
    async def work():
        with pytest.raises(ZeroDivisionError):
            await Lane(1, 1).run(lambda: 1 / 0)
        return await Lane(1, 1).run(sorted, [1, 2], reverse=True)

    assert asyncio.run(work()) == [2, 1]
