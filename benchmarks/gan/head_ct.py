"""200 head CTs: whether the generator reaches what real images reach, and copies none; 20 CPU minutes at 64 pixels.

Recall and coverage of synthetic images are divided by those of held-out real ones: both against random training images,
as many on each side as there are held-out images, means over ten draws. The nearest-neighbour ratio is the product's.
"""

from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.gan.quality import ROWS as QUALITY
from benchmarks.gan.scoring import part, real_described, score_job, synthetic_described
from benchmarks.gan.sets import open_set
from benchmarks.gan.training import Side, load, ours_job, peer_job
from benchmarks.jobs import Job, run_jobs
from benchmarks.options import Options
from benchmarks.record import write
from synthetyk.core import seeding
from synthetyk.evaluation.extractors.squeezenet import SqueezeNetExtractor
from synthetyk.metrics.checks import Rows
from synthetyk.metrics.manifold import precision_recall
from synthetyk.metrics.neighbours import VOID_BELOW

SET, MINUTES = QUALITY["head_ct_20"]
SEEDS = 5
DRAWS = 10
GOAL = 0.5


def main(options: Options) -> list[str]:
    """Run every seed of both sides, write the table; return what failed."""
    ours = [ours_job(options, SET, MINUTES, seed) for seed in range(options.seeds or SEEDS)]
    trained = [*ours, *(peer_job(job) for job in ours)]
    jobs = [(job, score_job(options, SET, job)) for job in trained if options.rows([str(job.arguments["side"])])]
    jobs_of = {job.name: (scores, _reach_job(scores)) for job, scores in jobs}
    failed = run_jobs([job for both in jobs_of.values() for job in both], options.work, options.jobs)
    rows = [row for job, _ in jobs if (row := _row(options, job, *jobs_of[job.name]))]
    if rows:
        write("head_ct", rows, folder=options.results, **options.about(__doc__, trained))
    return failed


def _reach_job(scores: Job) -> Job:
    name = scores.name.replace("scores/", "reach/")
    return Job(name, f"{__name__}:measure", dict(scores.arguments), scores.after)


def measure(work: Path, _folder: Path, *, name: str, of: str, side: Side, seed: int, weights: str) -> dict[str, Any]:
    """Measure how much of the real images the synthetic and the held-out ones reach."""
    real, held_out = real_described(work, name, "train"), real_described(work, name, "held_out")
    sampler, extractor = load(side, work / of, seed), SqueezeNetExtractor(Path(weights))
    synthetic = synthetic_described(extractor, sampler, open_set(work, name), len(real))
    return reach(real.features, synthetic.features, held_out.features)


def reach(real: Rows, synthetic: Rows, held_out: Rows, draws: int = DRAWS) -> dict[str, Any]:
    """Return recall and coverage of synthetic images, of held-out ones, and the first as a part of the second.

    Args:
        real: Features of training images, at least as many as held out.
        synthetic: Features of synthetic images, likewise.
        held_out: Features of real images that the generator never met.
        draws: Random draws of as many real and synthetic images as are held out.
    """
    count = len(held_out)

    def drawn(side: Rows, purpose: str, step: int) -> Rows:
        chosen: Rows = side[seeding.generator(0, f"benchmark/{purpose}", step=step).permutation(len(side))[:count]]
        return chosen

    some = [(drawn(real, "real", step), drawn(synthetic, "synthetic", step)) for step in range(draws)]
    theirs = [precision_recall(training, held_out) for training, _ in some]
    mine = [precision_recall(training, images) for training, images in some]
    found: dict[str, Any] = {"count": count}
    for name in ("recall", "coverage"):
        reached, possible = (fmean(getattr(one, name) for one in side) for side in (mine, theirs))
        found |= {name: reached, f"{name} of held-out": possible, f"{name} ratio": part(reached, possible)}
    return found


def _row(options: Options, job: Job, scores: Job, reached: Job) -> dict[str, Any] | None:
    training, scored, found = (one.result(options.work) for one in (job, scores, reached))
    if not (training and scored and found):
        return None
    row = {"side": job.arguments["side"], "seed": job.arguments["seed"], "CPU minutes": training["cpu_seconds"] / 60}
    ratio = scored["ratio"]["value"]
    return row | found | {"neighbour ratio": ratio, "verdict": verdict(found, ratio)}


def verdict(found: dict[str, Any], ratio: float | None) -> str:
    """Say whether one seed reached the goal."""
    if ratio is None or ratio < VOID_BELOW:
        return "void"
    ratios = [found["recall ratio"], found["coverage ratio"]]
    return "met" if all(one is not None and one >= GOAL for one in ratios) else "missed"
