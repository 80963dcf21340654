"""``synthetyk data``: look at a data set before anything is trained."""

from pathlib import Path
from typing import Annotated

import typer

from synthetyk.cli.display import progress_of, say
from synthetyk.cli.options import DatasetOptions, absolute, expanded, name_of
from synthetyk.cli.results import show_fingerprint
from synthetyk.data.fingerprint import inspect as inspect_dataset
from synthetyk.data.preview import preview
from synthetyk.pipeline.run_folder import check_outside

app = typer.Typer(help="Look at a data set before anything is trained.", no_args_is_help=True)


@app.callback()
def data() -> None:
    """Look at a data set before anything is trained."""


@app.command("inspect")
@expanded
def inspect(
    data: DatasetOptions,
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Folder, table, npz, DICOM, or phantom.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for fingerprint.json, splits.csv, contact_sheet.png.")
    ] = None,
) -> None:
    """Print what a data set is; write its fingerprint, its splits and a contact sheet."""
    folder = output or Path("runs") / f"inspect-{name_of(dataset)}"
    check_outside(folder, dataset)
    folder.mkdir(parents=True, exist_ok=True)
    with progress_of("inspect") as progress:
        found = inspect_dataset(
            absolute(dataset), data.source(), seed=data.seed, remove_copies=data.remove_copies, progress=progress
        )
    found.fingerprint.save(folder / "fingerprint.json")
    found.table.save(folder / "splits.csv")
    preview(found).save(folder / "contact_sheet.png")
    show_fingerprint(found.fingerprint)
    say(f"Written: {folder}/fingerprint.json, splits.csv, contact_sheet.png")
