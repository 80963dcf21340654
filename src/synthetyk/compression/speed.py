"""How fast a model answers and how much memory it takes: in a process of its own, beside the original.

The process knows ONNX Runtime and numpy, no torch, as a device would. The two models take turns, so that whatever else
the machine does befalls both; the ratio of their times is what counts. Times are those of the one thread that computes,
as the system counts them: what one waits for where nothing else wants the processor, and next to the same where
something does.
"""

import os
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from synthetyk.core.config import Config
from synthetyk.core.errors import SynthetykError
from synthetyk.core.memory import resident
from synthetyk.core.processes import serve_parent, worker
from synthetyk.runtime.session import Feeds, OnnxModel

BATCHES = (1, 32)
FEWEST, MOST = 5, 100  # turns


class Latency(Config):
    """How long a batch takes on one thread, in that thread's own time.

    Attributes:
        batch: Images in it.
        milliseconds: Median over the turns.
        low: First quartile.
        high: Third quartile.
        original_milliseconds: The median of the original, in the same turns.
        speedup: The median over the turns of the original's time over this one's.
        turns: How often both were measured.
    """

    batch: int
    milliseconds: float
    low: float
    high: float
    original_milliseconds: float
    speedup: float
    turns: int


class Cost(Config):
    """What a model costs where it runs.

    Attributes:
        latencies: One for each size of batch.
        peak_mb: Memory that the model takes beside ONNX Runtime itself once it has answered the largest batch, in
            millions of bytes.
    """

    latencies: tuple[Latency, ...]
    peak_mb: float


def measure_cost(original: Path, model: Path, feeds: Feeds, *, seconds: float) -> Cost:
    """Measure a model beside the original.

    Args:
        original: The ONNX file to compare with.
        model: The ONNX file to measure.
        feeds: Inputs by name, of at least the largest batch.
        seconds: For each size of batch; a few turns are made however long they take.

    Raises:
        SynthetykError: The process ended without an answer.
    """
    with worker(_serve, original, model, dict(feeds), seconds) as connection:
        try:
            cost: Cost = connection.recv()
        except EOFError as error:
            raise SynthetykError(
                f"The process that measured {model.name} ended without an answer",
                action="See that there is memory for it, and run the stage again",
            ) from error
    return cost


def _serve(connection: Connection, original: Path, model: Path, feeds: Feeds, seconds: float) -> None:
    serve_parent()
    import onnxruntime  # noqa: F401

    before = resident(os.getpid())
    mine = OnnxModel(model, model.name)
    mine.run(None, feeds)
    peak = resident(os.getpid()) - before
    theirs = OnnxModel(original, original.name)
    latencies = tuple(_latency(mine, theirs, _first(feeds, batch), batch, seconds) for batch in BATCHES)
    connection.send(Cost(latencies=latencies, peak_mb=round(peak / 1e6, 1)))


def _first(feeds: Feeds, batch: int) -> Feeds:
    return {name: values[:batch] for name, values in feeds.items()}


def _latency(mine: OnnxModel, theirs: OnnxModel, feeds: Feeds, batch: int, seconds: float) -> Latency:
    for session in (mine, theirs):
        session.run(None, feeds)  # the first time memory is laid out
    turns = np.array(list(_turns((mine, theirs), feeds, seconds)))
    low, middle, high = np.percentile(turns[:, 0], [25, 50, 75])
    return Latency(
        batch=batch,
        milliseconds=_rounded(middle),
        low=_rounded(low),
        high=_rounded(high),
        original_milliseconds=_rounded(np.median(turns[:, 1])),
        speedup=round(float(np.median(turns[:, 1] / turns[:, 0])), 3),
        turns=len(turns),
    )


def _turns(sessions: Sequence[OnnxModel], feeds: Feeds, seconds: float) -> Iterator[list[float]]:
    """Yield the milliseconds of each session, turn by turn."""
    end = time.perf_counter() + seconds
    for turn in range(MOST):
        if turn >= FEWEST and time.perf_counter() > end:
            return
        times = []
        for session in sessions:
            began = time.thread_time()
            session.run(None, feeds)
            times.append(1000 * (time.thread_time() - began))
        yield times


def _rounded(milliseconds: float) -> float:
    return round(float(milliseconds), 4)
