"""``synthetyk anomalies``: what does not look normal."""

from typing import Annotated

import typer

from synthetyk.cli.options import Run
from synthetyk.core.errors import RunError
from synthetyk.data.classes import only_normal
from synthetyk.data.fingerprint import Fingerprint
from synthetyk.pipeline.run_folder import RunFolder, begin_run, open_run


def anomalies(
    run: Run,
    normal: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The class that is normal; default: the one whose name says so."),
    ] = None,
) -> None:
    """Find what does not look normal: train an autoencoder on normal images alone, and see what it cannot draw again.

    Skipped if nothing has changed. It is no part of synthetyk run, and its time comes on top of the budget.
    """
    folder = open_run(run)
    if normal is not None:
        folder = _with_normal(folder, normal)
    from synthetyk.cli.work import work
    from synthetyk.pipeline.stages import BY_NAME

    work(folder, [BY_NAME[name] for name in ("plan", "anomalies", "report")])


def _with_normal(run: RunFolder, normal: str) -> RunFolder:
    """Write into the run's settings which class is normal."""
    if not run.fingerprint.exists():
        raise RunError(f"{run.path} has no fingerprint yet", action=f"Go on with it: synthetyk run --resume {run.path}")
    settings, names = run.settings(), Fingerprint.load(run.fingerprint).classes.names
    return begin_run(run.path, settings.model_copy(update={"classes": only_normal(normal, names, settings.classes)}))
