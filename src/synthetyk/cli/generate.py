"""``synthetyk generate``: images from a trained run."""

from pathlib import Path
from typing import Annotated

import typer

from synthetyk.cli.display import progress_of, say
from synthetyk.cli.options import Run
from synthetyk.cli.results import display_of
from synthetyk.core.errors import ConfigError
from synthetyk.data.cache import open_cache
from synthetyk.data.shards import Format
from synthetyk.evaluation.generation import GenerationConfig, balance_counts
from synthetyk.evaluation.generation import generate as generate_set
from synthetyk.pipeline.run_folder import RunFolder, open_run
from synthetyk.pipeline.runner import run_stages
from synthetyk.pipeline.stages import BY_NAME
from synthetyk.training.generator_file import LoadedGenerator, load_generator


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
    if output is None:
        if per_class or balance or format or overwrite or seed is not None:
            raise ConfigError("There is no --output", expected="where to write, for example --output more/")
        run_stages(folder, [BY_NAME["generate"]], display_of(folder))
        return
    generator = load_generator(folder.generator)
    config = GenerationConfig(
        counts=_counts(folder, generator, per_class, balance), seed=seed, format=_format(output, format)
    )
    with progress_of("generate") as progress:
        manifest = generate_set(generator, config, output, overwrite=overwrite, progress=progress)
    made = ", ".join(f"{name} {count}" for name, count in manifest.counts.items())
    say(f"Generated {manifest.count} images ({made}) in {output}; its manifest says that they are synthetic.")


def _format(output: Path, asked: Format | None) -> Format:
    is_npz = output.suffix == ".npz"
    if is_npz and asked not in (None, "npz"):
        raise ConfigError(f"{output} was asked for as {asked}", expected="a folder, or --format npz")
    return asked or ("npz" if is_npz else "png")


def _counts(run: RunFolder, generator: LoadedGenerator, per_class: int | None, balance: bool) -> tuple[int, ...]:
    if balance == bool(per_class):
        raise ConfigError("How many images is not clear", expected="either --per-class N or --balance")
    if per_class:
        return (per_class,) * max(1, len(generator.card.class_names))
    if len(generator.card.class_names) < 2:
        raise ConfigError("The generator has no classes to balance", action="Ask for a number: --per-class N")
    counts = balance_counts(open_cache(run.cache).train.counts)
    if not sum(counts):
        raise ConfigError("The data set is balanced already", action="Ask for a number: --per-class N")
    return counts
