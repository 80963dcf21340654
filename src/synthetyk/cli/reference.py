"""``python -m synthetyk.cli.reference FOLDER``: the reference pages of the documentation, written from the code.

Each page is a pure function that returns markdown; a test compares what they return with the pages in the repository.
"""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import typer

import synthetyk
from synthetyk.cli.experiment_schema import experiment_schema
from synthetyk.cli.main import app
from synthetyk.cli.markdown import codes, page, table, title
from synthetyk.cli.models_in_words import fields_table, parts_of, summary_of, type_in_words
from synthetyk.core import errors
from synthetyk.core.artifacts import Artifact, write_bytes
from synthetyk.data.source import SOURCES
from synthetyk.data.sources.phantom import PhantomConfig
from synthetyk.evaluation.extractors.registry import EXTRACTORS
from synthetyk.models.encoder import ENCODERS
from synthetyk.models.gan_network import NetworkConfig
from synthetyk.pipeline.plan import PlanValues
from synthetyk.pipeline.stages import STAGES
from synthetyk.store.open import STORES
from synthetyk.tracking.registry import TRACKERS
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.monitor import MonitorConfig
from synthetyk.training.recipes import RECIPES, Recipe, Size

# Where each JSON file lies in a run folder, by its schema.
PLACES = {
    "anomalies": "anomalies.json",
    "anomaly_detector": "anomalies/detector.json",
    "anomaly_scores": "judged/NAME/scores.json, after anomalies --images",
    "autoencoder": "anomalies/autoencoder.json, after --pretrain study/autoencoder/autoencoder.json",
    "bookmark": "tracking/TRACKER.json, tracking/TRACKER-gan-0.json, tracking/TRACKER-NAME/seed-0.json",
    "cache": "cache/cache.json",
    "checkpoint": "checkpoints/ATTEMPT-STEP/state.json",
    "classes": "classes.json",
    "classifier": "features/classifier.json, study/classifier/classifier.json, and where experiments keep a model",
    "compressed_classifier": "models/rows/classifier-NAME.json",
    "compressed_generator": "models/rows/generator-NAME.json",
    "compression": "compression.json",
    "config": "config.json",
    "evaluation": "evaluation.json",
    "experiment_training": "experiments/NAME/seed-0/training.json of the folder of experiments",
    "experiments": "experiments.json of the folder of experiments",
    "experiments_config": "config.json of the folder of experiments",
    "fingerprint": "fingerprint.json",
    "generator": "generator.json",
    "keys": "where `synthetyk keys --file` is told",
    "learned_extractor": "features/extractor.json",
    "manifest": "synthetic/0/manifest.json, and beside every set that generate writes",
    "on_device": "page.json of what export-web writes",
    "package": "package/artifacts/package/manifest.json",
    "plan": "plan.json",
    "privacy": "privacy.json",
    "signature": "package/artifacts/package/signature.json, after package --sign",
    "stage": "stages/NAME.json",
    "study": "study/study.json",
    "study_start": "study/start.json",
    "study_job": "study/jobs/NAME/job.json",
    "tuning": "tuning.json",
}


def commands() -> str:
    """Return the page about every command and option."""
    root: Any = typer.main.get_command(app)
    parts = [title("Commands", "Exit codes: 0 done, 1 an error in words, 2 wrong usage, 130 stopped by the user.")]
    parts += [_command(path, command) for path, command in every_command(root)]
    return page(parts)


def every_command(command: Any, path: str = "synthetyk") -> Iterator[tuple[str, Any]]:
    """Yield a command and those below it with what one types to call them."""
    yield path, command
    for name, below in sorted(getattr(command, "commands", {}).items()):
        yield from every_command(below, f"{path} {name}")


def plan() -> str:
    """Return the page about every value of the plan."""
    about = (
        "Every value is derived from the data, the machine and the budget; `plan.json` holds the rule that chose it. "
        'Fix one with `--set NAME=VALUE`, or several with `--config FILE`, a JSON object such as `{"gan_kimg": 200}`.'
    )
    return page([title("The plan", about), fields_table(PlanValues)])


def files() -> str:
    """Return the page about every JSON file and what each stage reads and writes."""
    kinds = artifacts()
    about = (
        "Every JSON file starts with `schema: name/version`. A file of a newer version is refused, one of an older "
        "version is migrated."
    )
    stages = table(
        ("stage", "reads", "writes"),
        ((stage.name, codes(stage.reads + stage.uses), codes(stage.writes)) for stage in STAGES),
    )
    parts = [title("Files", about), f"## What each stage reads and writes\n\n{stages}"]
    parts += [f"## {kind.schema_name}/{kind.schema_version}\n\n{_artifact(kind)}" for kind in kinds]
    parts += ["## Parts of files\n\n`PlanValues` has [a page of its own](plan.md)."]
    inside = (part for part in parts_of(kinds) if part is not PlanValues)
    parts += [f"### {part.__name__}\n\n{summary_of(part)}\n\n{fields_table(part)}" for part in inside]
    return page(parts)


def error_tree() -> str:
    """Return the page about every error."""
    about = (
        "Every error also inherits the builtin in brackets, so callers may catch either. The command line prints the "
        "message and ends with exit code 1. The message says what was found, what was expected and what to do."
    )
    return page([title("Errors", about), "\n".join(_branch(errors.SynthetykError, 0))])


