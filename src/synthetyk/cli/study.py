"""``synthetyk study``: the comparison, also at another part of the training data."""

from typing import Annotated

import typer

from synthetyk.cli.display import say
from synthetyk.cli.options import Run
from synthetyk.cli.results import display_of, show_result
from synthetyk.pipeline.run_folder import open_run
from synthetyk.pipeline.runner import run_stages
from synthetyk.pipeline.stages import BY_NAME, at_fraction, up_to


def study(
    run: Run,
    fraction: Annotated[
        float | None,
        typer.Option(min=0.01, max=1.0, help="Use this part of the training images; the GAN is trained again on it."),
    ] = None,
) -> None:
    """Compare classifiers with and without synthetic images. Skipped if nothing has changed."""
    folder = open_run(run)
    if fraction is None or fraction == 1:
        run_stages(folder, [BY_NAME["study"]], display_of(folder))
    else:
        folder = at_fraction(folder, fraction)
        say(f"With {fraction:.0%} of the training images, in {folder.path}:")
        run_stages(folder, up_to("report"), display_of(folder))
    show_result(folder)
