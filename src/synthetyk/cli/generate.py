"""``synthetyk generate``: images from a trained run, or from a package where there is no torch."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from synthetyk.cli.display import progress_of, say
from synthetyk.core.errors import ConfigError, RunError
from synthetyk.data.cache import open_cache
from synthetyk.data.shards import Format
from synthetyk.evaluation.generation import (
    GenerationConfig,
    Source,
    balance_counts,
    packaged_source,
    trained_source,
    write_set,
)
from synthetyk.pipeline.run_folder import RunFolder, is_run, open_run
from synthetyk.runtime.package import Package, is_package, open_package

Counted = Callable[[], dict[str, int]]


def generate(
    made: Annotated[
        Path, typer.Argument(metavar="RUN|PACKAGE", help="A run folder, or a package of models.", show_default=False)
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder, or a file FILE.npz; default: the run's own set."),
    ] = None,
    per_class: Annotated[int | None, typer.Option(min=1, help="Images of each class.")] = None,
    balance: Annotated[
        bool, typer.Option("--balance", help="As many as each class lacks to reach the largest.")
    ] = False,
    format: Annotated[
        Format | None,
        typer.Option(help="Default: npz for a FILE.npz, else png.", show_default=False),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the images; default: the generator's.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a synthetic set that lies there.")] = False,
) -> None:
    """Generate a synthetic set with its manifest; without options, the set that a run's study uses.

    A package needs no torch. Its images are those of its run, but that some pixels differ by 1 of 255.
    """
    packaged = not is_run(made) and is_package(made)
    if not packaged and not (made / "config.json").exists():
        raise RunError(
            f"{made} is neither a run nor a package" if made.exists() else f"{made} does not exist",
            expected="a folder that synthetyk run, train or package has made",
        )
    if output is None and (packaged or per_class or balance or format or overwrite or seed is not None):
        raise ConfigError("There is no --output", expected="where to write, for example --output more/")
    if output is None:
        _own_set(open_run(made))
        return
    if balance == bool(per_class):
        raise ConfigError("How many images is not clear", expected="either --per-class N or --balance")
    source, counted = _of_package(open_package(made)) if packaged else _of_run(open_run(made))
    counts = (per_class,) * max(1, len(source.class_names)) if per_class else _balancing(source.class_names, counted)
    config = GenerationConfig(counts=counts, seed=seed, format=_format(output, format))
    with progress_of("generate") as progress:
        manifest = write_set(source, config, output, overwrite=overwrite, progress=progress)
    words = ", ".join(f"{name} {count}" for name, count in manifest.counts.items())
    say(f"Generated {manifest.count} images ({words}) in {output}; its manifest says that they are synthetic.")


def _own_set(run: RunFolder) -> None:
    from synthetyk.cli.results import display_of
    from synthetyk.pipeline.runner import run_stages
    from synthetyk.pipeline.stages import BY_NAME

    run_stages(run, [BY_NAME["generate"]], display_of(run))


def _of_run(run: RunFolder) -> tuple[Source, Counted]:
    """Return the generator of a run, and what counts the training images of each class."""
    from synthetyk.training.generator_file import load_generator

    if not run.generator.exists():
        raise RunError(f"{run.path} has no generator yet", action=f"Train it first: synthetyk train {run.path}")

    def counted() -> dict[str, int]:
        train = open_cache(run.cache).train
        return dict(zip(train.class_names, map(int, train.counts), strict=True))

    return trained_source(load_generator(run.generator)), counted


def _of_package(package: Package) -> tuple[Source, Counted]:
    """Return the generator of a package, and what counts the training images that each class had."""
    from synthetyk.runtime.generator import GeneratorSession

    session = GeneratorSession.open(package)
    data = package.manifest.data

    def counted() -> dict[str, int]:
        if data.fraction < 1:
            found = f"The package does not tell which {data.fraction:.0%} of the images its models were trained on"
            raise ConfigError(found, action="Ask for a number: --per-class N")
        return {name: splits.get("train", 0) for name, splits in data.counts.items()}

    source = packaged_source(session, package.manifest.files[session.about.file].sha256)
    return source, counted


def _format(output: Path, asked: Format | None) -> Format:
    is_npz = output.suffix == ".npz"
    if is_npz and asked not in (None, "npz"):
        raise ConfigError(f"{output} was asked for as {asked}", expected="a folder, or --format npz")
    return asked or ("npz" if is_npz else "png")


def _balancing(names: Sequence[str], counted: Counted) -> tuple[int, ...]:
    if len(names) < 2:
        raise ConfigError("The generator has no classes to balance", action="Ask for a number: --per-class N")
    images = counted()
    counts = balance_counts([images.get(name, 0) for name in names])
    if not sum(counts):
        raise ConfigError("The data set is balanced already", action="Ask for a number: --per-class N")
    return counts
