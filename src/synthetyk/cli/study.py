"""``synthetyk study``: the comparison, also at another part of the training data."""

from typing import Annotated

import typer

from synthetyk.cli.display import say
from synthetyk.cli.options import Run
from synthetyk.pipeline.run_folder import open_run


def study(
    run: Run,
    fraction: Annotated[
        float | None,
        typer.Option(min=0.01, max=1.0, help="Use this part of the training images; the GAN is trained again on it."),
    ] = None,
) -> None:
    """Compare classifiers with and without synthetic images. Skipped if nothing has changed."""
    folder = open_run(run)
    from synthetyk.cli.work import work
    from synthetyk.pipeline.stages import BY_NAME, at_fraction, up_to

    if fraction is None or fraction == 1:
        work(folder, [BY_NAME["study"]])
    else:
        folder = at_fraction(folder, fraction)
        say(f"With {fraction:.0%} of the training images, in {folder.path}:")
        work(folder, up_to("report"))
