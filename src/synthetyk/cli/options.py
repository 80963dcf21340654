"""Options that several commands share, as dataclasses that `expanded` unfolds into a command's signature."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import typer

from synthetyk.core.errors import ConfigError
from synthetyk.data.classes import read_classes
from synthetyk.data.source import SOURCES, SourceOptions
from synthetyk.pipeline.settings import Goal, Override, RunSettings, merge_overrides, parse_budget
from synthetyk.tracking.registry import chosen

Pretraining = Literal["none", "autoencoder", "denoise", "mask"]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)]


@dataclass(frozen=True)
class DatasetOptions:
    """What a user can say about a data set."""

    image_column: Annotated[str | None, typer.Option(help="Table: column with the image's path.")] = None
    label_column: Annotated[str | None, typer.Option(help="Table: column with the class.")] = None
    group_column: Annotated[str | None, typer.Option(help="Table: column with patient or slide.")] = None
    split_column: Annotated[str | None, typer.Option(help="Table: column with train, val or test.")] = None
    images_root: Annotated[Path | None, typer.Option(help="Table: folder that the paths start from.")] = None
    group_pattern: Annotated[
        str | None,
        typer.Option(help="Regular expression whose first group is the patient in a file name; 'none': no search."),
    ] = None
    max_pixels: Annotated[int, typer.Option(min=1, help="Skip images with more pixels, before decoding them.")] = (
        SourceOptions().max_pixels
    )
    remove_copies: Annotated[
        bool, typer.Option("--remove-copies", help="Drop images whose copy or patient stands in a later split too.")
    ] = False
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0

    def source(self) -> SourceOptions:
        """Return the part that sources understand."""
        root = str(self.images_root.resolve()) if self.images_root else None
        said = {name: getattr(self, name) for name in SourceOptions.model_fields}
        return SourceOptions.parse(said | {"images_root": root}, where="the command line")


@dataclass(frozen=True)
class PlanOptions:
    """What a user can say about the plan, and about who is told how it goes."""

    budget: Annotated[str, typer.Option(help="Wall time to plan for, for example 90s, 10min or 1h30min.")] = "10min"
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Fix a value of the plan (docs: reference/plan). Repeatable."),
    ] = None
    config: Annotated[
        Path | None,
        typer.Option(help="JSON file with plan values; --set wins over it.", exists=True, dir_okay=False),
    ] = None
    encoder: Annotated[
        str | None, typer.Option(metavar="NAME", help="Encoder of the study's classifiers, for example resnet18.")
    ] = None
    encoder_weights: Annotated[
        Path | None,
        typer.Option(
            help="Published weights that it begins with, in torchvision's names.", exists=True, dir_okay=False
        ),
    ] = None
    pretrain: Annotated[
        Pretraining | None,
        typer.Option(help="What it learns first, from all training images without their labels."),
    ] = None
    classes: Annotated[
        Path | None,
        typer.Option(
            help="JSON file that says what classes are (docs: how-to/bring-your-data).", exists=True, dir_okay=False
        ),
    ] = None
    squeezenet: Annotated[
        Path | None,
        typer.Option(help="npz with SqueezeNet's weights: adds FD\\[squeezenet1_0].", exists=True, dir_okay=False),
    ] = None
    inception: Annotated[
        Path | None,
        typer.Option(help="Weights of the FID network: adds FID and IS.", exists=True, dir_okay=False),
    ] = None
    tracker: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Report to mlflow or wandb too; jsonl: to neither any more. Repeatable."),
    ] = None

    def settings(self, dataset: str, data: DatasetOptions, goal: Goal) -> RunSettings:
        """Return everything that decides a run."""
        weights = {"squeezenet": self.squeezenet, "inception": self.inception}
        return RunSettings(
            dataset=absolute(dataset),
            options=data.source(),
            budget_seconds=parse_budget(self.budget),
            goal=goal,
            seed=data.seed,
            remove_copies=data.remove_copies,
            weights={name: str(path.resolve()) for name, path in weights.items() if path},
            overrides=self._overrides(),
            encoder_weights=str(self.encoder_weights.resolve()) if self.encoder_weights else "",
            classes=read_classes(self.classes) if self.classes else {},
            trackers=chosen(self.tracker or []),
        )

    def changed(self, settings: RunSettings, data: DatasetOptions) -> RunSettings:
        """Return the settings of a run that exists, with what was fixed now laid over what was fixed before.

        Raises:
            ConfigError: Something was given that a run keeps from its beginning.
        """
        if data != DatasetOptions() or self.budget != PlanOptions().budget:
            raise ConfigError(
                "Options about data, seed or budget were given for a run that exists",
                expected="--set, --config, --classes, --tracker, or options about networks, at most",
                action="Begin another run for other data, another seed or another budget",
            )
        weights = {"squeezenet": self.squeezenet, "inception": self.inception}
        given = {name: str(path.resolve()) for name, path in weights.items() if path}
        weights_of_encoder = str(self.encoder_weights.resolve()) if self.encoder_weights else settings.encoder_weights
        trackers = settings.trackers if self.tracker is None else chosen(self.tracker)
        return settings.model_copy(
            update={
                "weights": settings.weights | given,
                "overrides": settings.overrides | self._overrides(),
                "encoder_weights": weights_of_encoder,
                "classes": settings.classes | (read_classes(self.classes) if self.classes else {}),
                "trackers": trackers,
            }
        )

    def _overrides(self) -> dict[str, Override]:
        """Return the plan values that were fixed: options of their own are another way to say ``--set``."""
        options = {"classifier_encoder": self.encoder, "classifier_pretrain": self.pretrain}
        said = {name: Override(value=value, origin="command line") for name, value in options.items() if value}
        implied = {"classifier_weights": Override(value="torchvision", origin="command line")}
        return (implied if self.encoder_weights else {}) | merge_overrides(self.config, self.set_ or []) | said


def absolute(location: str) -> str:
    """Make a path absolute, so that a run goes on from any working folder; ``phantom`` is no path."""
    is_path = Path(location).exists() and not SOURCES.load("phantom").recognises(location)
    return str(Path(location).resolve()) if is_path else location


def name_of(dataset: str) -> str:
    """Return a name for what is made of a data set."""
    path = Path(dataset.partition(":")[0])
    return (path.resolve() if path.exists() else path).stem or "run"


def expanded(command: Callable[..., None]) -> Callable[..., None]:
    """Unfold parameters whose type is a dataclass into one option per field."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    own = [parameter for name, parameter in inspect.signature(command).parameters.items() if name not in groups]
    parameters = [parameter.replace(annotation=hints[parameter.name]) for parameter in own]
    for kind in groups.values():
        parameters += _unfold(kind)

    @functools.wraps(command)
    def call(**values: Any) -> None:
        gathered = {
            name: kind(**{field.name: values.pop(field.name) for field in fields(kind)})
            for name, kind in groups.items()
        }
        command(**values, **gathered)

    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call


def _unfold(kind: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(kind)
    ]
