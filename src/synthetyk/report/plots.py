"""What the charts show: a training's curves, a classifier's calibration, the intensities of a data set."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from synthetyk.core.artifacts import write_bytes
from synthetyk.report.charts import STYLES, Panel, Theme, panels_png
from synthetyk.report.history import History, Series, read_history

PERCENT = PercentFormatter(1, decimals=0)
Lines = Mapping[str, Series]

# More classes than these would be a thicket; then the least and the most diverse class are shown.
MOST_LINES = 5


def training_curves(metrics: Path, output: Path) -> None:
    """Draw every chart of a training into one PNG.

    Args:
        metrics: The training's ``metrics.jsonl``.
        output: The PNG, written atomically.
    """
    write_bytes(output, panels_png(training_panels(read_history(metrics))))


def training_panels(history: History) -> list[Panel]:
    """Return the charts of a training: losses, accuracies, diversity, and every distance that was measured."""
    panels = [_losses(history), _accuracies(history)]
    panels += [_diversity(history, space) for space in ("pixels", "features")]
    panels += [_distance(history, name) for name in history.series if "[" in name or name in ("FID", "KID")]
    return [panel for panel in panels if panel]


def _losses(history: History) -> Panel | None:
    return _curves(
        history,
        "Losses",
        "What each network is taught to make small. In a healthy duel both keep moving and neither runs away.",
        _named(history, {"d_loss": "discriminator", "g_loss": "generator"}),
        unit="loss (nats)",
    )


def _accuracies(history: History) -> Panel | None:
    return _curves(
        history,
        "Discriminator accuracy",
        "How often the discriminator is right. At 50% it is only guessing; near 100% for long it has won, and the "
        "generator learns no more.",
        _named(history, {"d_real_accuracy": "on real images", "d_fake_accuracy": "on generated images"}),
        unit="called right",
        level=0.5,
        share=True,
    )


def _diversity(history: History, space: str) -> Panel | None:
    prefix = f"diversity_{space}/"
    names = {name: name.removeprefix(prefix) for name in history.series if name.startswith(prefix)}
    lines = _named(history, names)
    if len(lines) > MOST_LINES:
        ranked = sorted(lines, key=lambda name: lines[name].last)
        lines = {f"{name} ({which})": lines[name] for name, which in ((ranked[0], "least"), (ranked[-1], "most"))}
    return _curves(
        history,
        f"Diversity in {space}",
        f"How much generated images differ from each other in {space}, as a part of how much real ones do. Near 1 is "
        "good; a fall toward 0 is mode collapse: the same image again and again.",
        lines,
        unit="of real diversity",
        level=1.0,
    )


def _distance(history: History, name: str) -> Panel | None:
    return _curves(
        history,
        f"{name} over the training",
        f"How far generated images are from real ones, measured during the training on few images ({name}): lower is "
        "better. Its trend counts, not its level.",
        _named(history, {name: name}),
        unit=name,
    )


def calibration_panel(curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Panel:
    """Return the chart of what probabilities promise against what they keep.

    Args:
        curves: By classifier, mean confidence and accuracy of each bin.
    """

    def draw(axes: Axes, theme: Theme) -> None:
        axes.plot([0, 1], [0, 1], color=theme.accent, linewidth=1, linestyle=":")
        for place, (name, (confidence, accuracy)) in enumerate(curves.items()):
            axes.plot(confidence, accuracy, marker="o", markersize=3.5, label=name, **_line(theme, place))
        axes.set(xlabel="confidence", ylabel="called right", ylim=(-0.02, 1.02))
        axes.set_xlim(left=min(min(confidence) for confidence, _ in curves.values()) - 0.02, right=1.02)
        axes.xaxis.set_major_formatter(PERCENT)
        axes.yaxis.set_major_formatter(PERCENT)

    told = (
        f"{name}: " + ", ".join(f"{c:.0%} sure, {a:.0%} right" for c, a in zip(*curve, strict=True))
        for name, curve in curves.items()
    )
    return Panel(
        "Calibration",
        "Among images that a classifier called with, say, 80% confidence, 80% should be right: the dotted line. Below "
        "the line it is too sure of itself, above it too careful.",
        f"Line chart of confidence against accuracy. {'; '.join(told)}.",
        draw,
    )


def validation_panel(curves: Mapping[str, Sequence[tuple[int, float]]]) -> Panel:
    """Return the chart of how classifiers learnt.

    Args:
        curves: By arm, (step, AUC on the validation split).
    """

    def draw(axes: Axes, theme: Theme) -> None:
        for place, (name, points) in enumerate(curves.items()):
            axes.plot(*zip(*points, strict=True), label=name, **_line(theme, place))
        axes.set(xlabel="training steps", ylabel="AUC on validation images")
        axes.margins(x=0.01)

    told = "; ".join(f"{name} from {points[0][1]:.3f} to {points[-1][1]:.3f}" for name, points in curves.items())
    return Panel(
        "Learning curves of the classifiers",
        "A curve that is flat at its end shows that the classifiers had time enough; one that still rises makes the "
        "study inconclusive.",
        f"Line chart of validation AUC over training steps: {told}.",
        draw,
    )


def histogram_panel(counts: Mapping[str, Sequence[int]]) -> Panel:
    """Return the chart of how often each intensity occurs.

    Args:
        counts: By class, samples in bins of equal width over 0 to 255.
    """
    shares = {name: np.asarray(bins) / max(sum(bins), 1) for name, bins in counts.items()}

    def draw(axes: Axes, theme: Theme) -> None:
        for place, (name, share) in enumerate(shares.items()):
            look = _line(theme, place)
            edges = np.linspace(0, 256, len(share) + 1)
            axes.stairs(share, edges, fill=len(shares) == 1, label=name if len(shares) > 1 else None, **look)
        axes.set(xlabel="intensity, from black (0) to white (255)", ylabel="share of pixels", xlim=(0, 256))
        axes.yaxis.set_major_formatter(PercentFormatter(1))

    told = "; ".join(f"{name}: {share[0]:.0%} darkest, {share[-1]:.0%} brightest" for name, share in shares.items())
    return Panel(
        "Intensities",
        "How often each brightness occurs. A high bar at either end means much plain black or plain white. Classes "
        "that differ here can be told apart by brightness alone, which may come from the machine, not the disease.",
        f"Histogram of pixel intensities. Share of the darkest and the brightest step: {told}.",
        draw,
    )


def _line(theme: Theme, place: int) -> dict[str, Any]:
    """Return colour and style of the line at a place; both tell lines apart."""
    color, style = theme.lines[place % len(theme.lines)], STYLES[place % len(STYLES)]
    return {"color": color, "linestyle": style, "linewidth": 1.6}


def _named(history: History, names: Mapping[str, str]) -> dict[str, Series]:
    return {shown: history.series[name] for name, shown in names.items() if name in history.series}


def _curves(
    history: History,
    title: str,
    about: str,
    lines: Lines,
    *,
    unit: str,
    level: float | None = None,
    share: bool = False,
) -> Panel | None:
    """Return a chart of lines over the images shown, events marked; None if there is no line."""
    if not lines:
        return None

    def draw(axes: Axes, theme: Theme) -> None:
        _mark_events(axes, theme, history)
        if level is not None:
            axes.axhline(level, color=theme.accent, linewidth=1, linestyle=":")
        for place, (name, series) in enumerate(lines.items()):
            marker = "o" if len(series.kimg) == 1 else None
            label = name if len(lines) > 1 else None
            axes.plot(series.kimg, series.values, marker=marker, label=label, **_line(theme, place))
        axes.set(xlabel="thousand real images shown", ylabel=unit)
        axes.set_xlim(0, history.kimg * 1.02)
        axes.set_ylim(*((-0.02, 1.08) if share else (min(0.0, axes.get_ylim()[0]), axes.get_ylim()[1] * 1.08)))
        if share:
            axes.yaxis.set_major_formatter(PERCENT)

    told = "; ".join(f"{name} from {series.first:.3g} to {series.last:.3g}" for name, series in lines.items())
    return Panel(title, about, f"Line chart over {history.kimg:.3g} thousand images: {told}.", draw)


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
