"""What ``synthetyk experiments run`` says when it is done: one table, and what each setting changes."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from synthetyk.cli.display import console, say
from synthetyk.evaluation.experiments.report import Effect, ExperimentResult, ExperimentsReport
from synthetyk.pipeline.experiments.folder import ExperimentsFolder
from synthetyk.report.experiment_charts import effect_name, row_name
from synthetyk.report.experiments import TITLES, shown_scores
from synthetyk.report.words import score, signed, spread


def show_experiments(report: ExperimentsReport, folder: ExperimentsFolder) -> None:
    """Print the table of experiments, what each setting changes, which is best, and where to look."""
    console.print()
    if report.tried:
        console.print(_scores(report.tried))
    for name in dict.fromkeys(effect.score for effect in report.effects):
        console.print(_effects([effect for effect in report.effects if effect.score == name], name))
    if report.best:
        best = report.experiment(report.best)
        say(f"Best by validation: {best.name}, model {folder.path / best.folder / best.weights}", style="bold")
        if best.precision:
            say(best.precision)
    for note in report.notes:
        say(note, style="dim")
    say(f"Look at:            {folder.page}")


def _scores(results: Sequence[ExperimentResult]) -> Table:
    """Return the table of scores, one line for each, which fits the narrowest terminal."""
    table = Table(title="Scores: means over the seeds", title_justify="left", title_style="")
    table.add_column("experiment", overflow="fold")
    table.add_column("seeds", justify="right")
    table.add_column("score", no_wrap=True)
    table.add_column("validation", justify="right", no_wrap=True)
    table.add_column("test, 95% interval", justify="right", no_wrap=True)
    for one in results:
        about = [(escape(row_name(one.name, results)), str(len(one.seeds)))]
        for name in shown_scores(results):
            test = one.test[name]
            told = f"{score(test.mean)}, {spread(test.low, test.high)}"
            table.add_row(*(about.pop() if about else ("", "")), TITLES[name], score(one.val[name].mean), told)
        table.add_section()
    return table


def _effects(effects: Sequence[Effect], name: str) -> Table:
    title = f"What each setting changes in test {TITLES[name]}, everything else being equal"
    table = Table(title=title, title_justify="left", title_style="")
    table.add_column("setting", overflow="fold")
    table.add_column("change, 95% interval", justify="right", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    for one in effects:
        found = one.difference
        change = f"{signed(found.mean)}, {signed(found.low)} to {signed(found.high)}"
        table.add_row(escape(effect_name(one)), change, one.outcome)
    return table
