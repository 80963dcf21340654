"""How it was made: stages, plan, versions, seed."""

from collections.abc import Mapping, Sequence
from typing import Any

from synthetyk.report.inputs import ReportInputs, StageLine
from synthetyk.report.parts import Cell, Part, Section, Table, Text, Tone
from synthetyk.report.words import NONE, count, duration
from synthetyk.training.recipes import RECIPES, recipe

TONES: dict[str, Tone] = {"done": "plain", "failed": "bad"}


def making(inputs: ReportInputs) -> Section:
    """Return what another person needs to do it again."""
    parts: list[Part] = [
        Text(
            "One seed decides every random choice: the same data, seed, plan and versions on the same machine give the "
            "same images and the same numbers."
        ),
        _origin(inputs),
        *([_stages(inputs.stages)] if inputs.stages else []),
        _plan(inputs.plan) if inputs.plan else Text("This run has no plan file.", "unsure"),
    ]
    return Section("making", "How was it made?", tuple(parts))


def _origin(inputs: ReportInputs) -> Table:
    rows = [("Data set", inputs.dataset), ("Seed", str(inputs.seed)), *inputs.versions.items()]
    if inputs.budget_seconds:
        rows.insert(2, ("Time budget", duration(inputs.budget_seconds)))
    if inputs.manifest:
        rows.append(("Generator (SHA-256)", inputs.manifest.model_sha256))
    header = (Cell("What"), Cell("Value"))
    return Table("Origin", header, tuple((Cell(name), Cell(value, code=True)) for name, value in rows), prose=True)


def _stages(stages: Sequence[StageLine]) -> Table:
    rows = [
        (
            Cell(stage.name, _lines(stage.summary)),
            Cell(stage.status, _lines(stage.reason), tone=TONES.get(stage.status, "unsure")),
            Cell(duration(stage.seconds) if stage.seconds else NONE),
            Cell(_memory(stage.peak_mb)),
        )
        for stage in stages
    ]
    time = Cell(duration(sum(stage.seconds for stage in stages)))
    memory = Cell(_memory(max((stage.peak_mb for stage in stages if stage.peak_mb), default=None)))
    header = (Cell("Stage"), Cell("Outcome"), Cell("Time"), Cell("Peak memory"))
    about = (
        "Peak memory is the most that the command and the processes it starts hold in memory together, counted four "
        "times a second; what they share counts once for each of them."
    )
    return Table("Stages", header, (*rows, (Cell("together"), Cell(""), time, memory)), about, prose=True)


def _memory(megabytes: int | None) -> str:
    return NONE if megabytes is None else f"{count(megabytes)} MB"


def _lines(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _plan(plan: Mapping[str, Any]) -> Table:
    header = (Cell("Setting"), Cell("Value"), Cell("Why"), Cell("Chosen by"))
    rows = tuple(
        (
            Cell(name, code=True),
            Cell(_shown(value), _lines(_summary(value) if name == "gan_recipe" else "")),
            Cell(plan["reasons"].get(name, "")),
            Cell(plan["origins"].get(name, "plan")),
        )
        for name, value in plan["values"].items()
    )
    about = (
        "Every setting was derived from the data, the machine and the time budget, or fixed by the user. Each can be "
        "changed with --set name=value."
    )
    return Table("Plan", header, rows, about, prose=True)


def _summary(name: str) -> str:
    """Say what a recipe is; a plug-in's may not be installed here."""
    return recipe(name).summary if name in RECIPES.names() else ""


def _shown(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return count(value)
        case float():
            return f"{value:,.6g}"
    return str(value) or "none"
