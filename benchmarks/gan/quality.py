"""Quality at equal cost: how far our images are from real ones, as a part of how far the peer's are.

The peer has the whole of the CPU budget, ours stops before its end.

The figure is (distance of ours - floor) / (distance of the peer - floor), means over the seeds; the row is void where
our images' nearest-neighbour ratio is below 0.9 in any seed.
"""

from statistics import fmean
from typing import Any

from benchmarks.gan.scoring import features_job, figure, score_job
from benchmarks.gan.training import ours_job, peer_job
from benchmarks.jobs import Job, measured, run_jobs
from benchmarks.options import Options
from benchmarks.record import beside, write
from synthetyk.evaluation.scores import Scores

SEEDS = 3
GOAL = 1 / 3
TOLERANCE = 1.02  # a row says so where its trainings took more of the budget than this
ROWS = {
    "pneumonia_4": ("pneumonia", 4.0),
    "pneumonia_10": ("pneumonia", 10.0),
    "chest_xray_20": ("chest_xray", 20.0),
    "blood_cells_20": ("blood_cells", 20.0),
    "head_ct_20": ("head_ct", 20.0),
}

Found = dict[str, dict[str, Any]]  # what the training and the scoring of one side of one seed returned


def main(options: Options) -> list[str]:
    """Run the rows that are asked for, write the table of all that are there; return what failed."""
    seeds = range(options.seeds or SEEDS)
    pairs = {row: [pair(options, row, seed) for seed in seeds] for row in ROWS}
    wanted = [job for row in options.rows(ROWS) for jobs in pairs[row] for job in jobs.values()]
    failed = run_jobs(wanted, options.work, options.jobs)
    found = {row: [done for jobs in each if (done := results(options, jobs))] for row, each in pairs.items()}
    rows = {row: table_row(options, row, done) for row, done in found.items() if done}
    for row, cells in rows.items():
        cells["measured"] = measured([job for seed in pairs[row] for job in seed.values()], options.work)
    if rows:
        jobs = [job for each in pairs.values() for one in each for job in one.values()]
        kept = {"rows": rows, "details": {row: found[row] for row in rows}}
        kept = {key: beside("quality", key, now, folder=options.results) for key, now in kept.items()}
        about = options.about(__doc__, jobs)
        write("quality", list(kept["rows"].values()), folder=options.results, **about, details=kept["details"])
    return failed


def pair(options: Options, row: str, seed: int) -> dict[str, Job]:
    """Return the four jobs of one seed of a row."""
    name, minutes = ROWS[row]
    ours = ours_job(options, name, minutes, seed)
    peer = peer_job(ours)
    scores = {f"{side} scores": score_job(options, name, job) for side, job in (("ours", ours), ("peer", peer))}
    return {"ours": ours, "peer": peer, **scores}


def results(options: Options, jobs: dict[str, Job]) -> Found | None:
    """Return what the jobs of one seed returned, once all are done."""
    found = {name: job.result(options.work) for name, job in jobs.items()}
    return {name: result for name, result in found.items() if result} if all(found.values()) else None


def table_row(options: Options, row: str, seeds: list[Found]) -> dict[str, Any]:
    """Return a row's figures from what its seeds found."""
    name, minutes = ROWS[row]
    images = (features_job(options, name).result(options.work) or {})["train"]
    ours, peer = ([Scores.model_validate(seed[f"{side} scores"]) for seed in seeds] for side in ("ours", "peer"))
    found = figure(ours, peer, images)
    budget = 60 * minutes * options.scale
    return {
        "row": row,
        "images": images,
        "seeds": len(seeds),
        "CPU minutes": budget / 60,
        "ours used": cost(seeds, "ours", budget),
        "peer used": cost(seeds, "peer", budget),
        "distance": f"{found.measure} at {found.count}",
        "ours": found.ours,
        "peer": found.peer,
        "floor": found.floor,
        "figure": found.value,
        "interval": "" if found.low is None else f"{found.low:.3f} to {_end(found.high)}",
        "each seed": ", ".join(map(_end, found.each)),
        "goal": f"at most {GOAL:.3f}",
        "neighbour ratio": found.ratio,
        "peer's ratio": found.peer_ratio,
        "verdict": found.verdict(GOAL),
    }


def cost(seeds: list[Found], side: str, budget: float) -> str:
    """Return the mean CPU minutes, and the most above the budget if that is more than 2%."""
    used = [seed[side]["cpu_seconds"] for seed in seeds]
    over = max(used) / budget
    return f"{fmean(used) / 60:.2f}" + (f" (up to {over - 1:.0%} over)" if over > TOLERANCE else "")


def _end(value: float | None) -> str:
    return "not bounded" if value is None else f"{value:.3f}"