def sources_and_extractors() -> str:
    """Return the page about what is registered by name, and about the options of phantom."""
    about = (
        "What is built in, by the names under which it is registered; see [how to add your own](../how-to/extend.md)."
    )
    sources = table(("name", "what it reads"), _registered(SOURCES.items()))
    extractors = table(("name", "what it measures"), _registered(EXTRACTORS.items()))
    encoders = table(("name", "what it is"), ((f"`{name}`", kind.summary) for name, kind in ENCODERS.items()))
    trackers = table(("name", "what it does"), _registered(TRACKERS.items()))
    stores = table(("name", "what it keeps images in"), _registered(STORES.items()))
    return page(
        [
            title("Data sources, feature networks, encoders, trackers and stores", about),
            f"## Data sources: `synthetyk.sources`\n\nThe first that recognises a location takes it.\n\n{sources}",
            f"## Options of phantom\n\n`phantom:KEY=VALUE,KEY=VALUE`\n\n{fields_table(PhantomConfig)}",
            f"## Feature networks: `synthetyk.extractors`\n\n{extractors}",
            f"## Encoders: `synthetyk.encoders`\n\n`--encoder` names the one of the study's classifiers.\n\n{encoders}",
            f"## Trackers: `synthetyk.trackers`\n\n`jsonl` is always on; `--tracker` adds others.\n\n{trackers}",
            f"## Stores: `synthetyk.stores`\n\nA store's URL begins with its name.\n\n{stores}",
        ]
    )


def recipes() -> str:
    """Return the page about every recipe and every setting of a GAN's training."""
    about = "How a GAN is trained, by name; see [why they are what they are](../explanation/recipes.md)."
    known = dict(RECIPES.items())
    rows = [(f"`{name}`", each.summary, f"`{each.architecture}`", f"`{each.loss}`") for name, each in known.items()]
    sizes = [
        (f"`{name}`", str(start), *(f"{value:g}" for value in size.model_dump().values()))
        for name, each in known.items()
        for start, size in sorted(each.sizes.items())
    ]
    return page(
        [
            title("Recipes", about),
            table(("name", "what it is", "architecture", "loss"), rows),
            f"## Sizes\n\n{table(('name', 'from pixels', *(f'`{field}`' for field in Size.model_fields)), sizes)}",
            f"## What a recipe says\n\n{fields_table(Recipe)}",
            f"## Every setting of a training\n\n{summary_of(GANConfig)}\n\n{fields_table(GANConfig)}",
            f"## The networks\n\n{fields_table(NetworkConfig)}",
            f"## The stability monitor\n\n{fields_table(MonitorConfig)}",
        ]
    )


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands,
    "plan.md": plan,
    "files.md": files,
    "errors.md": error_tree,
    "recipes.md": recipes,
    "sources-and-extractors.md": sources_and_extractors,
    "experiment.schema.json": experiment_schema,
}


def artifacts() -> list[type[Artifact]]:
    """Return every kind of JSON file by its schema's name; imports every module to find them."""
    for module in pkgutil.walk_packages(synthetyk.__path__, "synthetyk."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    ours = (kind for kind in Artifact.__subclasses__() if kind.__module__.startswith("synthetyk."))
    return sorted(ours, key=lambda kind: kind.schema_name)


def _artifact(kind: type[Artifact]) -> str:
    return f"`{PLACES[kind.schema_name]}`\n\n{summary_of(kind)}\n\n{fields_table(kind)}"


def _command(path: str, command: Any) -> str:
    kinds = inspect.signature(command.callback).parameters
    rows = [
        (_names(each), _value(each, kinds[each.name].annotation), _default(each), each.help or "")
        for each in command.params
    ]
    arguments = [_placeholder(each) for each in command.params if each.param_type_name == "argument"]
    usage = " ".join([path, *arguments, *(["COMMAND"] if hasattr(command, "commands") else [])])
    options = table(("", "value", "default", "meaning"), rows) if rows else ""
    return f"## {path}\n\n`{usage}`\n\n{inspect.cleandoc(command.help or '')}\n\n{options}".rstrip()


def _placeholder(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required else f"[{name}]"


def _names(parameter: Any) -> str:
    return f"`{_placeholder(parameter)}`" if parameter.param_type_name == "argument" else codes(parameter.opts)


def _value(parameter: Any, annotation: Any) -> str:
    """Return what may follow an option; nothing for a flag."""
    if getattr(parameter, "is_flag", False):
        return ""
    words = type_in_words(annotation).removesuffix(" | None")
    shown = parameter.metavar if parameter.metavar and parameter.param_type_name == "option" else words
    limits = {"min": "at least", "max": "at most"}
    found = [(said, getattr(each, end, None)) for each in get_args(annotation)[1:] for end, said in limits.items()]
    return ", ".join([f"`{shown}`", *(f"{said} {limit:g}" for said, limit in found if limit is not None)])


def _default(parameter: Any) -> str:
    nothing = parameter.default is None or parameter.default is False
    return "" if nothing else f"`{parameter.default}`"


def _branch(kind: type[Exception], depth: int) -> Iterator[str]:
    builtins = [base.__name__ for base in kind.__bases__ if base.__module__ == "builtins" and base is not Exception]
    beside = f" ({', '.join(builtins)})" if builtins else ""
    yield f"{'  ' * depth}- **`{kind.__name__}`**{beside}: {summary_of(kind)}"
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from _branch(below, depth + 1)


def _registered(entries: Iterable[tuple[str, type]]) -> Iterator[tuple[str, str]]:
    ours = ((name, kind) for name, kind in entries if kind.__module__.startswith("synthetyk."))
    return ((f"`{name}`", f"{summary_of(kind)}{_called(kind)}") for name, kind in ours)


def _called(extractor: Any) -> str:
    """Return the name that an extractor's figures carry; nothing for what is no extractor."""
    return f" Called `{extractor.name}` in files and figures." if isinstance(getattr(extractor, "name", 0), str) else ""


def write(folder: Path) -> None:
    """Write every page into a folder."""
    for name, written in PAGES.items():
        write_bytes(folder / name, written().encode())


if __name__ == "__main__":
    write(Path(sys.argv[1]))
