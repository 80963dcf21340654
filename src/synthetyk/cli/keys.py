"""``synthetyk keys``: who may ask a service for what."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from synthetyk.cli.display import say
from synthetyk.core.errors import ConfigError
from synthetyk.core.locks import changing

app = typer.Typer(help="Make and revoke the API keys of a service.", no_args_is_help=True)

File = Annotated[Path, typer.Option("--file", help="JSON file of keys, which synthetyk serve is given.")]
Name = Annotated[str, typer.Argument(help="Who uses the key: letters, digits, dots, dashes; it stands in the log.")]


@app.callback()
def keys() -> None:
    """Make and revoke the API keys of a service."""


@app.command("add")
def add(
    name: Name,
    scope: Annotated[
        str, typer.Option(help="What it opens: read, write (also sends images) or admin (also deletes, starts runs).")
    ] = "read",
    file: File = Path("keys.json"),
) -> None:
    """Make a key and print it, this once: the file keeps its hash alone. A running service takes it at once."""
    from synthetyk.service.keys import SCOPES, KeyFile, read_keys

    known = next((each for each in SCOPES if each == scope), None)
    if known is None:
        raise ConfigError(f"{scope!r} is no scope", expected=f"one of {', '.join(SCOPES)}")
    with changing(file):
        changed, key = (read_keys(file) if file.exists() else KeyFile()).added(name, known)
        changed.save(file)
    typer.echo(key)


@app.command("list")
def list_keys(file: File = Path("keys.json")) -> None:
    """Print name, scope and day of every key."""
    from synthetyk.service.keys import read_keys

    for each in read_keys(file).keys:
        say(f"{each.name:<24} {each.scope:<6} {datetime.fromtimestamp(each.created / 1000, UTC):%Y-%m-%d}")


@app.command("revoke")
def revoke(name: Name, file: File = Path("keys.json")) -> None:
    """Revoke a key; a running service refuses it at once."""
    from synthetyk.service.keys import read_keys

    read_keys(file)  # no lock is left beside a file that is not there
    with changing(file):
        read_keys(file).revoked(name).save(file)
    say(f"{name} opens nothing any more.")
