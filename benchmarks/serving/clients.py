"""Many connections that ask a server without pause, and how long each kind of answer takes."""

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Answers:
    """What a server answered.

    Attributes:
        seconds: How long each answer took, by status; 0 stands for a connection that failed.
    """

    seconds: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def count(self, status: int) -> int:
        return len(self.seconds[status])

    def milliseconds(self, status: int, percentile: float) -> float | None:
        """Return a percentile of the times of answers with a status; None if there is none."""
        found = self.seconds[status]
        return round(1000 * float(np.percentile(found, percentile)), 1) if found else None


async def ask_at_once(port: int, path: str, body: str, connections: int, seconds: float) -> Answers:
    """Post over so many connections for a while, on each as soon as the one before is answered.

    Args:
        port: Of a server on this machine.
        path: Where it takes requests.
        body: Of a request; ``"SEED"`` in it becomes another number each time.
        connections: How many.
        seconds: How long.
    """
    found, end = Answers(), time.monotonic() + seconds
    numbers = iter(range(10**9))

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < end:
            data = body.replace('"SEED"', str(next(numbers))).encode()
            began = time.perf_counter()
            status = await _asked(reader, writer, f"POST {path}", data)
            found.seconds[status].append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return found


async def watch(port: int, paths: tuple[str, ...], seconds: float, pause: float) -> Answers:
    """Get some paths again and again for a while, each time over a new connection, as probes do."""
    found, end = Answers(), time.monotonic() + seconds
    while time.monotonic() < end:
        for path in paths:
            began = time.perf_counter()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            status = await _asked(reader, writer, f"GET {path}", b"")
            writer.close()
            found.seconds[status].append(time.perf_counter() - began)
        await asyncio.sleep(pause)
    return found


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: str, body: bytes) -> int:
    """Send a request and read the whole answer; return its status."""
    head = (
        f"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    try:
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(row for row in answer.lower().split(b"\r\n") if row.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
    except (asyncio.IncompleteReadError, ConnectionError):
        return 0
    return int(answer.split(b" ", 2)[1])
