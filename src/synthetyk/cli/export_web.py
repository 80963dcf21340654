"""``synthetyk export-web`` and ``synthetyk web-runtime``: packaged models on a page that runs them in the browser."""

from pathlib import Path
from typing import Annotated

import typer

from synthetyk.cli.display import say
from synthetyk.runtime.package import open_package

Archive = Annotated[
    Path | None,
    typer.Option(
        "--runtime",
        metavar="FILE.tgz",
        help="ONNX Runtime Web as npm pack fetches it, for machines without npm.",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]


def export_web(
    packages: Annotated[
        list[Path], typer.Argument(metavar="PACKAGE...", help="Packages, or MLflow models around them.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the page goes.")],
    archive: Archive = None,
) -> None:
    """Write a page that runs packaged models in the browser, as a folder that any file server can host.

    What is opened on the page never leaves the reader's machine; once loaded, it needs no network. ONNX Runtime Web is
    fetched with npm the first time, in one pinned version that is checked.
    """
    from synthetyk.service.on_device.site import site_of, write_site

    opened = [(path.resolve().name, open_package(path)) for path in packages]
    write_site(site_of(opened, _runtime(archive)), output)
    say(f"Written to {output}. To look at it: python -m http.server --bind 127.0.0.1 --directory {output}")


def web_runtime(
    into: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to put it instead of the user's cache.", show_default=False),
    ] = None,
    archive: Archive = None,
) -> None:
    """Fetch ONNX Runtime Web, which the page on this device runs models with, and check it."""
    say(f"ONNX Runtime Web lies in {_runtime(archive, into)}")


def _runtime(archive: Path | None, into: Path | None = None) -> Path:
    from synthetyk.service.on_device.web_runtime import fetch_runtime, find_runtime, read_archive, unpack

    if archive:
        return unpack(read_archive(archive), into)
    return (None if into else find_runtime()) or fetch_runtime(into)
