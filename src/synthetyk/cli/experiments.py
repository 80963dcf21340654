"""``synthetyk experiments``: classifiers that JSON files describe, trained, compared and kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synthetyk.cli.display import progress_of, say
from synthetyk.cli.options import DatasetOptions, absolute, expanded, name_of
from synthetyk.core.errors import TrainingError
from synthetyk.core.progress import Progress, silent
from synthetyk.pipeline.experiments.experiment import Experiment, read_experiments
from synthetyk.tracking.registry import chosen

if TYPE_CHECKING:
    from synthetyk.evaluation.experiments.report import ExperimentsReport
    from synthetyk.pipeline.experiments.training import Training

app = typer.Typer(no_args_is_help=True)


@app.callback()
def experiments() -> None:
    """Train and compare the classifiers that JSON files describe."""


@dataclass(frozen=True)
class ExperimentOptions:
    """What the command line says beside the files, and goes before them."""

    data: Annotated[str | None, typer.Option(help="Data set of every experiment.", metavar="DATASET")] = None
    image_size: Annotated[
        int | None, typer.Option(min=8, help="Height and width in pixels; default: as a run would plan it.")
    ] = None
    max_steps: Annotated[int | None, typer.Option(min=1, help="Training steps at most, whatever the epochs.")] = None
    seeds: Annotated[int | None, typer.Option(min=1, help="Seeds of every experiment.")] = None
    tracker: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Report to mlflow or wandb too. Repeatable.")
    ] = None
    no_compress: Annotated[
        bool, typer.Option("--no-compress", help="Neither quantise nor prune the models afterwards.")
    ] = False

    @property
    def given(self) -> dict[str, Any]:
        """Keys that go before those of the files, with their values."""
        names = ("data", "image_size", "max_steps", "seeds")
        found = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return found | ({"compress": False} if self.no_compress else {})

    def over(self, experiment: Experiment) -> Experiment:
        """Lay what was given over an experiment."""
        trackers = tuple(dict.fromkeys([*experiment.tracker, *chosen(self.tracker or [])]))
        located = experiment.replace(**self.given, tracker=trackers)
        return located.replace(data=absolute(located.data)) if located.data else located


@app.command("run")
@expanded
def run(
    options: ExperimentOptions,
    data: DatasetOptions,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES", help="JSON files, one experiment or grid each.", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder to begin or go on with; default: runs/experiments-NAME."),
    ] = None,
    defaults: Annotated[
        Path | None,
        typer.Option(help="JSON file with what the others do not say.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Train every experiment, each seed on a core of its own, and compare them on the test images.

    What is trained already is not trained again: the same command goes on where it was stopped.
    """
    found = {name: options.over(one) for name, one in read_experiments(files, defaults, given=options.given).items()}
    from synthetyk.cli.experiment_results import show_experiments
    from synthetyk.pipeline.experiments.folder import ExperimentsAsked, begin_experiments
    from synthetyk.pipeline.experiments.notices import notices
    from synthetyk.pipeline.experiments.plan import check
    from synthetyk.pipeline.experiments.run import run_experiments

    asked = ExperimentsAsked(options=data.source(), seed=data.seed, remove_copies=data.remove_copies, experiments=found)
    check(asked)
    folder = begin_experiments(output or Path("runs") / _name(options, files), asked)
    for notice in notices(asked):
        say(notice, style="yellow")
    report = run_experiments(folder, asked, Shown({name: one.verbose for name, one in found.items()}))
    show_experiments(report, folder)
    _tell_failures(report)


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of an experiment's file."""
    from synthetyk.cli.experiment_schema import experiment_schema

    typer.echo(experiment_schema(), nl=False)


class Shown:
    """Shows experiments in a terminal.

    Args:
        verbose: Of each experiment: 0 one line when it ends, 1 progress, 2 a line for each look at validation images.
    """

    def __init__(self, verbose: dict[str, int]) -> None:
        self.verbose = verbose

    @contextmanager
    def work(self, name: str) -> Iterator[Progress]:
        """Show work with the time left."""
        if not any(self.verbose.values()):
            yield silent
            return
        with progress_of(name) as progress:
            yield progress

    def looked(self, training: "Training", message: str) -> None:
        """Print a line for a look at the validation images, if that was asked for."""
        if self.verbose[training.name] > 1:
            say(f"  {training.title}: {message}", style="dim")

    def ended(self, training: "Training", failure: str, left: int) -> None:
        """Print how a training has ended."""
        if failure:
            say(f"{training.title}: failed. {failure}", style="yellow")
        else:
            say(f"{training.title}: trained" + (f", {left} left" if left else ""))

    def found_done(self, count: int, of: int) -> None:
        """Print how many trainings were done before."""
        say(f"{count} of {of} trainings were done before, and nothing has changed.", style="dim")


def _name(options: ExperimentOptions, files: list[Path]) -> str:
    return f"experiments-{name_of(options.data) if options.data else files[0].stem}"


def _tell_failures(report: "ExperimentsReport") -> None:
    """End with an error if an experiment failed.

    Raises:
        TrainingError: Says which, and why.
    """
    from synthetyk.report.experiments import failures

    told = failures(report)
    if told:
        said = "; ".join(f"{name}: {why.rstrip('.')}" for name, why in told)
        raise TrainingError(
            f"{len(report.failed)} of {len(report.experiments)} experiments failed: {said}",
            action="What was trained is kept: the same command tries again what failed",
        )
