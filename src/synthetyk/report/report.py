"""report.html: one self-contained page, the answers first."""

from dataclasses import replace

from jinja2 import Environment, PackageLoader, StrictUndefined

import synthetyk
from synthetyk.core.words import listed
from synthetyk.report.answers import failures, helps, precise, shareable
from synthetyk.report.inputs import ReportInputs, StageLine
from synthetyk.report.parts import Section, Text
from synthetyk.report.sections.anomalies import anomalies
from synthetyk.report.sections.compression import compression
from synthetyk.report.sections.data import data
from synthetyk.report.sections.evaluation import evaluation
from synthetyk.report.sections.images import pictures
from synthetyk.report.sections.limits import limits
from synthetyk.report.sections.making import making
from synthetyk.report.sections.package import package
from synthetyk.report.sections.study import study
from synthetyk.report.sections.training import training
from synthetyk.report.words import images

__all__ = ["ReportInputs", "StageLine", "render_report"]

FOOTER = "Synthetic images show no patient's body; do not diagnose."
SECTIONS = (pictures, study, anomalies, evaluation, compression, training, package, data, making, limits)
# What each section shows of what may have changed since.
SHOWS = {
    "images": ("metrics", "manifest", "privacy"),
    "study": ("study",),
    "anomalies": ("anomalies",),
    "evaluation": ("evaluation", "privacy"),
    "compression": ("compression",),
    "training": ("metrics",),
    "package": ("package",),
}


def render_report(inputs: ReportInputs) -> str:
    """Return the page as HTML; it needs no other file, no network and no script.

    Raises:
        ArtifactError: ``metrics.jsonl`` is damaged.
    """
    template = environment().get_template("page.html")
    return template.render(
        title=inputs.title,
        subtitle=_subtitle(inputs),
        answers=(*failures(inputs), helps(inputs), shareable(inputs), *precise(inputs)),
        sections=[_dated(section, inputs) for each in SECTIONS if (section := each(inputs)).parts],
        footer=f"Made by Synthetyk {synthetyk.__version__}. {FOOTER}",
    )


def _dated(section: Section, inputs: ReportInputs) -> Section:
    """Say at the head of a section what in it is of an earlier state of the run."""
    why = inputs.outdated(*SHOWS.get(section.name, ()))
    return replace(section, parts=(Text(why, "unsure"), *section.parts)) if why else section


def _subtitle(inputs: ReportInputs) -> str:
    found = inputs.fingerprint
    if not found:
        return f"Data set: {inputs.dataset}"
    names = found.classes.names
    classes = f" of {listed(names)}" if names else ", without labels"
    return f"Data set: {inputs.dataset}, {images(found.images)}{classes}"


def environment() -> Environment:
    """Return what fills the templates of pages."""
    return Environment(
        loader=PackageLoader("synthetyk.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
