"""report.html: one self-contained page, the answers first."""

from jinja2 import Environment, PackageLoader, StrictUndefined

import synthetyk
from synthetyk.report.answers import helps, shareable
from synthetyk.report.inputs import ReportInputs, StageLine
from synthetyk.report.sections.data import data
from synthetyk.report.sections.evaluation import evaluation
from synthetyk.report.sections.images import pictures
from synthetyk.report.sections.limits import limits
from synthetyk.report.sections.making import making
from synthetyk.report.sections.study import study
from synthetyk.report.sections.training import training
from synthetyk.report.words import images, listed

__all__ = ["ReportInputs", "StageLine", "render_report"]

FOOTER = "Synthetic images show no patient's body; do not diagnose."
SECTIONS = (pictures, study, evaluation, training, data, making, limits)


def render_report(inputs: ReportInputs) -> str:
    """Return the page as HTML; it needs no other file, no network and no script.

    Raises:
        ArtifactError: ``metrics.jsonl`` is damaged.
    """
    template = _environment().get_template("page.html")
    return template.render(
        title=inputs.title,
        subtitle=_subtitle(inputs),
        answers=(helps(inputs), shareable(inputs)),
        sections=[section(inputs) for section in SECTIONS],
        footer=f"Made by Synthetyk {synthetyk.__version__}. {FOOTER}",
    )


def _subtitle(inputs: ReportInputs) -> str:
    found = inputs.fingerprint
    if not found:
        return f"Data set: {inputs.dataset}"
    names = found.classes.names
    classes = f" of {listed(names)}" if names else ", without labels"
    return f"Data set: {inputs.dataset}, {images(found.images)}{classes}"


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("synthetyk.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
