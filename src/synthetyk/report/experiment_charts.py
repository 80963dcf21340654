"""What the charts of experiments show: every experiment on one scale, and what each of their settings changes."""

import re
import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes

from synthetyk.evaluation.experiments.report import Averaged, Effect, ExperimentResult, ExperimentsReport
from synthetyk.report.charts import Panel, Theme
from synthetyk.report.words import score, signed, spread

WIDTH = 7.2  # inches
LINE = 0.36  # inches of each row, and of each further line of its name
LETTERS = 44  # in a line of a row's name
AROUND = 1.1  # inches above and below the rows
GRID = re.compile(r"(.*?) (\w+=.*)")  # a file's name, and what a grid in it varies


def scores_panel(results: Sequence[ExperimentResult], name: str = "auc", title: str = "AUC") -> Panel:
    """Return the chart of one score on test images, experiment by experiment, validation's beside it.

    Args:
        results: Experiments that have classifiers.
        name: Of the score.
        title: Of the score, as people say it.
    """
    rows = [(row_name(one.name, results), one.test[name], one.val[name]) for one in results]

    def draw(axes: Axes, theme: Theme) -> None:
        for place, (_, test, val) in enumerate(rows):
            _interval(axes, place, test, theme.lines[0], None if place else "test")
            axes.plot(
                [val.mean], [place], "D", ms=4, mfc="none", color=theme.lines[1], label=None if place else "validation"
            )
        _dress(axes, [words for words, _, _ in rows])
        axes.set_xlabel(f"{title}, with its 95% interval")

    told = "; ".join(f"{words}: {score(test.mean)} ({spread(test.low, test.high)})" for words, test, _ in rows)
    return Panel(
        f"{title} of every experiment",
        "The further right, the better. The line is the 95% interval on test images, the open diamond the figure on "
        "validation images, by which experiments are chosen.",
        f"Dot plot: {told}.",
        draw,
        size=_size([words for words, _, _ in rows]),
    )


def effects_panel(effects: Sequence[Effect]) -> Panel:
    """Return the chart of what each key changes in one score.

    Args:
        effects: Of one score, at least one.
    """
    names = [effect_name(effect) for effect in effects]

    def draw(axes: Axes, theme: Theme) -> None:
        axes.axvline(0, color=theme.accent, linewidth=1, linestyle=":")
        for place, effect in enumerate(effects):
            sure = effect.outcome != "no difference shown"
            _interval(axes, place, effect.difference, theme.lines[0 if sure else 5])
            axes.plot(
                [pair.difference.mean for pair in effect.pairs],
                [place + 0.22] * len(effect.pairs),
                "|",
                color=theme.accent,
                ms=5,
            )
        _dress(axes, names)
        axes.set_xlabel("change of test AUC, with its 95% interval" if effects[0].score == "auc" else "change")

    told = "; ".join(
        f"{name}: {signed(one.difference.mean)} ({signed(one.difference.low)} to {signed(one.difference.high)})"
        for name, one in zip(names, effects, strict=True)
    )
    return Panel(
        "What each setting changes, everything else being equal",
        "To the right of the dotted line it helps. In colour: shown by this study, after correction for their number. "
        "The small marks are the pairs of experiments that each is the mean of.",
        f"Dot plot: {told}.",
        draw,
        size=_size(names),
    )


def panels_of(report: ExperimentsReport) -> list[Panel]:
    """Return the charts of a report; none if nothing was trained."""
    found = [effect for effect in report.effects if effect.score == "auc"]
    return [*([scores_panel(report.tried)] if report.tried else []), *([effects_panel(found)] if found else [])]


def effect_name(effect: Effect) -> str:
    """Return what an effect is of, for example ``encoder: edgenet → resnet18``."""
    return f"{effect.key}: {effect.baseline} → {effect.value}"


def row_name(name: str, results: Sequence[ExperimentResult]) -> str:
    """Return what sets an experiment apart from others of its grid, or its name."""
    parts = {one.name: GRID.fullmatch(one.name) for one in results}
    own = parts[name]
    if own is None or any(each is None or each[1] != own[1] for each in parts.values()):
        return name
    return own[2]


def _interval(axes: Axes, place: int, found: Averaged, color: str, label: str | None = None) -> None:
    axes.plot([found.low, found.high], [place, place], color=color, linewidth=1.8, solid_capstyle="butt")
    axes.plot([found.mean], [place], "o", ms=6, color=color, label=label)


def _dress(axes: Axes, names: Sequence[str]) -> None:
    plain = [textwrap.fill(name, LETTERS).replace("$", r"\$") for name in names]  # a dollar begins no formula
    axes.set_yticks(range(len(names)), plain)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.04)


def _size(names: Sequence[str]) -> tuple[float, float]:
    lines = sum(len(textwrap.wrap(name, LETTERS)) for name in names)
    return WIDTH, AROUND + LINE * max(lines, 2)
