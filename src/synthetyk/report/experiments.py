"""``experiments.html`` and ``experiments.png``: experiments in one table, and what each of their settings changes."""

from collections.abc import Iterator, Sequence

import synthetyk
from synthetyk.evaluation.experiments.report import Averaged, Effect, ExperimentResult, ExperimentsReport, Precision
from synthetyk.report.charts import panels_png
from synthetyk.report.experiment_charts import effect_name, panels_of
from synthetyk.report.parts import Answer, Cell, Gallery, Part, Points, Section, Table, Tables, Text, Tone
from synthetyk.report.pictures import chart
from synthetyk.report.report import environment
from synthetyk.report.words import NONE, count, duration, percent, score, signed, spread

TITLES = {
    "auc": "AUC",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "f1": "F1",
    "precision": "Precision",
    "recall": "Recall",
    "specificity": "Specificity",
    "loss": "Loss",
    "sensitivity": "Sensitivity",
}
TONES: dict[str, Tone] = {"higher": "good", "lower": "bad"}


def experiments_figure(report: ExperimentsReport) -> bytes:
    """Return the charts as one PNG."""
    return panels_png(panels_of(report), columns=1)


def render_experiments(report: ExperimentsReport, title: str) -> str:
    """Return the page as HTML; it needs no other file, no network and no script.

    Args:
        report: What was found.
        title: What the experiments are called together.
    """
    number = len(report.experiments)
    every = "1 experiment" if number == 1 else f"{count(number)} experiments"
    failed = f", {len(report.failed)} of them not whole" if report.failed else ""
    return (
        environment()
        .get_template("page.html")
        .render(
            title=title,
            subtitle=every + failed,
            answers=(*_failures(report), _best(report), _changes(report)),
            sections=tuple(_sections(report)),
            footer=f"Made by Synthetyk {synthetyk.__version__}. A classifier's figures hold for images like these; "
            "do not diagnose with it.",
        )
    )


def shown_scores(results: Sequence[ExperimentResult]) -> list[str]:
    """Return the scores that tables show: AUC, whatever the experiments ask for, and the loss."""
    asked = [name for one in results for name in one.settings["metrics"]]
    return list(dict.fromkeys(["auc", *asked, "loss"]))


def changed(effects: Sequence[Effect]) -> list[str]:
    """Say what each key changes in test AUC, a sentence for each."""
    return [
        f"{effect_name(one)} moves the test AUC by {signed(one.difference.mean)} (95% interval "
        f"{signed(one.difference.low)} to {signed(one.difference.high)}; {one.outcome})."
        for one in effects
        if one.score == "auc"
    ]


def _best(report: ExperimentsReport) -> Answer:
    if report.best is None and report.tried:
        why = "Not all experiments were validated on the same images, so none of them is chosen."
        return Answer("verdict", "Which is best?", "cannot be told", why, "unsure", ())
    if report.best is None:
        return Answer("verdict", "Which is best?", "none", "No experiment has a classifier.", "bad", ())
    one = report.experiment(report.best)
    auc = one.test["auc"]
    where = f"Its model is {one.weights} in {one.folder}."
    if len(report.tried) == 1:
        sentence = f"Its AUC on test images is {score(auc.mean)} (95% interval {spread(auc.low, auc.high)})."
        return Answer("verdict", "How good is it?", one.name, sentence, "plain", (where,))
    sentence = (
        f"{one.name} has the highest AUC on validation images ({score(one.val['auc'].mean)}), by which it was chosen; "
        f"on test images its AUC is {score(auc.mean)} (95% interval {spread(auc.low, auc.high)})."
    )
    return Answer("verdict", "Which is best?", one.name, sentence, "plain", (where,))


def _changes(report: ExperimentsReport) -> Answer:
    found = [effect for effect in report.effects if effect.score == "auc"]
    question = "What does each setting change?"
    if not found:
        why = "No two experiments differ in one setting alone. A list of values in a file is a grid."
        return Answer("changes", question, "not asked", why, "unsure", ())
    shown = [one for one in found if one.outcome != "no difference shown"]
    word = ", ".join(f"{one.key} {one.value}: {one.outcome}" for one in shown) or "no difference shown"
    sentence, *others = changed(found)
    return Answer("changes", question, word, sentence, "plain", tuple(others))


def _failures(report: ExperimentsReport) -> Iterator[Answer]:
    if report.failed:
        points = tuple(f"{name}: {why}" for name, why in failures(report))
        sentence = f"{len(report.failed)} of {len(report.experiments)} experiments did not end as they should."
        yield Answer("failed", "What went wrong?", "not all was trained", sentence, "bad", points)


def failures(report: ExperimentsReport) -> list[tuple[str, str]]:
    """Return what went wrong and in which experiments, each reason once for an experiment."""
    found = []
    for one in report.failed:
        for why in dict.fromkeys(one.failures.values()):
            seeds = [str(number) for number, reason in one.failures.items() if reason == why]
            every = len(seeds) == len(one.failures) and not one.seeds
            found.append((one.name if every else f"{one.name}, seed {', '.join(seeds)}", why))
        if one.compression_failure:
            found.append((f"{one.name}, compression", one.compression_failure))
    return found


