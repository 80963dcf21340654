"""The trainings that are compared: each in a process of its own, metered from after its imports to its generator."""

import shutil
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from benchmarks.gan.cost import Meter
from benchmarks.gan.ours import load_ours, train_ours
from benchmarks.gan.peer import load_peer, train_peer
from benchmarks.gan.sets import open_set, set_job
from benchmarks.jobs import Job
from benchmarks.options import Options
from synthetyk.data.contact_sheet import contact_sheet
from synthetyk.evaluation.sampling import ImageSampler

Side = Literal["ours", "peer"]
SHEET = 12  # images of each class on a training's sheet


def ours_job(options: Options, name: str, minutes: float, seed: int) -> Job:
    """Return the training of ours with one seed; benchmarks with the same data and budget share it."""
    arguments = {"side": "ours", "name": name, "cpu_seconds": 60 * minutes * options.scale}
    arguments |= {"seed": seed, "threads": options.threads}
    return Job(f"gans/{name}_{minutes:g}/ours-{seed}", f"{__name__}:train", arguments, (set_job(name),))


def peer_job(ours: Job) -> Job:
    """Return the peer's training beside one of ours: it has the whole budget, of which ours may take no more."""
    return Job(ours.name.replace("ours", "peer"), ours.call, {**ours.arguments, "side": "peer"}, ours.after)


def train(
    work: Path, folder: Path, *, side: Side, name: str, seed: int, threads: int, cpu_seconds: float
) -> dict[str, Any]:
    """Train one side; return what it cost and how it went."""
    dataset = open_set(work, name)
    shutil.rmtree(folder / "model", ignore_errors=True)
    torch.set_num_threads(threads)
    meter = Meter()
    if side == "ours":
        about = train_ours(dataset, cpu_seconds, seed, threads, folder / "model")
    else:
        about = train_peer(dataset, cpu_seconds, seed, folder / "model")
    spent = meter.seconds
    sampler = load(side, folder, seed)
    sheet = np.concatenate([sampler.sample(label, range(SHEET)) for label in range(sampler.classes)])
    contact_sheet(sheet, columns=SHEET, captions=dataset.class_names).save(folder / "sheet.png")
    return {"cpu_seconds": round(spent, 2), "budget_seconds": cpu_seconds, **about}


def load(side: Side, folder: Path, seed: int) -> ImageSampler:
    """Open what a training's job left; benchmarks draw with the training's seed."""
    return load_ours(folder / "model", seed) if side == "ours" else load_peer(folder / "model", seed)
