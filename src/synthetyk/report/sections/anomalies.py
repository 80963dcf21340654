"""What does not look normal: how well an autoencoder that has met normal images alone tells the others from them."""

from pathlib import Path

from synthetyk.evaluation.anomaly import AnomalyReport, Estimate
from synthetyk.report.inputs import ReportInputs
from synthetyk.report.parts import Cell, Facts, Figure, Gallery, Part, Section, Table, Text
from synthetyk.report.pictures import sheet
from synthetyk.report.words import count, percent, score, spread

TITLE = "What does not look normal?"


def anomalies(inputs: ReportInputs) -> Section:
    """Return what the autoencoder found; nothing, as long as nobody asked for it."""
    found = inputs.anomalies
    if not found:
        return Section("anomalies", TITLE, ())
    parts: list[Part] = [
        Text(
            f"An autoencoder learned to draw {count(found.trained_on)} training images of {found.normal} through a "
            "narrow place, and met no other class. At each place of an image its error is compared with the errors of "
            "normal images there, in standard deviations; the mean square of these is the image's score. No label of "
            "another class was used, so that this finds also what nobody has labelled; where every class is labelled, "
            "a classifier does better."
        ),
        _facts(found),
        _scores(found),
    ]
    if inputs.anomaly_sheet:
        parts.append(Gallery((_sheet(inputs.anomaly_sheet, found),)))
    return Section("anomalies", TITLE, tuple(parts))


def _facts(found: AnomalyReport) -> Facts:
    return Facts(
        (
            ("Found", percent(found.found), "of the other classes' test images lie above the limit"),
            ("False alarms", percent(found.false_alarms), f"of the test images of {found.normal} do"),
            ("Limit", score(found.limit), "the score that 95% of normal validation images stay below"),
        )
    )


def _scores(found: AnomalyReport) -> Table:
    header = (Cell("Told from " + found.normal), Cell("Test images"), Cell("AUROC"), Cell("95% interval"))
    others = {name: found.counts[name] for name in found.by_class}
    rows = [_row(name, others[name], found.by_class[name]) for name in others]
    if len(rows) > 1:
        rows.append(_row("all of them", sum(others.values()), found.auroc))
    about = (
        "The chance that an image of the class has a higher score than a normal one: 0.5 is guessing, 1 perfect. "
        "Intervals know that other patients could have been "
        "tested, not that another autoencoder could have been trained."
    )
    return Table("How well anomalies are found", header, tuple(rows), about)


def _row(name: str, images: int, auroc: Estimate) -> tuple[Cell, ...]:
    return Cell(name), Cell(count(images)), Cell(score(auroc.value)), Cell(spread(auroc.low, auroc.high))


def _sheet(path: Path, found: AnomalyReport) -> Figure:
    about = (
        "Random test images of each class; below them what the autoencoder draws, and where its error is unlike that "
        "of normal images at the same place, from black over red and yellow to white, all on one scale."
    )
    alt = (
        f"Contact sheet: images of {found.normal} and of the other classes, their drawings and maps of what is strange."
    )
    return sheet(path, "Images, what was drawn of them, what is strange in them", about, alt, wide=True)
