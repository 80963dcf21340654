"""One GPU: the recipe `gpu` on chest X-rays at 64 and 128 pixels, kimg a second and FD against time.

Seconds are wall time of the training, without the looks at its images; the Fréchet distance is that of 2,000 synthetic
images from 2,000 random training images.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.gan.ours import train_watched
from benchmarks.gan.scoring import features_job, real_described, synthetic_described
from benchmarks.gan.sets import SETS, open_set
from benchmarks.jobs import Job, run_jobs
from benchmarks.options import Options
from benchmarks.record import write
from synthetyk.core import seeding
from synthetyk.evaluation.extractors.squeezenet import SqueezeNetExtractor
from synthetyk.evaluation.sampling import ImageSampler
from synthetyk.metrics.floor import halving_floor
from synthetyk.metrics.frechet import frechet_distance

ROWS = {"gpu_64": "chest_xray", "gpu_128": "chest_xray_128"}
MINUTES = 3.0
COUNT = 2000


def main(options: Options) -> list[str]:
    """Run both sizes where there is a GPU and write the table; return what failed."""
    if not torch.cuda.is_available():
        rows: list[dict[str, Any]] = [
            {"row": row, "verdict": "not run: no CUDA device on this machine"} for row in ROWS
        ]
        write("gpu", rows, folder=options.results, about=__doc__)
        return []
    jobs = {row: _job(options, row) for row in ROWS}
    failed = run_jobs([jobs[row] for row in options.rows(ROWS)], options.work, workers=1)
    rows = [line for row, job in jobs.items() if (found := job.result(options.work)) for line in table(row, found)]
    if rows:
        device = torch.cuda.get_device_name()
        about = options.about(f"{__doc__}\nOn one {device}.\n", jobs.values())
        write("gpu", rows, folder=options.results, **about, device=device)
    return failed


def _job(options: Options, row: str) -> Job:
    arguments = {"name": ROWS[row], "seconds": 60 * MINUTES * options.scale, "weights": options.squeezenet}
    return Job(f"gpu/{row}", f"{__name__}:measure", arguments, (features_job(options, ROWS[row]),))


def measure(work: Path, folder: Path, *, name: str, seconds: float, weights: str) -> dict[str, Any]:
    """Train once and look now and then; return the looks and what the distance is between real images."""
    dataset, extractor = open_set(work, name), SqueezeNetExtractor(Path(weights))
    real = real_described(work, name, "train").features
    count = min(COUNT, len(real) // 2)
    chosen = real[np.sort(seeding.generator(0, "benchmark/gpu").permutation(len(real))[:count])]
    looks: list[dict[str, float]] = []

    def watch(sampler: ImageSampler, spent: float, kimg: float) -> None:
        synthetic = synthetic_described(extractor, sampler, dataset, count).features
        looks.append({"seconds": spent, "kimg": kimg, "fd": frechet_distance(chosen, synthetic)})

    train_watched(dataset, seconds, 0, folder / "model", watch)
    floor = halving_floor(real, frechet_distance, count, seed=0)
    return {"extractor": extractor.name, "count": count, "floor": floor.mean, "looks": looks}


def table(row: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one line for each look at the training."""
    distance = f"FD[{found['extractor']}] at {found['count']}"
    return [
        {
            "row": row,
            "size": SETS[ROWS[row]].size,
            "seconds": round(look["seconds"], 1),
            "kimg": look["kimg"],
            "kimg a second": look["kimg"] / look["seconds"],
            "distance": distance,
            "FD": look["fd"],
            "floor": found["floor"],
        }
        for look in found["looks"]
    ]
