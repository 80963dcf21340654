"""``synthetyk run`` and ``synthetyk train``: the commands that begin a run."""

from pathlib import Path
from typing import Annotated

import typer

from synthetyk.cli.display import ConsoleDisplay
from synthetyk.cli.options import DatasetOptions, PlanOptions, expanded
from synthetyk.cli.results import show_result
from synthetyk.core.errors import ConfigError
from synthetyk.pipeline.run_folder import RunFolder, begin_run, open_run
from synthetyk.pipeline.runner import run_stages
from synthetyk.pipeline.settings import RunSettings
from synthetyk.pipeline.stages import up_to

DATASETS = "an image folder, a CSV table, a MedMNIST-style .npz, a DICOM tree, or the built-in set: phantom"
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Run folder to begin or go on with; default: runs/NAME.")
]


@expanded
def run(
    data: DatasetOptions,
    plan: PlanOptions,
    dataset: Annotated[str | None, typer.Argument(metavar="DATASET", help=f"What to learn from: {DATASETS}.")] = None,
    output: Output = None,
    resume: Annotated[Path | None, typer.Option(help="Run folder to go on with, as it was begun.")] = None,
) -> None:
    """Do everything: data, plan, GAN, evaluation, synthetic set, study, report.

    What is done already is not done again: the same command goes on where it was stopped.
    """
    if resume and (dataset or output):
        raise ConfigError("--resume came with a DATASET or --output", expected="synthetyk run --resume RUN")
    if not resume and not dataset:
        raise ConfigError("No DATASET was given", expected=DATASETS)
    folder = open_run(resume) if resume else _begin(dataset or "", output, plan.settings(dataset or "", data, "run"))
    _work(folder, "report")


@expanded
def train(
    data: DatasetOptions,
    plan: PlanOptions,
    dataset: Annotated[str, typer.Argument(metavar="DATASET|RUN", help=f"A run to go on with, or {DATASETS}.")],
    output: Output = None,
) -> None:
    """Train the GAN only; every later stage can follow on its run folder."""
    known = (Path(dataset) / "config.json").is_file()
    folder = open_run(Path(dataset)) if known else _begin(dataset, output, plan.settings(dataset, data, "train"))
    _work(folder, "train")


def _begin(dataset: str, output: Path | None, settings: RunSettings) -> RunFolder:
    return begin_run(output or Path("runs") / (Path(dataset.partition(":")[0]).stem or "run"), settings)


def _work(folder: RunFolder, last: str) -> None:
    run_stages(folder, up_to(last), ConsoleDisplay())
    show_result(folder)
