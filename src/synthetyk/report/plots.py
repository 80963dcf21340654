"""What the charts show: a training's curves, a classifier's calibration, the intensities of a data set."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from synthetyk.core.artifacts import write_bytes
from synthetyk.metrics.neighbours import VOID_BELOW
from synthetyk.report.charts import Panel, Theme, panels_png
from synthetyk.report.curves import PERCENT, curves, line_look
from synthetyk.report.history import History, Series, read_history
from synthetyk.training.selection import MemoryConfig

# More classes than these would be a thicket; then the least and the most diverse class are shown.
MOST_LINES = 5
MUCH_LARGER = 4  # than the median distance: would leave the rest of a chart flat
RATIO = (
    "How far generated images lie from their nearest training image, {where}, as a part of how far real images of "
    "other patients do: about 1 is right, near 0 are copies."
)


def training_curves(metrics: Path, output: Path) -> None:
    """Draw every chart of a training into one PNG.

    Args:
        metrics: The training's ``metrics.jsonl``, in the training's folder.
        output: The PNG, written atomically.
    """
    history = read_history(metrics)
    write_bytes(output, panels_png([*candidate_panels(history), *training_panels(history)]))


def candidate_panels(history: History) -> list[Panel]:
    """Return the charts of what was measured on the generators that could be kept."""
    panels = [_validation_distance(history), _validation_auc(history)]
    panels += [_features_ratio(history), _pixels_ratio(history), _copies(history)]
    return [panel for panel in panels if panel]


def training_panels(history: History) -> list[Panel]:
    """Return the charts of a training: losses, accuracies, diversity, and every distance that was measured."""
    panels = [_losses(history), _accuracies(history)]
    panels += [_diversity(history, space) for space in ("pixels", "features")]
    panels += [_distance(history, name) for name in history.series if "[" in name or name in ("FID", "KID")]
    return [panel for panel in panels if panel]


def _validation_distance(history: History) -> Panel | None:
    lines = history.by_weights("val_kd")
    usual = np.median([value for series in lines.values() for value in series.values if value > 0] or [np.inf])
    return curves(
        history,
        "Distance to validation images",
        "How far generated images are from real ones that the generator never met (kernel distance, class by class): "
        "lower is better. The band is one standard error to either side. What is much larger than usual, mostly at the "
        "beginning, lies above the chart.",
        lines,
        unit="kernel distance",
        top=MUCH_LARGER * float(usual),
    )


def _validation_auc(history: History) -> Panel | None:
    return curves(
        history,
        "Use to a classifier",
        "How well a small classifier tells real validation images apart that was trained on generated images alone: 1 "
        "is perfect, 0.5 is guessing. The band is one standard error to either side.",
        history.by_weights("val_auc"),
        unit="AUC on validation images",
        bottom=1.0,
        top=1.005,
    )


def _features_ratio(history: History) -> Panel | None:
    return curves(
        history,
        "Nearest-neighbour ratio in features",
        f"{RATIO.format(where='in what a network sees')} Below {VOID_BELOW} (dotted) a low distance may come from "
        "copying, and candidates above it are preferred.",
        history.by_weights("nn_ratio_features"),
        unit="generated over real",
        level=VOID_BELOW,
    )


def _pixels_ratio(history: History) -> Panel | None:
    level = MemoryConfig().nearness
    return curves(
        history,
        "Nearest-neighbour ratio in pixels",
        f"{RATIO.format(where='pixel by pixel')} New images that are only smoother than real ones come down to about "
        f"{level} (dotted); copies lie below.",
        history.by_weights("nn_ratio_pixels"),
        unit="generated over real",
        level=level,
    )


def _copies(history: History) -> Panel | None:
    """Return the chart of copies, if there were any."""
    lines = {
        ", ".join(filter(None, (kind, weights))): series
        for kind in ("exact", "near")
        for weights, series in history.by_weights(f"{kind}_copies").items()
    }
    return curves(
        history,
        "Copies of training images",
        "How many of the generated images looked at are a training image again (exact), or one with changes so small "
        "that no two patients are so alike (near). It should be none.",
        lines if any(value > 0 for series in lines.values() for value in series.values) else {},
        unit="generated images",
    )


def _losses(history: History) -> Panel | None:
    return curves(
        history,
        "Losses",
        "What each network is taught to make small. In a healthy duel both keep moving and neither runs away.",
        _named(history, {"d_loss": "discriminator", "g_loss": "generator"}),
        unit="loss",
    )


def _accuracies(history: History) -> Panel | None:
    return curves(
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
    return curves(
        history,
        f"Diversity in {space}",
        f"How much generated images differ from each other in {space}, as a part of how much real ones do. Near 1 is "
        "good; a fall toward 0 is mode collapse: the same image again and again.",
        lines,
        unit="of real diversity",
        level=1.0,
    )


def _distance(history: History, name: str) -> Panel | None:
    return curves(
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
            axes.plot(confidence, accuracy, marker="o", markersize=3.5, label=name, **line_look(theme, place))
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
            axes.plot(*zip(*points, strict=True), label=name, **line_look(theme, place))
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
            look = line_look(theme, place)
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


def _named(history: History, names: Mapping[str, str]) -> dict[str, Series]:
    return {shown: history.series[name] for name, shown in names.items() if name in history.series}
