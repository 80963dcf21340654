"""The pages of data sets: what is in one, before anything is trained."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Form, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from synthetyk.core.errors import ArtifactError, UnknownNameError
from synthetyk.data.dataset import SplitName
from synthetyk.data.fingerprint import Fingerprint
from synthetyk.report.parts import Cell, Table
from synthetyk.report.words import count
from synthetyk.service.context import TheService
from synthetyk.service.csrf import Protected
from synthetyk.service.pages.below import Below
from synthetyk.service.pages.jobs import Job
from synthetyk.service.pages.page import page, page_router
from synthetyk.service.pages.run_list import inspected_title, inspection_of, kind_of, location_of, runs_root
from synthetyk.service.pages.run_state import ERROR
from synthetyk.service.settings import ServiceSettings

HERE = "runs"
LOG = "inspect.log"
SHEET = "contact_sheet.png"
SPLITS: dict[SplitName, str] = {"train": "Training", "val": "Validation", "test": "Test"}

router = page_router("/runs/data-sets")


@dataclass(frozen=True)
class Inspected:
    """What was found of a data set.

    Attributes:
        state: Whether it is still looked at.
        found: Its fingerprint, None if there is none yet.
        error: What went wrong; empty if nothing did.
        log: What the command said.
    """

    state: Literal["running", "done", "failed"]
    found: Fingerprint | None
    error: str
    log: str


@router.post("", dependencies=[Protected])
def inspect(
    service: TheService, request: Request, dataset: Annotated[str, Form(min_length=1, max_length=500)]
) -> Response:
    """Have a data set looked at."""
    location = location_of(service.settings, dataset)
    folder = inspection_of(service.settings, dataset.strip().strip("/"))
    job = Job(folder.path, LOG)
    if not job.running():
        (folder.path / "fingerprint.json").unlink(missing_ok=True)
        arguments = ["data", "inspect", location, "--output", str(folder.path.resolve())]
        job.start(arguments, request.app.state.command)
    return RedirectResponse(f"/runs/data-sets/{folder.title}", 303)


@router.get("/{name}")
def data_set(service: TheService, request: Request, name: str) -> HTMLResponse:
    """Show what was found of a data set."""
    return _page(service.settings, request, name, "data_set")


@router.get("/{name}/live")
def live(service: TheService, request: Request, name: str) -> HTMLResponse:
    """Return the part of the page that changes while a data set is looked at."""
    return _page(service.settings, request, name, "data_set_live")


@router.get("/{name}/sheet")
def sheet(service: TheService, name: str) -> FileResponse:
    """Return images of every class."""
    return FileResponse((_inspection(service.settings, name) / SHEET).existing().path, media_type="image/png")


def _page(settings: ServiceSettings, request: Request, name: str, template: str) -> HTMLResponse:
    folder = _inspection(settings, name)
    found = inspected(folder)
    return page(
        request,
        template,
        HERE,
        name=name,
        title=inspected_title(name),
        inspected=found,
        counts=counts_table(found.found) if found.found else None,
        has_sheet=(folder.path / SHEET).is_file(),
    )


def _inspection(settings: ServiceSettings, name: str) -> Below:
    found = (runs_root(settings) / name).existing()
    if kind_of(found.path) != "inspection":
        raise UnknownNameError(f"No data set was looked at under the name {found.title!r}")
    return found


def inspected(folder: Below) -> Inspected:
    """Return what a folder says of a data set."""
    job = Job(folder.path, LOG)
    lines = job.lines()
    log = "\n".join(lines)
    if job.running():
        return Inspected("running", None, "", log)
    try:
        return Inspected("done", Fingerprint.load(folder.path / "fingerprint.json"), "", log)
    except ArtifactError:
        said = [line.removeprefix(ERROR) for line in lines if line.startswith(ERROR)]
        return Inspected("failed", None, said[-1] if said else "It ended before it was done", log)


def counts_table(found: Fingerprint) -> Table:
    """Return how many images there are, by class and split."""
    header = ("Class", *(f"{title}{' (carved)' if name in found.carved else ''}" for name, title in SPLITS.items()))
    rows = tuple(
        (Cell(name or "no label"), *(Cell(count(each[split])) for split in SPLITS))
        for name, each in found.classes.counts.items()
    )
    return Table("Images by class and split", tuple(map(Cell, header)), rows)
