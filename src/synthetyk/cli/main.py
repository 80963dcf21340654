"""The entry point: commands are registered here, and only here an error becomes an exit code."""

import logging
import signal
import sys
from types import FrameType
from typing import NoReturn

import typer
from rich.logging import RichHandler
from rich.text import Text

import synthetyk
from synthetyk.cli import (
    anomalies,
    data,
    experiments,
    export_web,
    generate,
    keys,
    package,
    run,
    serve,
    stages,
    store,
    study,
)
from synthetyk.cli.display import errors, say
from synthetyk.core.errors import SynthetykError

STOPPED = 130  # how a shell names the end by Ctrl-C
EXTRA = ("torch", "safetensors", "monai", "matplotlib", "jinja2")  # what the extra "train" brings

app = typer.Typer(
    name="synthetyk",
    help="Synthetic medical images: train a GAN, judge it honestly, and learn whether it helps your classifier.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(data.app, name="data")
app.add_typer(experiments.app, name="experiments")
app.add_typer(keys.app, name="keys")
app.add_typer(store.app, name="store")
app.command("run")(run.run)
app.command("train")(run.train)
app.command("generate")(generate.generate)
app.command("study")(study.study)
app.command("anomalies")(anomalies.anomalies)
app.command("package")(package.package)
app.command("verify")(package.verify)
app.command("export-web")(export_web.export_web)
app.command("web-runtime")(export_web.web_runtime)
app.command("serve")(serve.serve)
stages.register(app)


def _version(asked: bool) -> None:
    if asked:
        say(f"synthetyk {synthetyk.__version__}")
        raise typer.Exit


@app.callback()
def options(
    _: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Print what the libraries report."),
) -> None:
    """Options before the command."""
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(message)s", handlers=[RichHandler(console=errors, show_path=False)])


def _stop(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _fail(message: str) -> NoReturn:
    errors.print(Text.assemble(("Error: ", "bold red"), message), soft_wrap=True)
    sys.exit(1)


def main() -> None:
    """Run the command line; exit codes: 0 done, 1 an error in words, 2 wrong usage, 130 stopped by the user."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        app()
    except (SynthetykError, OSError) as error:  # OSError: a full disk, no permission, a file where a folder should be
        _fail(str(error))
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        _fail(f"{error.name} is not installed, which this command needs. Run: pip install 'synthetyk[train]'")
    except SystemExit as ended:
        if ended.code == STOPPED:
            errors.print("Stopped. What was finished is kept: the same command goes on from here.")
        raise
