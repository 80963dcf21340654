"""``synthetyk data``: look at a data set before anything is trained."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from synthetyk.cli.display import console, progress_of, say
from synthetyk.cli.options import DatasetOptions, absolute, expanded, name_of
from synthetyk.core.errors import RunError
from synthetyk.data.dataset import SPLITS
from synthetyk.data.fingerprint import Fingerprint
from synthetyk.data.fingerprint import inspect as inspect_dataset
from synthetyk.data.preview import preview
from synthetyk.pipeline.begin import check_outside

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
    if folder.is_file():
        raise RunError(f"{folder} is a file", expected="a folder, which need not exist")
    with progress_of("inspect") as progress:
        found = inspect_dataset(
            absolute(dataset), data.source(), seed=data.seed, remove_copies=data.remove_copies, progress=progress
        )
    folder.mkdir(parents=True, exist_ok=True)
    found.fingerprint.save(folder / "fingerprint.json")
    found.table.save(folder / "splits.csv")
    preview(found).save(folder / "contact_sheet.png")
    _show(found.fingerprint)
    say(f"Written: {folder}/fingerprint.json, splits.csv, contact_sheet.png")


def _show(found: Fingerprint) -> None:
    table = Table(title=f"{found.images} images", title_justify="left", title_style="bold")
    table.add_column("class")
    for split in SPLITS:
        table.add_column(split + (" (carved)" if split in found.carved else ""), justify="right")
    for name, counts in found.classes.counts.items():
        table.add_row(Text(name or "(no label)"), *(str(counts[split]) for split in SPLITS))
    console.print(table)
    for sentence in found.sentences():
        say(sentence)
    if len(found.classes.names) < 2:
        say("Fewer than two classes: a run trains a generator and audits it, and leaves the study out.")
