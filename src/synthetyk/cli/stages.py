"""One command for each stage of a run."""

from collections.abc import Callable

import typer

from synthetyk.cli.options import Run
from synthetyk.cli.results import display_of, show_result
from synthetyk.pipeline.run_folder import open_run
from synthetyk.pipeline.runner import run_stages
from synthetyk.pipeline.stage import Stage
from synthetyk.pipeline.stages import STAGES

WITH_OPTIONS = {"train", "generate", "study"}  # these have commands of their own


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for stage in STAGES:
        if stage.name not in WITH_OPTIONS:
            app.command(stage.name, help=f"{stage.summary} Skipped if nothing has changed.")(_command(stage))


def _command(stage: Stage) -> Callable[[Run], None]:
    def command(run: Run) -> None:
        folder = open_run(run)
        run_stages(folder, [stage], display_of(folder))
        show_result(folder)

    return command
