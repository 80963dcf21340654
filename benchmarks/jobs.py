"""Work in pieces that are kept: what is done is never done again, whatever stopped the benchmark.

A job runs in a process of its own, so that its CPU time can be told from others', and leaves one ``job.json`` in its
folder. It is done again only if its arguments have changed or a job that it follows was done again.
"""

import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import synthetyk
from benchmarks.record import processor
from synthetyk.core.artifacts import read_json, sha256_file, sha256_tree, write_json
from synthetyk.core.processes import serve_parent, worker


@dataclass(frozen=True)
class Job:
    """One piece of work.

    Attributes:
        name: Its folder below the work folder.
        call: ``module:function``, called with the work folder, its own folder and `arguments`; returns JSON values.
        arguments: What decides its result, JSON values.
        after: The jobs whose results it reads.
    """

    name: str
    call: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    after: tuple["Job", ...] = ()

    def record(self, work: Path) -> Path:
        return work / self.name / "job.json"

    def identity(self, work: Path) -> dict[str, Any]:
        """Return what its record must say for it to be done."""
        after = {job.name: sha256_file(job.record(work)) for job in self.after}
        return {"call": self.call, "arguments": dict(self.arguments), "after": after}

    def result(self, work: Path) -> dict[str, Any] | None:
        """Return what it returned, or None if it is still to be done."""
        if not self.record(work).exists() or any(job.result(work) is None for job in self.after):
            return None
        found = read_json(self.record(work))
        same = all(found[name] == value for name, value in self.identity(work).items())
        return dict(found["result"]) if same else None


def codes(jobs: Iterable[Job], work: Path) -> list[str]:
    """Return the hashes of Synthetyk's source that finished jobs ran with: one, if nobody touched it meanwhile."""
    return sorted({read_json(job.record(work))["code"] for job in ordered(jobs) if job.result(work) is not None})


def measured(jobs: Iterable[Job], work: Path) -> str:
    """Return when, on what and with which code finished jobs ran."""
    done = [read_json(job.record(work)) for job in ordered(jobs) if job.result(work) is not None]
    each = (sorted({record[name] for record in done}) for name in ("date", "processor", "code"))
    return "; ".join(", ".join(values) for values in each)


def ordered(jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs and all that they follow, each once and after those."""
    found: dict[str, Job] = {}
    for job in jobs:
        for one in (*ordered(job.after), job):
            found.setdefault(one.name, one)
    return list(found.values())


def run_jobs(jobs: Sequence[Job], work: Path, workers: int) -> list[str]:
    """Do what is not done yet; return the names of those that failed or could not be begun.

    Args:
        jobs: What to do; what they follow is done too.
        work: The work folder.
        workers: Processes side by side.
    """
    pool = _Pool(work, workers)
    try:
        pool.run(ordered(jobs))
    finally:
        pool.close()
    return pool.failed


class _Pool:
    """Processes side by side, one for each job."""

    def __init__(self, work: Path, workers: int) -> None:
        self.work, self.workers = work, workers
        self.failed: list[str] = []
        self._running: dict[Connection, tuple[Job, ExitStack, float]] = {}

    def run(self, waiting: list[Job]) -> None:
        while waiting or self._running:
            waiting = [job for job in waiting if not self._settled(job)]
            ready = wait(list(self._running)) if self._running else []
            for end in [end for end in ready if isinstance(end, Connection)]:
                self._take(end)

    def close(self) -> None:
        for _, lease, _ in self._running.values():
            lease.close()

    def _settled(self, job: Job) -> bool:
        """Tell whether a job needs no more waiting: done before, begun now, or never to be begun."""
        if any(before.name in self.failed for before in job.after):
            self._fail(job, "what it follows failed")
            return True
        if any(before.result(self.work) is None for before in job.after):
            return False
        if job.result(self.work) is not None:
            return True
        if len(self._running) >= self.workers:
            return False
        self._begin(job)
        return True

    def _begin(self, job: Job) -> None:
        lease = ExitStack()
        folder = self.work / job.name
        folder.mkdir(parents=True, exist_ok=True)
        end = lease.enter_context(worker(_work, job.call, self.work, folder, dict(job.arguments)))
        self._running[end] = job, lease, time.monotonic()

    def _take(self, end: Connection) -> None:
        job, lease, began = self._running.pop(end)
        try:
            said: dict[str, Any] | str = end.recv()
        except (EOFError, ConnectionResetError):
            said = "its process was killed"
        lease.close()
        if isinstance(said, str):
            self._fail(job, said)
            return
        seconds = round(time.monotonic() - began, 1)
        where = {"date": time.strftime("%Y-%m-%d"), "processor": processor()}
        about = {"code": code(), **where, "wall_seconds": seconds, "result": said}
        write_json(job.record(self.work), job.identity(self.work) | about)
        print(f"{job.name}: done in {seconds} s", flush=True)

    def _fail(self, job: Job, why: str) -> None:
        self.failed.append(job.name)
        print(f"{job.name}: FAILED: {why}", flush=True)


@cache
def code() -> str:
    """Return a short hash of Synthetyk's source files as they are when the benchmark begins."""
    return sha256_tree(sorted(Path(synthetyk.__file__).parent.rglob("*.py")))[:12]


def _work(end: Connection, call: str, work: Path, folder: Path, arguments: dict[str, Any]) -> None:
    serve_parent()
    module, _, name = call.partition(":")
    try:
        end.send(getattr(import_module(module), name)(work, folder, **arguments))
    except (Exception, SystemExit):
        end.send(traceback.format_exc())
