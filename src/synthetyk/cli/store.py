"""``synthetyk store``: what is kept of images, and how it moves."""

from contextlib import closing
from typing import Annotated

import typer

from synthetyk.cli.display import progress_of, say
from synthetyk.core.errors import ConfigError, DamagedImageError

app = typer.Typer(help="Move the images of a service from one store to another.", no_args_is_help=True)


@app.callback()
def store() -> None:
    """Move the images of a service from one store to another."""


@app.command("copy")
def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help="For example sqlite:///images.db.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Another store; what it holds whole is left alone.")],
) -> None:
    """Copy every image, prediction and event, read each image back, and go on where a copy was stopped."""
    from synthetyk.store.copy import copy_store
    from synthetyk.store.open import open_store

    if source == target:
        raise ConfigError("Both stores are the same", expected="two different ones")
    with (
        closing(open_store(source, must_exist=True)) as here,
        closing(open_store(target)) as there,
        progress_of("copy") as progress,
    ):
        found = copy_store(here, there, progress=progress)
    say(
        f"{found.images} images copied, {found.present} were there before; {found.predictions} predictions and "
        f"{found.events} events handed over."
    )
    if found.damaged:
        raise DamagedImageError(
            f"{len(found.damaged)} images of {source} are damaged and were not copied: {', '.join(found.damaged[:5])}",
            action="Restore them from another copy, then copy again",
        )
