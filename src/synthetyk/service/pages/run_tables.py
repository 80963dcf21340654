"""What a run or experiments found, as answers and tables."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from synthetyk.report.parts import Cell, Table
from synthetyk.report.words import NONE, count, number, score, signed, spread
from synthetyk.service.pages.run_files import (
    Compression,
    Effect,
    Experiment,
    Experiments,
    Privacy,
    Row,
    SmallerClassifiers,
    SmallerGenerators,
    Spread,
    Study,
    read,
)

SCORES = {
    "auc": "AUC",
    "sensitivity": "Sensitivity",
    "recall": "Recall",
    "specificity": "Specificity",
    "precision": "Precision",
    "accuracy": "Accuracy",
}
HELPS = {
    "helps": ("Yes, they help", "good"),
    "hurts": ("No, they hurt", "bad"),
    "no difference shown": ("No difference shown", ""),
    "inconclusive": ("Inconclusive", "warn"),
}
SHARES = {
    "copies": ("No: they hold copies of training images", "bad"),
    "signs": ("Not yet: there are signs of memorisation", "warn"),
    "no sign": ("No sign of memorisation was found", "good"),
}
PRECISION = {
    "no loss": ("No", "good"),
    "loss": ("Yes", "bad"),
    "not decided": ("Not decided", "warn"),
    "not known": ("Not known", ""),
}


@dataclass(frozen=True)
class Verdict:
    """A question and its answer.

    Attributes:
        question: What the reader wants to know.
        word: The answer in a word or two.
        sentence: The answer in full.
        tone: Class of its box, never the only bearer of a meaning.
    """

    question: str
    word: str
    sentence: str
    tone: str


def help_verdict(folder: Path) -> Verdict | None:
    """Return whether synthetic images help, None if a run has no study, or none yet."""
    study = read(Study, folder / "study" / "study.json")
    if study is None:
        return None
    word, tone = HELPS.get(study.verdict.outcome, (study.verdict.outcome, ""))
    return Verdict("Do synthetic images make the classifier better?", word, study.verdict.sentence, tone)


def verdicts(folder: Path) -> tuple[Verdict, ...]:
    """Return the answers that a run has so far."""
    helps, privacy = help_verdict(folder), read(Privacy, folder / "privacy.json")
    compression = read(Compression, folder / "compression.json")
    found = [helps] if helps else []
    if privacy:
        word, tone = SHARES.get(privacy.verdict, (privacy.verdict, ""))
        found.append(Verdict("May I share the synthetic images?", word, privacy.sentence, tone))
    if compression and compression.classifier:
        told = compression.classifier.precision
        word, tone = PRECISION.get(told.outcome, (told.outcome, ""))
        found.append(Verdict("Do fewer bits hurt the classifier?", word, told.sentence, tone))
    return tuple(found)


def run_tables(folder: Path) -> tuple[Table, ...]:
    """Return the tables that a run has so far."""
    study, compression = read(Study, folder / "study" / "study.json"), read(Compression, folder / "compression.json")
    tables = [_arms(study)] if study else []
    if compression and compression.classifier:
        tables.append(_classifiers(compression.classifier))
    if compression and compression.generator:
        tables.append(_generators(compression.generator))
    return tuple(tables)


def _arms(study: Study) -> Table:
    shown = [name for name in SCORES if any(name in arm.scores for arm in study.arms)]
    rows = tuple((Cell(arm.name), *_spreads(arm.scores, shown)) for arm in study.arms)
    header = (Cell("Arm"), *(Cell(SCORES[name]) for name in shown))
    return Table("The study: scores on the test images", header, rows, "Mean over classifiers, 95% interval.")


def _spreads(scores: Mapping[str, Spread], names: Iterable[str]) -> Iterator[Cell]:
    for name in names:
        found = scores.get(name)
        yield Cell(score(found.mean), (spread(found.low, found.high),)) if found else Cell(NONE)


def _classifiers(part: SmallerClassifiers) -> Table:
    header = ("Form", "Size", "Test AUC", "Against the original", *_batches(part.rows), "What is gained")
    rows = tuple(_classifier(row, picked=row.name == part.pick) for row in part.rows)
    about = f"To use: {part.pick}, {part.rule}."
    return Table("Smaller classifiers", tuple(map(Cell, header)), rows, about)


def _classifier(row: Row, *, picked: bool) -> tuple[Cell, ...]:
    test = row.test
    auc = Cell(score(test.auc.value), (spread(test.auc.low, test.auc.high),)) if test else Cell(NONE)
    change = test.auc_difference if test else None
    against = Cell(signed(change.value), (f"{signed(change.low)} to {signed(change.high)}",)) if change else Cell(NONE)
    name = Cell(row.name, (row.about, *(("to use",) if picked else ())), code=True)
    return (name, _size(row), auc, against, *_latencies(row), Cell(row.benefit))


def _generators(part: SmallerGenerators) -> Table:
    header = ("Form", "Size", part.distance, *_batches(part.rows), "What is gained")
    return Table("Smaller generators", tuple(map(Cell, header)), tuple(map(_generator, part.rows)))


def _generator(row: Row) -> tuple[Cell, ...]:
    name, distance = Cell(row.name, (row.about,), code=True), Cell(number(row.distance))
    return (name, _size(row), distance, *_latencies(row), Cell(row.benefit))


def _size(row: Row) -> Cell:
    return Cell(f"{number(row.megabytes)} MB")


def _batches(rows: Iterable[Row]) -> tuple[str, ...]:
    first = next(iter(rows), None)
    return tuple(f"{each.batch} at a time" for each in first.latencies) if first else ()


def _latencies(row: Row) -> tuple[Cell, ...]:
    return tuple(
        Cell(f"{number(each.milliseconds)} ms", (f"{each.speedup:.2f} times as fast",)) for each in row.latencies
    )


def experiment_tables(found: Experiments) -> tuple[Table, ...]:
    """Return the tables of experiments."""
    names = [name for name in SCORES if any(name in each.test for each in found.experiments)]
    header = ("Experiment", *(SCORES[name] for name in names), "Parameters", "Fewer bits")
    rows = tuple(_experiment(each, names, best=each.name == found.best) for each in found.experiments)
    compared = Table(
        "Experiments: scores on the test images", tuple(map(Cell, header)), rows, "Mean over seeds, 95% interval."
    )
    return (compared, _effects(found.effects)) if found.effects else (compared,)


def _experiment(each: Experiment, names: Iterable[str], *, best: bool) -> tuple[Cell, ...]:
    notes = (f"{len(each.seeds)} seed{'s' * (len(each.seeds) != 1)}", *(("best on validation images",) if best else ()))
    failed = tuple(f"seed {seed} failed: {why}" for seed, why in each.failures.items())
    last = (Cell(count(each.parameters)), Cell(each.precision or NONE))
    return (Cell(each.name, (*notes, *failed)), *_spreads(each.test, names), *last)


def _effects(effects: Iterable[Effect]) -> Table:
    header = ("Setting", "Instead of", "Score", "Difference", "Outcome")
    rows = tuple(
        (
            Cell(f"{each.key} = {each.value}"),
            Cell(each.baseline),
            Cell(SCORES.get(each.score, each.score)),
            Cell(signed(each.difference.mean), (f"{signed(each.difference.low)} to {signed(each.difference.high)}",)),
            Cell(each.outcome),
        )
        for each in effects
    )
    return Table("What each setting changes, all else equal", tuple(map(Cell, header)), rows)
