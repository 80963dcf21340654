"""``synthetyk run`` and ``synthetyk train``: the commands that begin a run."""

import os
from pathlib import Path
from typing import Annotated

import typer

from synthetyk.cli.options import DatasetOptions, PlanOptions, expanded, name_of
from synthetyk.core.errors import ConfigError
from synthetyk.data.open import open_source
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.plan import check_overrides
from synthetyk.pipeline.run_folder import RunFolder, is_run, open_run
from synthetyk.pipeline.settings import RunSettings

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
    if resume:
        folder = _go_on(resume, data, plan)
    elif dataset:
        folder = _begin(dataset, output, plan.settings(dataset, data, "run"))
    else:
        raise ConfigError("No DATASET was given", expected=DATASETS)
    _work(folder, "report")


@expanded
def train(
    data: DatasetOptions,
    plan: PlanOptions,
    dataset: Annotated[str, typer.Argument(metavar="DATASET|RUN", help=f"A run to go on with, or {DATASETS}.")],
    output: Output = None,
    tune: Annotated[
        float | None,
        typer.Option(
            metavar="MINUTES",
            min=0.5,
            help="First try other settings of the GAN in short trainings; this time comes on top of the budget.",
        ),
    ] = None,
) -> None:
    """Train the GAN only; every later stage can follow on its run folder.

    In several processes: torchrun --nproc-per-node 2 -m synthetyk train DATASET --output RUN
    """

    def command() -> None:
        if output is None and is_run(Path(dataset)):
            folder = _go_on(Path(dataset), data, plan)
        else:
            folder = _begin(dataset, output, plan.settings(dataset, data, "train"))
        _train(folder, tune)

    if tune and "WORLD_SIZE" in os.environ:
        action = "Tune in one process first; once its GAN trains, stop it and go on with torchrun"
        raise ConfigError("--tune was given to several processes", expected="one process", action=action)
    if "WORLD_SIZE" in os.environ:
        from synthetyk.pipeline.along import train_along

        train_along(command)
    else:
        command()


def _begin(dataset: str, output: Path | None, settings: RunSettings) -> RunFolder:
    """Begin a run; whatever can be found wrong without work is found before anything is written."""
    check_overrides(settings.overrides)
    open_source(settings.dataset, settings.options)
    return begin_run(output or Path("runs") / name_of(dataset), settings)


def _go_on(path: Path, data: DatasetOptions, plan: PlanOptions) -> RunFolder:
    folder = open_run(path)
    settings = plan.changed(folder.settings(), data)
    check_overrides(settings.overrides)
    return begin_run(path, settings)


def _work(folder: RunFolder, last: str) -> None:
    from synthetyk.cli.work import work
    from synthetyk.pipeline.stages import up_to

    work(folder, up_to(last))


def _train(folder: RunFolder, tune: float | None) -> None:
    if tune is None:
        _work(folder, "train")
        return
    from synthetyk.cli.work import work
    from synthetyk.pipeline.stages import up_to
    from synthetyk.pipeline.tuning import tuning_stage

    *before, last = up_to("train")
    work(folder, [*before, tuning_stage(tune), last])
