"""Smaller forms of classifier and generator, each beside the original."""

from collections.abc import Iterable

from synthetyk.compression.report import (
    ClassifierPart,
    ClassifierRow,
    Figure,
    GeneratorPart,
    LeftOut,
    ModelFile,
    TestScores,
    ViewsScores,
)
from synthetyk.compression.speed import Latency
from synthetyk.report.inputs import ReportInputs
from synthetyk.report.parts import Cell, Part, Points, Section, Table, Terms, Text
from synthetyk.report.words import NONE, number, percent, score, signed, spread

TITLE = "How small can the models be?"
WORTH = ("Form", "AUC", "Against the original", "Accuracy", "Calibration error", "Agreement", "Validation AUC", "Gain")
AGAINST_VIEWS = "Against all looks of the classifier"
SIZES = ("Form", "Size", "Packed", "Memory", "One image", "32 images")
ABOUT_WORTH = (
    "On the test images, with 95% intervals from a bootstrap over their groups; differences are paired by group. "
    "Agreement is the share of the test images that are called as the original calls them."
)
ABOUT_COST = (
    "Time is the median of the one thread that computes, with quartiles; the factor is the original's time over this "
    "one's, measured in turns in the same process. Memory is what the model takes beside ONNX Runtime itself, for a "
    "batch of 32."
)
TERMS = (
    ("fp16, bf16", "weights stored in 16 bits. ONNX Runtime's CPU widens them once and computes in 32: half the file"),
    ("int8", "weights and activations in 8 bits, the ranges of activations taken from training images"),
    ("magnitude", "the smallest weights set to 0. The file packs smaller; nothing gets faster"),
    ("channels", "whole channels taken out and the rest trained on: smaller tensors, less to compute"),
    ("distilled, narrow", "an EdgeNet trained to say what the original says; the narrow one with half the channels"),
)


def compression(inputs: ReportInputs) -> Section:
    """Return what every smaller form costs and is worth."""
    found = inputs.compression
    if not found:
        return Section("compression", TITLE, (Text(inputs.absent("A smaller model", "compress"), "unsure"),))
    parts: list[Part] = []
    if found.classifier:
        parts += _of_classifier(found.classifier)
    else:
        parts.append(Text("There is no classifier to make smaller: the run has no study."))
    if found.generator:
        parts += _of_generator(found.generator)
    where = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    parts += [Terms("What the forms are", TERMS), Text(f"Written and run with {where}.")]
    return Section("compression", TITLE, tuple(parts))


def _of_classifier(part: ClassifierPart) -> list[Part]:
    picked, views = part.picked, part.views
    pick = f"To use: {picked.file} ({number(picked.megabytes)} MB), {part.rule}."
    return [
        Text(pick, "plain" if picked == part.original else "good"),
        *([Text(_looks(part, views), "unsure")] if views else []),
        _table(
            "The classifier: what each form is worth",
            (*WORTH, AGAINST_VIEWS) if views else WORTH,
            (_worth(row, part) for row in part.rows),
            ABOUT_WORTH,
        ),
        _table("The classifier: size and speed", SIZES, map(_cost, part.rows), ABOUT_COST),
        Points((*part.notes, *_left_out(part.left_out))),
    ]


def _of_generator(part: GeneratorPart) -> list[Part]:
    header = ("Form", part.distance, "Pixels differ by", "Gain")
    rows = (
        (_name(row), Cell(number(row.distance)), Cell(number(row.difference)), Cell(row.benefit)) for row in part.rows
    )
    about = (
        f"{part.distance} of {part.images:,} images of each form to as many training images; pixels are compared with "
        "the original's in the same images, of 255 grey values."
    )
    parts: list[Part] = [
        _table("The generator: what each form is worth", header, rows, about),
        _table("The generator: size and speed", SIZES, map(_cost, part.rows), ABOUT_COST),
    ]
    return [*parts, *([Points(_left_out(part.left_out))] if part.left_out else [])]


def _table(caption: str, header: Iterable[str], rows: Iterable[tuple[Cell, ...]], about: str) -> Table:
    return Table(caption, tuple(Cell(name) for name in header), tuple(rows), about)


def _worth(row: ClassifierRow, part: ClassifierPart) -> tuple[Cell, ...]:
    last = (Cell(score(row.validation_auc)), Cell(row.benefit, ("to use",) if row.name == part.pick else ()))
    looks = (_change(row.test.views_difference if row.test else None),) if part.views else ()
    return (_name(row), *(_scores(row.test) if row.test else (Cell(NONE),) * 5), *last, *looks)


def _looks(part: ClassifierPart, views: ViewsScores) -> str:
    """Say that no file averages over several looks, and what the original's loses by that."""
    lost = part.original.test and part.original.test.views_difference
    change = f"{signed(lost.value)} ({signed(lost.low)} to {signed(lost.high)})" if lost else "an unknown amount"
    found = f" and has an AUC of {score(views.auc.value)} on the test images" if views.auc else ""
    return (
        f"The classifier as it was trained averages over {views.copies} changed copies of an image beside the image "
        f"itself{found}. No file does: each sees the image once, in one pass instead of {views.copies + 1}, which "
        f"changes the original's AUC by {change}; validation AUC {score(part.original.validation_auc)} instead of "
        f"{score(views.validation_auc)}."
    )


def _name(row: ModelFile) -> Cell:
    return Cell(row.name, (row.about,), code=True)


def _scores(test: TestScores) -> tuple[Cell, ...]:
    figures = (test.auc, test.accuracy, test.calibration_error)
    auc, accuracy, calibration = (Cell(score(one.value), (spread(one.low, one.high),)) for one in figures)
    return auc, _change(test.auc_difference), accuracy, calibration, Cell(percent(test.agreement))


def _change(change: Figure | None) -> Cell:
    if change is None:
        return Cell(NONE)
    return Cell(signed(change.value), (f"{signed(change.low)} to {signed(change.high)}",))


def _cost(row: ModelFile) -> tuple[Cell, ...]:
    megabytes = (Cell(f"{number(size)} MB") for size in (row.megabytes, row.gzip_megabytes, row.peak_mb))
    return (Cell(row.name, code=True), *megabytes, *(_latency(one) for one in row.latencies))


def _latency(one: Latency) -> Cell:
    quartiles = f"{number(one.low)}–{number(one.high)} ms"
    return Cell(f"{number(one.milliseconds)} ms", (quartiles, f"{one.speedup:.2f} times as fast"))


def _left_out(rows: Iterable[LeftOut]) -> tuple[str, ...]:
    return tuple(f"Not made: {row.name}. {row.reason}" for row in rows)
