"""One command for each stage of a run."""

from collections.abc import Callable

import typer

from synthetyk.cli.options import Run
from synthetyk.pipeline.run_folder import open_run

# What the stages say of themselves, written down here since asking them takes torch; train, generate and study have
# commands of their own.
SUMMARIES = {
    "fingerprint": "Looks at the data: what it is, which images cannot be used, copies, leaks, splits.",
    "plan": "Derives every setting from the data, this machine and the budget.",
    "cache": "Decodes every image once.",
    "features": "Trains the feature network that images are compared with.",
    "evaluate": "Measures the quality of the generated images.",
    "privacy": "Looks for training images among the generated ones.",
    "compress": "Makes classifier and generator smaller in several ways and measures each.",
    "report": "Writes report.html.",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for name, summary in SUMMARIES.items():
        app.command(name, help=f"{summary} Skipped if nothing has changed.")(_command(name))


def _command(name: str) -> Callable[[Run], None]:
    def command(run: Run) -> None:
        folder = open_run(run)
        from synthetyk.cli.work import work
        from synthetyk.pipeline.stages import BY_NAME

        work(folder, [BY_NAME[name]])

    return command
