"""What a server does that is asked for ten times as much as it can do."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from benchmarks.serving.clients import Answers, ask_at_once, watch
from benchmarks.serving.servers import Running, Server, started

STEPS = (1, 2, 4, 8, 16, 32)  # connections that are tried
ENOUGH = 0.9  # of the highest rate: the fewest connections that reach it saturate the server
TIMES = 10
SLOWER, REFUSED = 4.0, 100.0  # times the p99 at saturation; milliseconds
PROBES, PAUSE = ("/healthz", "/readyz"), 0.2
WORDS = """
Overload, fp32, one image a request, the server on one core, the clients {where}: {saturating} connections saturate it
({rate} requests a second, p99 {p99} ms). At {times} times as many {accepted} requests were answered
({accepted_rate} a second, p99 {accepted_p99} ms, {slower} times that at saturation; goal: below {most}) and {refused}
were told to come back (p99 {refused_p99} ms, the longest {refused_longest} ms; goal: below {longest}); {failed} failed.
{probes} probes were answered, the longest in {probe_longest} ms; {probes_failed} failed.
"""


def row(server: Server, work: Path, seconds: float) -> dict[str, Any]:
    """Measure a server that is pinned to one core, with the clients on another one if there is one."""
    cores = sorted(os.sched_getaffinity(0))
    with started(server, work / "overload.log") as running:
        _pin(running.process, cores[0])
        os.sched_setaffinity(0, {cores[-1]})
        try:
            return _row(running, seconds) | {"cores": len(cores[:2])}
        finally:
            os.sched_setaffinity(0, cores)


def in_words(found: Mapping[str, Any]) -> str:
    """Return the row as a paragraph."""
    where = "on another core" if found["cores"] > 1 else "on the same core"
    told = dict(found) | {"where": where, "times": TIMES, "most": f"{SLOWER:g}", "longest": f"{REFUSED:g}"}
    return WORDS.format(**told).replace("\n", " ").strip()


def missed(found: Mapping[str, Any]) -> list[str]:
    """Return which goals were missed."""
    told = {
        "overload, accepted": found["slower"] < SLOWER and not found["failed"],
        "overload, refused": 0 < found["refused_p99"] < REFUSED,
        "overload, probes": found["probes"] > 0 and not found["probes_failed"],
    }
    return [name for name, met in told.items() if not met]


def _row(running: Running, seconds: float) -> dict[str, Any]:
    asyncio.run(_ask(running, 4, seconds / 5))
    rates = {step: asyncio.run(_ask(running, step, seconds / 4)).count(200) / (seconds / 4) for step in STEPS}
    saturating = min(step for step in STEPS if rates[step] >= ENOUGH * max(rates.values()))
    calm = asyncio.run(_ask(running, saturating, seconds))
    under, probes = asyncio.run(_both(running, TIMES * saturating, seconds))
    calm_p99, busy_p99 = calm.milliseconds(200, 99) or 0.0, under.milliseconds(200, 99) or 0.0
    answered = [probes.count(200), sum(map(len, probes.seconds.values()))]
    return {
        "rates": {str(step): round(rate, 1) for step, rate in rates.items()},
        "saturating": saturating,
        "rate": round(calm.count(200) / seconds, 1),
        "p99": calm_p99,
        "connections": TIMES * saturating,
        "accepted": under.count(200),
        "accepted_rate": round(under.count(200) / seconds, 1),
        "accepted_p99": busy_p99,
        "slower": round(busy_p99 / calm_p99, 2),
        "refused": under.count(503),
        "refused_p99": under.milliseconds(503, 99) or 0.0,
        "refused_longest": under.milliseconds(503, 100) or 0.0,
        "failed": sum(len(times) for status, times in under.seconds.items() if status not in (200, 503)),
        "probes": answered[0],
        "probe_longest": probes.milliseconds(200, 100),
        "probes_failed": answered[1] - answered[0],
    }


async def _both(running: Running, connections: int, seconds: float) -> tuple[Answers, Answers]:
    loaded, probed = await asyncio.gather(
        _ask(running, connections, seconds), watch(running.port, PROBES, seconds, PAUSE)
    )
    return loaded, probed


async def _ask(running: Running, connections: int, seconds: float) -> Answers:
    return await ask_at_once(running.port, running.server.path, running.server.body(1), connections, seconds)


def _pin(process: psutil.Process, core: int) -> None:
    for each in (process, *process.children(recursive=True)):
        each.cpu_affinity([core])
