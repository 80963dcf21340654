"""What ``python -m benchmarks`` was asked for."""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.jobs import Job, codes
from benchmarks.record import RESULTS


@dataclass(frozen=True)
class Options:
    """How to run.

    Attributes:
        names: Benchmarks to run; empty: all.
        only: Rows to run, where a benchmark has rows; empty: all.
        seeds: How many seeds; None: as many as the benchmark's rule says.
        jobs: Processes side by side.
        threads: Threads of each process.
        work: Where finished parts lie, so that a benchmark that was stopped goes on.
        weights: SqueezeNet's weights.
        scale: Part of every budget; below 1 the benchmark is only tried out, and its table stays in `work`.
    """

    names: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    seeds: int | None = None
    jobs: int = 1
    threads: int = 1
    work: Path = Path("runs/bench")
    weights: Path | None = None
    scale: float = 1.0

    def rows(self, known: Iterable[str]) -> list[str]:
        """Return the rows of a benchmark that are to be run."""
        return [row for row in known if not self.only or row in self.only]

    @property
    def results(self) -> Path:
        return RESULTS if self.scale == 1 else self.work / "results"

    @property
    def squeezenet(self) -> str:
        """Path of SqueezeNet's weights, or the end with what is missing."""
        if self.weights is None or not self.weights.is_file():
            sys.exit(f"SqueezeNet's weights are not at {self.weights}: give --weights FILE, or set SYNTHETYK_WEIGHTS")
        return str(self.weights)

    def about(self, words: str | None, jobs: Iterable[Job]) -> dict[str, Any]:
        """Return what stands beside a table: what it is about, and how its jobs were run.

        Args:
            words: What it is about.
            jobs: Those behind it; ``code`` hashes Synthetyk's source as they ran with it, one if it stayed the same.
        """
        how = {"scale": self.scale, "threads": self.threads, "side_by_side": self.jobs}
        return {"about": words, **how, "code": codes(jobs, self.work)}

    def limit_threads(self) -> None:
        """Give every process that is started from now on its number of threads."""
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[name] = str(self.threads)


def parse(arguments: Sequence[str], names: Iterable[str]) -> Options:
    """Read the command line; a wrong one ends here with what is right."""
    weights = os.environ.get("SYNTHETYK_WEIGHTS")
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the figures that we quote.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(names)}; default: all")
    parser.add_argument("--only", action="append", default=[], metavar="ROW", help="run this row only (repeatable)")
    parser.add_argument("--seeds", type=int, help="how many seeds; default: as many as the benchmark's rule says")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes side by side")
    parser.add_argument("--threads", type=int, default=1, help="threads of each process")
    parser.add_argument("--work", type=Path, default=Path("runs/bench"), help="where finished parts are kept")
    parser.add_argument("--weights", type=Path, default=Path(weights) if weights else None, help="SqueezeNet's weights")
    parser.add_argument("--scale", type=float, default=1.0, help="part of every budget, to try a benchmark out")
    given = vars(parser.parse_args(arguments))
    if unknown := sorted(set(given["names"]) - set(names)):
        parser.error(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(names)}")
    return Options(**given | {"names": tuple(given["names"]), "only": tuple(given["only"])})
