"""The package: what was made of the models, how to load it, and what tells that it is still the same."""

from synthetyk.report.inputs import ReportInputs
from synthetyk.report.parts import Cell, Part, Section, Table, Text
from synthetyk.report.words import NONE, count, number
from synthetyk.runtime.manifest import Measured, PackageManifest

LOADING = (
    'In Python: mlflow.pyfunc.load_model("RUN/package"). Over HTTP: mlflow models serve --env-manager local -m '
    "RUN/package. Both run on ONNX Runtime, without torch. To see whether it is still what it was: synthetyk verify "
    "RUN/package."
)


def package(inputs: ReportInputs) -> Section:
    """Return the files of the package with their hashes, and what was measured of the models in it."""
    found = inputs.package
    if not found:
        return Section("package", "Can I use the models?", (Text(inputs.absent("A package", "package")),))
    parts: list[Part] = [Text(LOADING), Text(found.notice, "unsure"), _files(found)]
    for title, part in (("classifier", found.classifier), ("generator", found.generator)):
        if part and part.figures:
            parts.append(_figures(f"Measured of the {title}", part.figures))
    return Section("package", "Can I use the models?", tuple(parts))


def _files(found: PackageManifest) -> Table:
    models = (("classifier", found.classifier), ("generator", found.generator))
    roles = {part.file: f"{name}, {part.precision}" for name, part in models if part}
    header = (Cell("File"), Cell("Size"), Cell("SHA-256"))
    rows = tuple(
        (Cell(name, _lines(roles.get(name, "")), code=True), Cell(_size(record.bytes)), Cell(record.sha256, code=True))
        for name, record in found.files.items()
    )
    about = "The manifest beside them names each file with its hash; a file that was changed, added or lost is refused."
    return Table("Files of the package", header, rows, about, prose=True)


def _figures(caption: str, figures: tuple[Measured, ...]) -> Table:
    header = (Cell("Measured"), Cell("Value"), Cell("95% interval"), Cell("On"))
    rows = tuple(
        (Cell(each.name), Cell(number(each.value)), Cell(_interval(each)), Cell(each.about)) for each in figures
    )
    return Table(caption, header, rows, prose=True)


def _interval(figure: Measured) -> str:
    return NONE if figure.low is None or figure.high is None else f"{number(figure.low)} to {number(figure.high)}"


def _size(size: int) -> str:
    return f"{size / 1e6:.2f} MB" if size >= 10**5 else f"{count(size)} bytes"


def _lines(text: str) -> tuple[str, ...]:
    return (text,) if text else ()
