"""``synthetyk anomalies``: what does not look normal."""

from pathlib import Path
from typing import Annotated

import typer

from synthetyk.cli.display import progress_of, say
from synthetyk.cli.options import Run
from synthetyk.core.errors import ConfigError, RunError
from synthetyk.data.classes import only_normal
from synthetyk.data.fingerprint import Fingerprint
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.run_folder import RunFolder, open_run

NAMED = 3  # images whose scores are said


def anomalies(
    run: Run,
    normal: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The class that is normal; default: the one whose name says so."),
    ] = None,
    images: Annotated[
        str | None,
        typer.Option(metavar="DATASET", help="Other images to judge: a folder, table, npz or DICOM; no labels needed."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where their scores go; default: RUN/judged/NAME.", show_default=False),
    ] = None,
) -> None:
    """Find what does not look normal: train an autoencoder on normal images alone, and see what it cannot draw again.

    Skipped if nothing has changed. It is no part of synthetyk run, and its time comes on top of the budget.
    """
    if output is not None and images is None:
        raise ConfigError("--output says where scores of other images go", action="Name them too: --images DATASET")
    folder = open_run(run)
    if normal is not None:
        folder = _with_normal(folder, normal)
    from synthetyk.cli.work import work
    from synthetyk.pipeline.stages import BY_NAME

    work(folder, [BY_NAME[name] for name in ("plan", "anomalies", "report")])
    if images is not None:
        _judge(folder, images, output or folder / "judged" / _named(images))


def _named(location: str) -> str:
    """Return what other images are called: a folder's whole name, a file's without its ending."""
    path = Path(location.partition(":")[0])
    return (path.resolve().name if path.is_dir() else path.stem) or "images"


def _judge(run: RunFolder, location: str, folder: Path) -> None:
    from synthetyk.pipeline.anomalies import SHEET_FILE, judge_images

    with progress_of("judge") as progress:
        scores = judge_images(run, location, folder, progress)
    strangest = ", ".join(f"{image.key} {image.score:.2f}" for image in scores.images[:NAMED])
    say(
        f"{scores.strange} of {len(scores.images)} images lie above {scores.limit:.2f}, which 95% of the images of "
        f"{scores.normal} stay below. The strangest: {strangest}."
    )
    for kind, problem in scores.problems.items():
        say(f"Cannot be used, {kind}: {problem}", style="yellow")
    say(f"Look at:       {folder / SHEET_FILE}")


def _with_normal(run: RunFolder, normal: str) -> RunFolder:
    """Write into the run's settings which class is normal."""
    if not run.fingerprint.exists():
        raise RunError(f"{run.path} has no fingerprint yet", action=f"Go on with it: synthetyk run --resume {run.path}")
    settings, names = run.settings(), Fingerprint.load(run.fingerprint).classes.names
    return begin_run(run.path, settings.model_copy(update={"classes": only_normal(normal, names, settings.classes)}))
