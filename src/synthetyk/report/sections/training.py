"""How the training went: which generator was kept and why, curves, and what the stability monitor said."""

from math import isfinite

from synthetyk.report.history import History, read_history
from synthetyk.report.inputs import ReportInputs
from synthetyk.report.parts import Cell, Gallery, Part, Section, Table, Terms, Text
from synthetyk.report.pictures import chart
from synthetyk.report.plots import candidate_panels, training_panels
from synthetyk.report.words import count, number

KINDS = {
    "nan": "not a number",
    "collapse": "mode collapse",
    "discriminator_won": "the discriminator won",
    "memorising": "memorisation",
}
CANDIDATES = (
    "At every look at the training the generator is a candidate, with averaged weights (the mean of the last steps') "
    "and with raw ones (those of that very step). Kimg are thousand real images shown."
)
CHOICE = (
    "Candidates whose images are training images, or lie nearer to them than smoothness explains, are out, unless all "
    "are. Of the others those stay whose kernel distance to validation images is within its own standard error of the "
    "lowest; of these those whose AUC is within its own standard error of the highest; of these those that lie as far "
    "from training images as new ones do go before, and the latest wins. Test images decide nothing."
)
WATCHED = (
    "The stability monitor watched for collapse, divergence, a discriminator that wins and broken numbers and saw none."
)


def training(inputs: ReportInputs) -> Section:
    """Return which generator was kept, what the monitor said, and the curves of the GAN's training."""
    title = "How did the training go?"
    history = read_history(inputs.metrics) if inputs.metrics else History({}, ())
    panels = training_panels(history)
    if not panels:
        return Section("training", title, (Text("No training was recorded in this run.", "unsure"),))
    text = (
        "Networks learnt against each other: a generator that draws images, and a discriminator, or one for each "
        f"class, that tries to tell them from real ones. {_shown(inputs, history.kimg)}"
    )
    curves = Gallery(tuple(chart(panel) for panel in panels))
    return Section("training", title, (Text(text), *_choice(history), _events(history), curves))


def _shown(inputs: ReportInputs, kimg: float) -> str:
    training = sum(each["train"] for each in inputs.fingerprint.classes.counts.values()) if inputs.fingerprint else 0
    each = f", each training image about {number(1000 * kimg / training, 2)} times" if training else ""
    return f"{number(kimg)} thousand real images were shown{each}."


def _choice(history: History) -> list[Part]:
    """Say which generator was kept and why, and show what was measured on those that could have been."""
    panels = candidate_panels(history)
    if not panels:
        return []
    kept = history.kept.reason if history.kept else "None yet: that is decided when the training ends."
    return [
        Text(f"Which generator was kept? {kept}"),
        Terms("How it is chosen", (("Among what", CANDIDATES), ("By what rule", CHOICE))),
        Gallery(tuple(chart(panel) for panel in panels)),
        *_copies(history),
    ]


def _copies(history: History) -> list[Part]:
    """Say that there were no copies, if they were looked for; otherwise a chart shows them."""
    exact, near = (_counted(history, f"{kind}_copies") for kind in ("exact", "near"))
    if not exact or any(exact + near):
        return []
    text = f"Copies of training images, exact or near, were sought among the images of {count(len(exact))} candidates"
    return [Text(f"{text}: there were none.", "good")]


def _counted(history: History, name: str) -> list[float]:
    """Return every number of a quantity, of every kind of weights."""
    return [value for found in history.by_weights(name).values() for value in found.values if isfinite(value)]


def _events(history: History) -> Part:
    if not history.events:
        memorised = " Nor was memorisation seen." if _counted(history, "exact_copies") else ""
        return Text(f"{WATCHED}{memorised}", "good")
    header = (Cell("Mark"), Cell("Thousand images"), Cell("Kind"), Cell("What was seen and done"))
    rows = tuple(
        (Cell(str(mark)), Cell(number(event.kimg)), Cell(_kind(event.kind)), Cell(event.message))
        for mark, event in enumerate(history.events, start=1)
    )
    about = "The charts mark each by its number. What was undone by going back is no longer in them."
    return Table("What the stability monitor said", header, rows, about, prose=True)


def _kind(kind: str) -> str:
    return KINDS.get(kind, kind.replace("_", " "))
