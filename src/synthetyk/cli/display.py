"""What people see in a terminal: one line per stage, with the time left while it runs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from synthetyk.core.progress import Progress
from synthetyk.core.words import printable
from synthetyk.pipeline.stage import Outcome, Stage

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)
LOG_EVERY = 15.0  # seconds between progress lines where there is no terminal to redraw


class ConsoleDisplay:
    """Shows the stages of a run.

    Args:
        headline: Prints what a stage found, once it has ended.

    Attributes:
        current: The stage that runs, or that ran last.
    """

    def __init__(self, headline: Callable[[Stage], None] = lambda _stage: None) -> None:
        self.headline = headline
        self.current: Stage | None = None

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[Progress]:
        """Show progress while a stage runs."""
        self.current = stage
        with progress_of(stage.name) as progress:
            yield progress

    def ended(self, outcome: Outcome) -> None:
        """Print how it ended."""
        record, name = outcome.record, outcome.stage.name
        if outcome.skipped:
            say(f"{name:<12} done before, nothing has changed", style="dim")
        elif record.status == "not applicable":
            say(f"{name:<12} left out: {record.reason}", style="yellow")
        else:
            say(f"{name:<12} {duration(record.seconds)}")
            self.headline(outcome.stage)


@contextmanager
def progress_of(name: str) -> Iterator[Progress]:
    """Show a bar while something runs; without a terminal, a plain line now and then."""
    if not console.is_terminal:
        yield _Lines(name)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<12}"),
        BarColumn(30),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[message]}", markup=False),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(name, total=None, message="")
        yield lambda done, total, message="": bar.update(task, completed=done, total=total, message=message)


class _Lines:
    """Prints progress as lines, at most one in `LOG_EVERY` seconds."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.started = self.printed = time.monotonic()
        self.first: float | None = None  # what was done before this process began

    def __call__(self, done: float, total: float, message: str = "") -> None:
        now = time.monotonic()
        self.first = done if self.first is None else self.first
        if now - self.printed < LOG_EVERY or not self.first < done < total:
            return
        self.printed = now
        left = (now - self.started) * (total - done) / (done - self.first)
        say(f"  {self.name}: {done / total:.0%}, about {duration(left)} left. {message}", style="dim")


def say(text: str, style: str = "") -> None:
    """Print a line as it stands: brackets in names of files are no markup, and not every name is Unicode."""
    console.print(Text(printable(text), style=style), soft_wrap=True)


def duration(seconds: float) -> str:
    """Write seconds the way people say them, for example ``2 min 5 s``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