def _sections(report: ExperimentsReport) -> Iterator[Section]:
    tried = report.tried
    if not tried:
        return
    charts = Gallery(tuple(chart(panel) for panel in panels_of(report)))
    yield Section("experiments", "Every experiment", (charts, _table(tried, "test"), _table(tried, "val")))
    if any(one.precisions for one in tried):
        yield Section("precision", "Fewer bits, fewer weights", tuple(_precisions(tried)))
    if report.effects:
        yield Section("effects", "What each setting changes", (_effects(report),))
    yield Section("classes", "Class by class", tuple(_classes(tried)))
    yield Section("making", "How they were trained", (_making(tried), Points(report.notes)))


def _table(results: Sequence[ExperimentResult], split: str) -> Table:
    names = shown_scores(results)
    header = (Cell("Experiment"), *(Cell(TITLES[name]) for name in names))
    rows = tuple((Cell(one.name), *(_cell(getattr(one, split)[name]) for name in names)) for one in results)
    what = {"test": "test images", "val": "validation images, by which experiments are chosen"}[split]
    return Table(f"Scores on {what}", header, rows, "Mean over the seeds, and its 95% interval.")


def _cell(found: Averaged) -> Cell:
    return Cell(score(found.mean), (spread(found.low, found.high),))


def _effects(report: ExperimentsReport) -> Table:
    header = tuple(
        Cell(name)
        for name in ("Setting", "Score", "Change", "95% interval", "p, corrected", "Smallest effect", "Outcome")
    )
    rows = tuple(
        (
            Cell(
                effect_name(one), tuple(f"{p.first} against {p.second}: {signed(p.difference.mean)}" for p in one.pairs)
            ),
            Cell(TITLES[one.score]),
            Cell(signed(one.difference.mean)),
            Cell(f"{signed(one.difference.low)} to {signed(one.difference.high)}"),
            Cell(score(one.p_corrected)),
            Cell(score(one.smallest_effect)),
            Cell(one.outcome, tone=TONES.get(one.outcome, "plain")),
        )
        for one in report.effects
    )
    about = (
        "Mean over all pairs of experiments that differ in this alone, paired by test group and seed. p: how often "
        "chance alone would show so large a change, corrected for the number of settings after Holm. Smallest effect: "
        "the true change that four of five such comparisons would have seen. Precision: the models that were kept "
        "beside themselves, where the interval decides."
    )
    return Table("Changes on test images", header, rows, about)


def _precisions(results: Sequence[ExperimentResult]) -> Iterator[Part]:
    """Yield every form of every model that was kept, and whether fewer bits hurt it."""
    names = ("Model", "MB", "MB packed", "Times faster", "AUC on test images", "Change", "Agrees", "In words")
    for one in (one for one in results if one.precisions):
        rows = tuple(_form(form) for form in one.precisions)
        about = f"Of seed {one.chosen}; times faster are by batch, in turns with the original on one thread."
        yield Table(one.name, tuple(map(Cell, names)), rows, about)
        yield Text(one.precision)


def _form(form: Precision) -> tuple[Cell, ...]:
    change = form.difference
    return (
        Cell(form.name, (form.about, *(["the one to use"] if form.picked else []))),
        Cell(f"{form.megabytes:.2f}"),
        Cell(f"{form.gzip_megabytes:.2f}"),
        Cell(", ".join(f"{speedup:.1f} ({batch})" for batch, speedup in form.speedups.items())),
        _cell(form.auc) if form.auc else Cell(NONE),
        Cell(signed(change.mean), (f"{signed(change.low)} to {signed(change.high)}",)) if change else Cell(NONE),
        Cell(percent(form.agreement)),
        Cell(form.benefit),
    )


def _classes(results: Sequence[ExperimentResult]) -> Iterator[Part]:
    yield Text("Each class against the rest, on test images.")
    for one in results:
        names = ("sensitivity", "specificity", "precision", "auc")
        header = (Cell("Class"), Cell("Images"), *(Cell(TITLES[name]) for name in names))
        rows = tuple(
            (Cell(each.name), Cell(count(each.images)), *(_cell(each.scores[name]) for name in names))
            for each in one.classes
        )
        yield Tables((Table(one.name, header, rows), _confusion(one)))


def _confusion(one: ExperimentResult) -> Table:
    header = (Cell("True class"), *(Cell(f"called {name}") for name in one.class_names))
    rows = []
    for name, row in zip(one.class_names, one.confusion, strict=True):
        shares = [number / max(sum(row), 1) for number in row]
        cells = (Cell(percent(s), (count(n),), shade=0.55 * s) for s, n in zip(shares, row, strict=True))
        rows.append((Cell(name), *cells))
    about = f"Test images over {len(one.seeds)} seeds, as shares of the true class and as counts."
    return Table(f"Confusion matrix of {one.name}", header, tuple(rows), about)


def _making(results: Sequence[ExperimentResult]) -> Table:
    header = tuple(
        Cell(name) for name in ("Experiment", "Training images", "Parameters", "Steps", "Kept at", "Time each")
    )
    rows = tuple(
        (
            Cell(one.name, (f"model: {one.folder}/{one.weights}",)),
            Cell(count(sum(one.train_counts)), _synthetic(one)),
            Cell(count(one.parameters)),
            Cell(", ".join(map(count, one.steps))),
            Cell(", ".join(map(count, one.kept_steps)), (f"seed {one.chosen} is kept",)),
            Cell(duration(sum(one.seconds) / len(one.seconds))),
        )
        for one in results
    )
    return Table("Trainings", header, rows, "Steps by seed; the weights kept are those of the look that was chosen.")


def _synthetic(one: ExperimentResult) -> tuple[str, ...]:
    return (f"and {count(sum(one.synthetic_counts))} synthetic",) if one.synthetic_counts else ()
