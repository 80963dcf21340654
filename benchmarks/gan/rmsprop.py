"""Adam against RMSProp on the 3,883 pneumonia images of PneumoniaMNIST's training and validation split.

One source reports RMSProp as the more stable and the better. As there: 28 pixels, 100 noise values, batches of 256, 100
epochs; both optimisers at rates of 1e-3 and 1e-4, one DCGAN without averaging and without a way back, looked at after
50 and after 100 epochs. The nearest-neighbour ratio is measured against the test split's pneumonia images, which alone
are held out here. The source's own figures, Inception Scores of 1.0008 and 1.0076, came from pooled features instead of
class probabilities, so they are no Inception Scores. Where there is a GPU the networks train on it.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

import numpy as np
import torch
from matplotlib.axes import Axes
from numpy.typing import NDArray

from benchmarks.gan.ours import Plain, train_plain
from benchmarks.gan.sets import open_set, set_job
from benchmarks.jobs import Job, run_jobs
from benchmarks.options import Options
from benchmarks.record import write
from synthetyk.core import seeding
from synthetyk.core.errors import DivergedError
from synthetyk.data.contact_sheet import contact_sheet
from synthetyk.data.dataset import Dataset, Subset
from synthetyk.evaluation.described import described, described_subset, unmet
from synthetyk.evaluation.extractors.squeezenet import SqueezeNetExtractor
from synthetyk.evaluation.sampling import ImageSampler
from synthetyk.evaluation.scores import ScoreConfig, Scores, score
from synthetyk.report.charts import Panel, Theme, panels_png

SET, PNEUMONIA = "pneumonia", 1
SEEDS = 3
BATCH, EPOCHS = 256, 100
SHEET = 12
TRAININGS = {f"{name} {rate:g}": (name, rate) for name in ("adam", "rmsprop") for rate in (1e-3, 1e-4)}
COLUMNS = ("frechet", "kernel", "inception", "precision", "recall", "density", "coverage")
SOURCE = {"Inception Scores that the source prints, not valid": (1.0008, 1.0076)}


def main(options: Options) -> list[str]:
    """Run every training, write the table and the sheets; return what failed."""
    seeds = range(options.seeds or SEEDS)
    jobs = {name: [_job(options, name, seed) for seed in seeds] for name in TRAININGS}
    failed = run_jobs([job for name in options.rows(jobs) for job in jobs[name]], options.work, options.jobs)
    found = {name: [result for job in each if (result := job.result(options.work))] for name, each in jobs.items()}
    scored = [scores for each in found.values() for one in each for scores in one["scores"].values()]
    if scored:
        real, epochs = Scores.model_validate(scored[0]), _epochs(options)
        rows = [row for name, each in found.items() for row in table(name, each, (epochs // 2, epochs), real)]
        about = options.about(__doc__, [job for each in jobs.values() for job in each]) | SOURCE
        rows.append(floor_row(real))
        about["device"] = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
        write("rmsprop", rows, folder=options.results, **about, epochs=epochs, details=found)
        (options.results / "rmsprop_figures.png").write_bytes(panels_png(panels(rows, real), columns=4))
        sheet([options.work / each[0].name for each in jobs.values() if each[0].result(options.work)], options.results)
    return failed


def _job(options: Options, name: str, seed: int) -> Job:
    optimizer, rate = TRAININGS[name]
    arguments = {"optimizer": optimizer, "rate": rate, "seed": seed, "epochs": _epochs(options)}
    arguments |= {"threads": options.threads, "weights": options.squeezenet}
    return Job(f"rmsprop/{name.replace(' ', '-')}-{seed}", f"{__name__}:compare", arguments, (set_job(SET),))


def _epochs(options: Options) -> int:
    return max(2, 2 * round(EPOCHS * options.scale / 2))


def pneumonia_images(dataset: Dataset) -> Subset:
    """Return the pneumonia images of training and validation as one class."""
    rows = np.flatnonzero((dataset.labels == PNEUMONIA) & (dataset.splits != "test")).astype(np.int64)
    return Subset(dataset.images, rows, np.zeros(len(rows), dtype=np.int64), dataset.groups[rows])


def compare(
    work: Path,
    folder: Path,
    *,
    optimizer: Literal["adam", "rmsprop"],
    rate: float,
    seed: int,
    epochs: int,
    threads: int,
    weights: str,
) -> dict[str, Any]:
    """Train once and score what it draws at half of the epochs and at the end."""
    dataset = open_set(work, SET)
    images = pneumonia_images(dataset)
    drawn: dict[int, NDArray[np.uint8]] = {}

    def watch(sampler: ImageSampler, epoch: int) -> None:
        drawn[epoch] = sampler.sample(None, range(len(images) // 2))

    shutil.rmtree(folder / "model", ignore_errors=True)
    how = Plain(optimizer, rate, BATCH, epochs, seeding.derive(seed, f"benchmark/{optimizer}/{rate:g}"), threads)
    findings: list[str] = []
    try:
        findings += [finding.kind for finding in train_plain(images, how, folder / "model", watch).findings]
    except DivergedError as error:
        findings.append(str(error))
    for epoch, each in drawn.items():
        np.save(folder / f"sheet-{epoch}.npy", each[:SHEET])
    extractor = SqueezeNetExtractor(Path(weights))
    real = described_subset(extractor, images)
    held_out = described_subset(extractor, unmet(dataset.test.of_class(PNEUMONIA), images))
    scores = {
        str(epoch): score("pneumonia", extractor.name, real, described(extractor, each), held_out, config=ScoreConfig())
        for epoch, each in drawn.items()
    }
    return {"findings": findings, "scores": {epoch: found.model_dump(mode="json") for epoch, found in scores.items()}}


def table(name: str, seeds: Sequence[dict[str, Any]], looks: Sequence[int], like: Scores) -> list[dict[str, Any]]:
    """Return a training's rows, one for each look.

    Args:
        name: The training.
        seeds: What `compare` returned; a training that diverged never came to a look.
        looks: Epochs.
        like: Any scores, for the figures' names.
    """
    findings = ", ".join(sorted({finding for found in seeds for finding in found["findings"]})) or "none"
    rows = []
    for look in looks:
        scores = [Scores.model_validate(found["scores"][str(look)]) for found in seeds if str(look) in found["scores"]]
        row = {"training": name, "epochs": look, "seeds": f"{len(scores)} of {len(seeds)}", "monitor": findings}
        row |= {getattr(like, one).name: _mean([getattr(s, one).value for s in scores]) for one in COLUMNS}
        lows, highs = ([getattr(s.kernel, end) for s in scores] for end in ("low", "high"))
        row["95% of KD"] = f"{_mean(lows):.4f} to {_mean(highs):.4f}" if scores else ""
        row["neighbour ratio"] = _mean([s.ratio.value for s in scores])
        rows.append(row | {"void": sum(s.void for s in scores)})
    return rows


def floor_row(scores: Scores) -> dict[str, Any]:
    """Return what every figure reads between halves of the real images, whatever the training."""
    row = {"training": "real images (floor)", "epochs": "", "seeds": "", "monitor": ""}
    row |= {getattr(scores, one).name: getattr(scores, one).floor for one in COLUMNS}
    return row | {"95% of KD": "", "neighbour ratio": 1.0, "void": ""}


def panels(rows: Sequence[dict[str, Any]], like: Scores) -> list[Panel]:
    """Return a panel for each figure of the table: a bar for each training and look, a line for real images."""
    return [_panel(rows, name) for name in [*(getattr(like, one).name for one in COLUMNS), "neighbour ratio"]]


def _panel(rows: Sequence[dict[str, Any]], name: str) -> Panel:
    *trained, floor = rows
    shown = [row for row in trained if row[name] is not None]

    def draw(axes: Axes, theme: Theme) -> None:
        colours = [theme.lines[0 if row["training"].startswith("adam") else 1] for row in shown]
        axes.barh([f"{row['training']}, {row['epochs']}" for row in shown], [row[name] for row in shown], color=colours)
        axes.invert_yaxis()
        if floor[name] is not None:
            axes.axvline(floor[name], color=theme.accent, linestyle="--")

    return Panel(name, "Trainings with their epochs; the line is that of real images.", f"Bars of {name}.", draw)


def sheet(folders: Sequence[Path], results: Path) -> None:
    """Draw a row of images for each training and look, those of the first seed."""
    looks = [path for folder in folders for path in sorted(folder.glob("sheet-*.npy"), key=_epoch)]
    captions = [f"{path.parent.name.rpartition('-')[0]}, {_epoch(path)} epochs" for path in looks]
    images = np.concatenate([np.load(path) for path in looks])
    contact_sheet(images, columns=SHEET, captions=captions).save(results / "rmsprop.png")


def _epoch(path: Path) -> int:
    return int(path.stem.partition("-")[2])


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
