"""What the data is: counts, copies, leaks, problems, intensities."""

from synthetyk.core.words import listed
from synthetyk.data.census import CopyReport, Extent, PixelReport
from synthetyk.data.classes import Classes
from synthetyk.data.dataset import SPLITS
from synthetyk.data.fingerprint import Fingerprint
from synthetyk.report.inputs import ReportInputs
from synthetyk.report.parts import Cell, Facts, Gallery, Part, Points, Section, Table, Text
from synthetyk.report.pictures import chart
from synthetyk.report.plots import MOST_LINES, histogram_panel
from synthetyk.report.words import NONE, count, images

TITLE = "What is the data?"
SPLIT_NAMES = {"train": "Training", "val": "Validation", "test": "Test"}
NO_LABEL = "no label"


def data(inputs: ReportInputs) -> Section:
    """Return the fingerprint in words and tables."""
    found = inputs.fingerprint
    if not found:
        return Section("data", TITLE, (Text("This run has no fingerprint of its data.", "unsure"),))
    parts: list[Part] = [
        _facts(found),
        _counts(found),
        *_classes(inputs.classes),
        Points(tuple(_origins(found))),
        _copies(found),
        _problems(found),
        Gallery((chart(histogram_panel(_histograms(found))),)),
    ]
    return Section("data", TITLE, tuple(parts))


def _facts(found: Fingerprint) -> Facts:
    pixels = found.pixels
    return Facts(
        (
            ("Images", count(found.images), f"read as {found.source}"),
            ("Width × height", f"{_extent(pixels.width)} × {_extent(pixels.height)}", _sizes(pixels)),
            ("Channels", _tally(pixels.channels), "1 is grey, 3 is colour"),
            ("Stored as", listed(list(pixels.modes)), pixels.depth_rule.text),
            ("Imbalance", _imbalance(found.classes.imbalance), "largest class over smallest, in training"),
        )
    )


def _extent(extent: Extent) -> str:
    return str(extent.median) if extent.smallest == extent.largest else f"{extent.smallest}–{extent.largest}"


def _sizes(pixels: PixelReport) -> str:
    if pixels.distinct_sizes == 1:
        return "pixels, all the same"
    return f"pixels; {count(pixels.distinct_sizes)} sizes, median {pixels.width.median} × {pixels.height.median}"


def _tally(values: dict[int, int]) -> str:
    return " and ".join(map(str, values))


def _imbalance(ratio: float | None) -> str:
    return NONE if ratio is None else f"{ratio:.3g} : 1"


def _counts(found: Fingerprint) -> Table:
    header = (Cell("Class"), *(Cell(SPLIT_NAMES[split]) for split in SPLITS), Cell("Together"))
    counts = found.classes.counts
    rows = [_row(name or NO_LABEL, [each[split] for split in SPLITS]) for name, each in counts.items()]
    if len(rows) > 1:
        rows.append(_row("together", [sum(each[split] for each in counts.values()) for split in SPLITS]))
    return Table("Images by class and split", header, tuple(rows))


def _classes(known: Classes | None) -> list[Table]:
    """Say what the run takes the classes for, since what is normal or a risk decides how it is judged."""
    if not known or not known.classes:
        return []
    header = (Cell("Class"), Cell("Called"), Cell("Normal"), Cell("Risk"), Cell("Told by"))
    rows = tuple(
        (
            Cell(each.name, code=True),
            Cell(each.title),
            Cell("yes" if each.normal else "no"),
            Cell("yes" if each.risk else "no"),
            Cell("the user" if each.told == "user" else "its name"),
        )
        for each in known.ordered
    )
    about = "Where a name misleads, --classes FILE says it better."
    return [Table("What the classes are taken for", header, rows, about)]


def _row(name: str, numbers: list[int]) -> tuple[Cell, ...]:
    return (Cell(name), *(Cell(count(number)) for number in (*numbers, sum(numbers))))


def _origins(found: Fingerprint) -> list[str]:
    """Say where splits and groups come from."""
    carved = [SPLIT_NAMES[split].lower() for split in found.carved]
    points = [
        f"Splits: {listed(carved)} were carved by Synthetyk, stratified by class, patients kept whole; the rest came "
        "with the data."
        if carved
        else "Splits: all came with the data and were kept.",
        f"Patients or slides: {count(found.groups.known)} known ({found.groups.rule}).",
    ]
    points += [f"Left out on request: {images(n)} ({reason})." for reason, n in found.removed.items()]
    return [*points, *found.notes]


def _copies(found: Fingerprint) -> Table:
    kinds = {
        "Exact copies": ("the same pixels", found.exact_copies),
        "Near copies": ("the same picture stored again: other compression, size or brightness", found.near_copies),
    }
    pairs = list(found.exact_copies.across)
    header = (Cell("What"), Cell("In all"), Cell("Within one split"), *(Cell(_pair(pair)) for pair in pairs))
    rows = tuple(_copy_row(name, about, report, pairs) for name, (about, report) in kinds.items())
    groups = found.groups
    leaks = (
        Cell("Leaking groups", ("patients or slides in more than one split",)),
        Cell(count(groups.leaking)),
        Cell(NONE),
        *(_warned(groups.across.get(pair, 0)) for pair in pairs),
    )
    about = "What stands in two splits makes every test look better than it is."
    return Table("Copies and leaks", header, (*rows, leaks), about)


def _copy_row(name: str, about: str, report: CopyReport, pairs: list[str]) -> tuple[Cell, ...]:
    conflicting = (f"{count(report.conflicting)} with different labels",) if report.conflicting else ()
    return (
        Cell(name, (about,)),
        Cell(count(report.groups), conflicting),
        Cell(count(sum(report.within.values()))),
        *(_warned(report.across.get(pair, 0)) for pair in pairs),
    )


def _pair(pair: str) -> str:
    """Turn ``test in train`` into words."""
    return " in ".join(SPLIT_NAMES[split].lower() for split in pair.split(" in "))


def _warned(number: int) -> Cell:
    return Cell(count(number), tone="bad" if number else "plain")


def _problems(found: Fingerprint) -> Part:
    if not found.problems:
        return Text("Every file could be read.", "good")
    header = (Cell("Problem"), Cell("Files"), Cell("For example"))
    rows = tuple(
        (Cell(kind.replace("_", " ")), Cell(count(report.count)), Cell(report.examples[0][1]))
        for kind, report in found.problems.items()
    )
    return Table("What could not be used", header, rows, "Everything else was.", prose=True)


def _histograms(found: Fingerprint) -> dict[str, tuple[int, ...]]:
    by_class = {name or NO_LABEL: bins for name, bins in found.pixels.class_histograms.items()}
    return by_class if len(by_class) <= MOST_LINES else {"all classes": found.pixels.histogram}
