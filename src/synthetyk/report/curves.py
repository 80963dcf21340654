"""Lines over the images that a training has shown, its events and the moment that was kept marked."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from synthetyk.report.charts import STYLES, Panel, Theme
from synthetyk.report.history import History, Series

PERCENT = PercentFormatter(1, decimals=0)
FEW_POINTS = 40  # so few are marked, since nothing is known between them


def curves(
    history: History,
    title: str,
    about: str,
    lines: Mapping[str, Series],
    *,
    unit: str,
    level: float | None = None,
    bottom: float = 0.0,
    top: float = math.inf,
    share: bool = False,
) -> Panel | None:
    """Return a chart of lines over the images shown, each with a band of one standard error where that is known.

    Args:
        history: Whose events and kept moment are marked.
        title: What it shows, in a few words.
        about: How to read it.
        lines: By what they are called; without one there is no chart.
        unit: What the vertical axis measures.
        level: Where to draw a line to compare with.
        bottom: Where the vertical axis begins, unless values lie below.
        top: The most that it shows.
        share: Whether the values are shares, from 0 to 1.
    """
    if not lines:
        return None

    def draw(axes: Axes, theme: Theme) -> None:
        _mark_events(axes, theme, history)
        if level is not None:
            axes.axhline(level, color=theme.accent, linewidth=1, linestyle=":")
        for place, (name, series) in enumerate(lines.items()):
            _draw_series(axes, series, name if len(lines) > 1 else None, line_look(theme, place))
        if history.kept:
            axes.axvline(history.kept.kimg, color=theme.ink, linewidth=1.2, label="kept")
        axes.set(xlabel="thousand real images shown", ylabel=unit)
        axes.set_xlim(0, history.kimg * 1.02)
        low, high = axes.get_ylim()
        axes.set_ylim(*((-0.02, 1.08) if share else (min(bottom, low), min(top, high * 1.08))))
        if share:
            axes.yaxis.set_major_formatter(PERCENT)

    told = "; ".join(f"{name} from {series.first:.3g} to {series.last:.3g}" for name, series in lines.items())
    return Panel(title, about, f"Line chart over {history.kimg:.3g} thousand images: {told}.", draw)


def line_look(theme: Theme, place: int) -> dict[str, Any]:
    """Return colour and style of the line at a place; both tell lines apart."""
    color, style = theme.lines[place % len(theme.lines)], STYLES[place % len(STYLES)]
    return {"color": color, "linestyle": style, "linewidth": 1.6}


def _draw_series(axes: Axes, series: Series, label: str | None, look: Mapping[str, Any]) -> None:
    marker = "o" if len(series.kimg) <= FEW_POINTS else None
    axes.plot(series.kimg, series.values, marker=marker, markersize=3.5, label=label, **look)
    if series.errors:
        low, high = np.subtract(series.values, series.errors), np.add(series.values, series.errors)
        axes.fill_between(series.kimg, low, high, color=look["color"], alpha=0.16, linewidth=0)


def _mark_events(axes: Axes, theme: Theme, history: History) -> None:
    for number, event in enumerate(history.events, start=1):
        axes.axvline(event.kimg, color=theme.accent, linewidth=1, linestyle=(0, (2, 2)))
        axes.annotate(
            str(number),
            (event.kimg, 0.965),
            xycoords=("data", "axes fraction"),
            color=theme.ink,
            fontsize=8,
            ha="center",
            va="center",
            bbox={"boxstyle": "circle,pad=0.2", "facecolor": theme.paper, "edgecolor": theme.accent},
        )
