"""Throughput: the tutorial's own network in the tutorial's plain loop and in our trainer, on the same threads.

Batches of 128 at 64 pixels in colour, as in the tutorial, with separate real and fake passes of the discriminator. The
loops take turns of a few steps in one process, so that noise meets them all. Images are real ones shown, seconds are
CPU seconds (user and system), and each loop feeds itself: ours converts each batch from the stored uint8 images.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import fmean
from time import process_time
from typing import Any

import torch

from benchmarks.gan.cost import Clock
from benchmarks.gan.ours import tutorial_trainer
from benchmarks.gan.peer import BATCH, Training
from benchmarks.gan.sets import open_set, set_job
from benchmarks.jobs import Job, run_jobs
from benchmarks.options import Options
from benchmarks.record import write

SET = "blood_cells"  # the tutorial's images have three channels too
REPEATS = 3
TURNS = 12
STEPS = 2  # in a turn
PEER = "tutorial's loop, fp32"
GOALS = {"our trainer, bf16": 2.5}


def main(options: Options) -> list[str]:
    """Measure, write the table; return what failed."""
    jobs = [_job(options, repeat) for repeat in range(options.seeds or REPEATS)]
    failed = run_jobs(jobs, options.work, workers=1)  # two at a time would take each other's caches
    found = [result["images_per_cpu_second"] for job in jobs if (result := job.result(options.work))]
    if found:
        about = options.about(__doc__, jobs) | {"side_by_side": 1, "turns": _turns(options)}
        write("throughput", table(found), folder=options.results, **about, details=found)
    return failed


def _job(options: Options, repeat: int) -> Job:
    arguments = {"turns": _turns(options), "threads": options.threads, "repeat": repeat}
    return Job(f"throughput/{repeat}", f"{__name__}:measure", arguments, (set_job(SET),))


def _turns(options: Options) -> int:
    return max(2, round(TURNS * options.scale))


def measure(work: Path, _folder: Path, *, turns: int, threads: int, repeat: int) -> dict[str, Any]:
    """Let the loops take turns; return images per CPU second by loop."""
    torch.set_num_threads(threads)
    train = open_set(work, SET).train
    peer = Training(train.all(), repeat)

    def plain() -> int:
        torch.set_flush_denormal(False)  # which our trainer sets, and the tutorial does not
        return peer.step()

    loops = {
        PEER: plain,
        "our trainer, fp32": tutorial_trainer(train, "fp32", BATCH, threads),
        "our trainer, bf16": tutorial_trainer(train, "bf16", BATCH, threads),
    }
    return {"images_per_cpu_second": alternate(loops, turns, STEPS)}


def alternate(
    loops: Mapping[str, Callable[[], int]], turns: int, steps: int, clock: Clock = process_time
) -> dict[str, float]:
    """Return images per second of each loop, the first turn of each left out.

    Args:
        loops: What makes one step and returns its images, by name.
        turns: How many turns each takes, at least 2.
        steps: Steps in a turn.
        clock: Seconds.
    """
    shown, spent = dict.fromkeys(loops, 0), dict.fromkeys(loops, 0.0)
    for turn in range(turns):
        for name, loop in loops.items():
            began = clock()
            images = sum(loop() for _ in range(steps))
            if turn:
                shown[name], spent[name] = shown[name] + images, spent[name] + clock() - began
    return {name: shown[name] / spent[name] for name in loops}


def table(repeats: list[dict[str, float]]) -> list[dict[str, Any]]:
    """Return each loop's speed and how many times the tutorial's that is, means over the repeats."""
    rows = []
    for name in repeats[0]:
        times = [found[name] / found[PEER] for found in repeats]
        goal = GOALS.get(name)
        row = {"loop": name, "repeats": len(repeats), "images per CPU second": fmean(found[name] for found in repeats)}
        row |= {"times the tutorial's": fmean(times), "least": min(times), "most": max(times)}
        row |= {"goal": f"at least {goal}" if goal else "", "verdict": ""}
        rows.append(row | ({"verdict": "met" if fmean(times) >= goal else "missed"} if goal else {}))
    return rows
