"""How the training went: curves and what the stability monitor said."""

from synthetyk.report.history import History, read_history
from synthetyk.report.inputs import ReportInputs
from synthetyk.report.parts import Cell, Gallery, Part, Section, Table, Text
from synthetyk.report.pictures import chart
from synthetyk.report.plots import training_panels
from synthetyk.report.words import number


def training(inputs: ReportInputs) -> Section:
    """Return the curves of the GAN's training and its events."""
    title = "How did the training go?"
    history = read_history(inputs.metrics) if inputs.metrics else History({}, ())
    panels = training_panels(history)
    if not panels:
        return Section("training", title, (Text("No training was recorded in this run.", "unsure"),))
    text = (
        "Two networks learnt against each other: a generator that draws images, and a discriminator that tries to tell "
        f"them from real ones. {_shown(inputs, history.kimg)}"
    )
    parts: tuple[Part, ...] = (Text(text), _events(history), Gallery(tuple(chart(panel) for panel in panels)))
    return Section("training", title, parts)


def _shown(inputs: ReportInputs, kimg: float) -> str:
    training = sum(each["train"] for each in inputs.fingerprint.classes.counts.values()) if inputs.fingerprint else 0
    each = f", each training image about {number(1000 * kimg / training, 2)} times" if training else ""
    return f"{number(kimg)} thousand real images were shown{each}."


def _events(history: History) -> Part:
    if not history.events:
        return Text("The stability monitor watched for collapse, divergence and broken numbers and saw none.", "good")
    header = (Cell("Mark"), Cell("Thousand images"), Cell("Kind"), Cell("What was seen and done"))
    rows = tuple(
        (Cell(str(mark)), Cell(number(event.kimg)), Cell(event.kind.replace("_", " ")), Cell(event.message))
        for mark, event in enumerate(history.events, start=1)
    )
    return Table("What the stability monitor said", header, rows, "The charts mark each by its number.", prose=True)
