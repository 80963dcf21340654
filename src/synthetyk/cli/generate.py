"""``synthetyk generate``: images from a trained run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from synthetyk.cli.display import progress_of, say
from synthetyk.cli.options import Run
from synthetyk.core.errors import ConfigError, RunError
from synthetyk.data.cache import open_cache
from synthetyk.data.shards import Format
from synthetyk.pipeline.run_folder import RunFolder, open_run


def generate(
    run: Run,
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
    """Generate a synthetic set with its manifest; without options, the set that the study uses."""
    folder = open_run(run)
    if output is not None and balance == bool(per_class):
        raise ConfigError("How many images is not clear", expected="either --per-class N or --balance")
    if output is not None:
        _another_set(folder, output, per_class, seed=seed, format=_format(output, format), overwrite=overwrite)
    elif per_class or balance or format or overwrite or seed is not None:
        raise ConfigError("There is no --output", expected="where to write, for example --output more/")
    else:
        _own_set(folder)


def _own_set(run: RunFolder) -> None:
    from synthetyk.cli.results import display_of
    from synthetyk.pipeline.runner import run_stages
    from synthetyk.pipeline.stages import BY_NAME

    run_stages(run, [BY_NAME["generate"]], display_of(run))


def _another_set(
    run: RunFolder, output: Path, per_class: int | None, *, seed: int | None, format: Format, overwrite: bool
) -> None:
    from synthetyk.evaluation import generation
    from synthetyk.training.generator_file import load_generator

    if not run.generator.exists():
        raise RunError(f"{run.path} has no generator yet", action=f"Train it first: synthetyk train {run.path}")
    generator = load_generator(run.generator)
    names = generator.card.class_names
    counts = (per_class,) * max(1, len(names)) if per_class else _balancing(run, names)
    config = generation.GenerationConfig(counts=counts, seed=seed, format=format)
    with progress_of("generate") as progress:
        manifest = generation.generate(generator, config, output, overwrite=overwrite, progress=progress)
    made = ", ".join(f"{name} {count}" for name, count in manifest.counts.items())
    say(f"Generated {manifest.count} images ({made}) in {output}; its manifest says that they are synthetic.")


def _format(output: Path, asked: Format | None) -> Format:
    is_npz = output.suffix == ".npz"
    if is_npz and asked not in (None, "npz"):
        raise ConfigError(f"{output} was asked for as {asked}", expected="a folder, or --format npz")
    return asked or ("npz" if is_npz else "png")


def _balancing(run: RunFolder, names: Sequence[str]) -> tuple[int, ...]:
    from synthetyk.evaluation.generation import balance_counts

    if len(names) < 2:
        raise ConfigError("The generator has no classes to balance", action="Ask for a number: --per-class N")
    counts = balance_counts(open_cache(run.cache).train.counts)
    if not sum(counts):
        raise ConfigError("The data set is balanced already", action="Ask for a number: --per-class N")
    return counts
