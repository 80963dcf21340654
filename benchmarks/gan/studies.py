"""Studies by the product's own command, `synthetyk run`: do synthetic images help a classifier of real ones?

- ``head_ct``: 200 head CTs at 64 pixels. Beside it what others print: the source's notebook trained a DCGAN for 350
  epochs in batches of 10 (10 minutes on a TPU), added 1,000 images, and reports a validation accuracy of .9438 at best
  and .8305 at the end; Frid-Adar et al. (Neurocomputing 2018, liver lesions) report a sensitivity that rose from 78.6
  to 85.7 and a specificity that rose from 88.4 to 92.4. Neither gives an interval, nor other classifiers' seeds.
- ``minority``: PneumoniaMNIST with pneumonia made the minority in training and validation, 1 image in 10; the official
  test split is whole.

One run after the other, each with the machine to itself.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.jobs import Job, code, measured, run_jobs
from benchmarks.options import Options
from benchmarks.record import beside, data, write
from synthetyk.core import seeding
from synthetyk.core.artifacts import read_json
from synthetyk.evaluation.study.report import ArmReport, StudyReport

MINUTES = 20.0
PREVALENCE = 0.1
PNEUMONIA = 1
SCORES = ("auc", "accuracy", "sensitivity", "specificity")


def head_ct(_folder: Path) -> Path:
    """Return the set as it is."""
    return data("head_ct")


def minority(folder: Path) -> Path:
    """Write PneumoniaMNIST with fewer images of pneumonia in training and validation."""
    path = folder / "minority.npz"
    with np.load(data("pneumoniamnist.npz")) as found:
        arrays = dict(found)
    for split in ("train", "val"):
        kept = thinned(arrays[f"{split}_labels"].ravel(), split)
        arrays |= {f"{split}_{part}": arrays[f"{split}_{part}"][kept] for part in ("images", "labels")}
    np.savez(path, **arrays)
    return path


SETS: dict[str, Callable[[Path], Path]] = {"head_ct": head_ct, "minority": minority}


def main(options: Options) -> list[str]:
    """Run the studies that are asked for, write the table of all that are there; return what failed."""
    jobs = {
        row: Job(f"studies/{row}", f"{__name__}:study", {"name": row, "minutes": _minutes(options)}) for row in SETS
    }
    failed = run_jobs([jobs[row] for row in options.rows(jobs)], options.work, workers=1)
    found = {row: result for row, job in jobs.items() if (result := job.result(options.work))}
    if found:
        folder, details = options.results, beside("studies", "details", found, folder=options.results)
        for row in found:
            details[row]["measured"] = measured([jobs[row]], options.work)
        rows = [cells for row, result in details.items() for cells in table(row, result)]
        about = options.about(__doc__, jobs.values()) | {"side_by_side": 1, "threads": "the plan's"}
        write("studies", rows, folder=folder, **about, minutes=_minutes(options), details=details)
    return failed


def _minutes(options: Options) -> float:
    return max(1.0, MINUTES * options.scale)


def thinned(labels: NDArray[np.int64], purpose: str) -> NDArray[np.int64]:
    """Return the positions of all normal images and of so many with pneumonia that these are 1 in 10."""
    sick = np.flatnonzero(labels == PNEUMONIA)
    count = round((len(labels) - len(sick)) * PREVALENCE / (1 - PREVALENCE))
    chosen = seeding.generator(0, f"benchmark/minority/{purpose}").permutation(sick)[:count]
    return np.sort(np.concatenate([np.flatnonzero(labels != PNEUMONIA), chosen]))


def study(_work: Path, folder: Path, *, name: str, minutes: float) -> dict[str, Any]:
    """Run the product on a set; return its study and its verdict on sharing."""
    run = folder / f"run-{minutes:g}-{code()}"  # another budget or other code begins anew
    how = ["run", SETS[name](folder), "--output", run, "--budget", f"{minutes:g}min"]
    subprocess.run([sys.executable, "-m", "synthetyk", *map(str, how)], check=True, stdout=subprocess.DEVNULL)
    report = StudyReport.load(run / "study" / "study.json").model_dump(mode="json")
    seconds = sum(read_json(path)["seconds"] for path in (run / "stages").glob("*.json"))
    return {"study": report, "sharing": read_json(run / "privacy.json")["sentence"], "seconds": round(seconds)}


def table(row: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row for each arm of a study; the verdict stands beside the arm with synthetic images that it is on."""
    report = StudyReport.model_validate(found["study"])
    said = {report.primary.first: report.verdict.sentence, report.primary.second: "the best without, by validation"}
    rows = []
    for arm in report.arms:
        cells = {
            "study": row,
            "arm": arm.name,
            "classifiers": arm.classifiers,
            "GANs": report.gans if arm.synthetic else 0,
        }
        cells |= {score: _spread(arm, score) for score in SCORES}
        rows.append(cells | {"verdict": said.get(arm.name, "")})
    return rows


def _spread(arm: ArmReport, score: str) -> str:
    found = arm.scores[score]
    return f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f})"
