"""How charts are drawn: small matplotlib figures in a light and a dark dress, safe for colour-blind readers."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

# Inches. On a phone of 360 px a chart of this width shows its 9-point letters at about 10 px.
PANEL_SIZE = (4.6, 2.9)
DPI = 160
STYLES = ("-", (0, (5, 1.5)), (0, (5, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)), (0, (5, 1, 1, 1, 1, 1)))


@dataclass(frozen=True)
class Theme:
    """The colours of a chart.

    Attributes:
        paper: Background.
        ink: Letters.
        grid: Grid and frame.
        accent: Marks of events and limits.
        lines: One colour per line, after Okabe and Ito, "Color universal design", 2008.
    """

    paper: str
    ink: str
    grid: str
    accent: str
    lines: tuple[str, ...]


LIGHT = Theme(
    paper="#ffffff",
    ink="#1f2933",
    grid="#dde2e7",
    accent="#5d6976",
    lines=("#0072b2", "#d55e00", "#009e73", "#b5578f", "#b87700", "#4d4d4d"),
)
DARK = Theme(
    paper="#1a2029",
    ink="#e6e9ee",
    grid="#353d49",
    accent="#9aa5b1",
    lines=("#56b4e9", "#ff8c42", "#2cc99c", "#e39bc4", "#f0c05a", "#c8ccd2"),
)


@dataclass(frozen=True)
class Panel:
    """One chart.

    Attributes:
        title: What it shows, in a few words.
        about: How to read it, in a sentence or two.
        alt: What it shows, for those who cannot see it.
        draw: Draws it.
        size: Width and height in inches.
    """

    title: str
    about: str
    alt: str
    draw: Callable[[Axes, Theme], None]
    size: tuple[float, float] = PANEL_SIZE


def panel_png(panel: Panel, theme: Theme) -> bytes:
    """Return a chart as PNG, without its title and text, which stand beside it in the page."""
    figure = Figure(figsize=panel.size, dpi=DPI, facecolor=theme.paper, layout="constrained")
    _dress(panel, figure.add_subplot(), theme)
    return _png(figure)


def panels_png(panels: Sequence[Panel], theme: Theme = LIGHT, columns: int = 2) -> bytes:
    """Return several charts with their titles as one PNG."""
    rows = [panels[start : start + columns] for start in range(0, len(panels), columns)] or [[]]
    heights = [max((panel.size[1] for panel in row), default=PANEL_SIZE[1]) + 0.3 for row in rows]
    width = max((panel.size[0] for panel in panels), default=PANEL_SIZE[0])
    figure = Figure(figsize=(width * columns, sum(heights)), dpi=DPI, facecolor=theme.paper, layout="constrained")
    grid = figure.add_gridspec(len(rows), columns, height_ratios=heights)
    for place, panel in enumerate(panels):
        axes = figure.add_subplot(grid[place // columns, place % columns])
        _dress(panel, axes, theme)
        axes.set_title(panel.title, color=theme.ink, fontsize=10, loc="left")
    return _png(figure)


def _dress(panel: Panel, axes: Axes, theme: Theme) -> None:
    axes.set_facecolor(theme.paper)
    axes.grid(color=theme.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=theme.ink, labelsize=9, length=0)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(theme.grid)
    panel.draw(axes, theme)
    axes.xaxis.label.set(color=theme.ink, fontsize=9)
    axes.yaxis.label.set(color=theme.ink, fontsize=9)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(fontsize=8.5, labelcolor=theme.ink, facecolor=theme.paper, edgecolor=theme.grid, framealpha=0.85)


def _png(figure: Figure) -> bytes:
    """Return a figure as PNG of 64 colours, a third of the size of one of all colours."""
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(64).save(small, format="PNG", optimize=True)
    return small.getvalue()
