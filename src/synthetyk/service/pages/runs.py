"""The pages of runs: the list, a run while it works and when it is done, starting, stopping and going on."""

from typing import Annotated, Any

from fastapi import Form, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from synthetyk.core.errors import RunError, UnknownNameError
from synthetyk.service.context import TheService, service_of
from synthetyk.service.csrf import Protected
from synthetyk.service.pages.below import Below
from synthetyk.service.pages.curve import curve_of, distances
from synthetyk.service.pages.jobs import Job, stop
from synthetyk.service.pages.page import page, page_router
from synthetyk.service.pages.run_files import Experiments, Plan, Settings, read
from synthetyk.service.pages.run_list import (
    NewRun,
    data_sets,
    free_name,
    kind_of,
    listed,
    location_of,
    run_at,
    title_of,
)
from synthetyk.service.pages.run_state import LOG, state_of
from synthetyk.service.pages.run_tables import experiment_tables, run_tables, verdicts

HERE = "runs"
PICTURES = {
    "real": "real.png",
    "curves": "curves.png",
    "nearest": "nearest.png",
    "anomalies": "anomalies.png",
    "experiments": "experiments.png",
}
# A page that was written from data: it may show itself, and do nothing.
SANDBOX = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"

router = page_router("/runs")


@router.get("")
def runs(request: Request) -> HTMLResponse:
    """Show all runs, and the form for a new one."""
    settings = service_of(request).settings
    if settings.runs_root is None:
        return page(request, "runs_off", HERE)
    return page(request, "runs", HERE, runs=listed(settings), data_sets=list(data_sets(settings)))


@router.post("", dependencies=[Protected])
def start(service: TheService, request: Request, asked: Annotated[NewRun, Form()]) -> Response:
    """Start a run."""
    location = location_of(service.settings, asked.dataset)
    folder = free_name(service.settings, asked.name, asked.dataset)
    Job(folder.path, LOG).start(asked.arguments(location, folder.path.resolve()), request.app.state.command)
    return RedirectResponse(f"/runs/{folder.title}", 303)


@router.get("/{name}")
def run(service: TheService, request: Request, name: str) -> HTMLResponse:
    """Show a run, or experiments."""
    found = run_at(service.settings, name)
    if kind_of(found.path) == "experiments":
        return _experiments(request, found)
    path = found.path
    return page(
        request,
        "run",
        HERE,
        name=found.title,
        verdicts=verdicts(path),
        tables=run_tables(path),
        has_report=(path / "report.html").is_file(),
        has_package=(path / "package").is_dir(),
        folder=f"{found.root.name}/{found.title}",
        **_live(found),
    )


@router.get("/{name}/live")
def live(service: TheService, request: Request, name: str) -> HTMLResponse:
    """Return the part of a run's page that changes while it works."""
    found = run_at(service.settings, name)
    return page(request, "run_live", HERE, name=found.title, **_live(found))


def _live(found: Below) -> dict[str, Any]:
    path = found.path
    pictures = [name for name, file in PICTURES.items() if (path / file).is_file()]
    samples = sorted((path / "samples").glob("*.png"))
    settings, plan = read(Settings, path / "config.json"), read(Plan, path / "plan.json")
    return {
        "settings": settings,
        "dataset": title_of(settings.dataset) if settings else "",
        "plan": plan.values if plan else None,
        "state": state_of(path),
        "curve": curve_of(list(distances(path / "metrics.jsonl"))),
        "pictures": pictures,
        "sample": samples[-1].stem if samples else "",
        "log": "\n".join(Job(path, LOG).lines()[-200:]),
    }


def _experiments(request: Request, found: Below) -> HTMLResponse:
    report = read(Experiments, found.path / "experiments.json")
    return page(
        request,
        "experiments",
        HERE,
        name=found.title,
        tables=experiment_tables(report) if report else (),
        notes=report.notes if report else (),
        has_report=(found.path / "experiments.html").is_file(),
        has_picture=(found.path / PICTURES["experiments"]).is_file(),
    )


@router.get("/{name}/report")
def report(service: TheService, name: str) -> FileResponse:
    """Return the page that a run wrote; a browser keeps it from doing anything."""
    found = run_at(service.settings, name)
    file = "experiments.html" if kind_of(found.path) == "experiments" else "report.html"
    return FileResponse(
        (found / file).existing().path, media_type="text/html", headers={"Content-Security-Policy": SANDBOX}
    )


@router.get("/{name}/pictures/{picture}")
def picture(service: TheService, name: str, picture: str) -> FileResponse:
    """Return a picture that a run drew."""
    found = run_at(service.settings, name)
    if picture not in PICTURES:
        raise UnknownNameError("There is no such picture", expected=f"one of {', '.join(PICTURES)}")
    return FileResponse((found / PICTURES[picture]).existing().path, media_type="image/png")


@router.get("/{name}/samples/{number}")
def sample(service: TheService, name: str, number: str) -> FileResponse:
    """Return a sheet of images that the generator drew while it was trained."""
    found = run_at(service.settings, name) / "samples" / f"{number}.png"
    return FileResponse(found.existing().path, media_type="image/png")


@router.post("/{name}/stop", dependencies=[Protected])
def stop_run(service: TheService, name: str) -> Response:
    """Ask a run to end; it can be gone on with."""
    found = run_at(service.settings, name)
    process = state_of(found.path).process
    if process is None:
        raise RunError("The run is not at work", action="Look at its page again")
    stop(process)
    return RedirectResponse(f"/runs/{found.title}", 303)


@router.post("/{name}/resume", dependencies=[Protected])
def resume(service: TheService, request: Request, name: str) -> Response:
    """Go on with a run that was stopped or failed."""
    found = run_at(service.settings, name)
    if state_of(found.path).state == "running":
        raise RunError("The run is at work already", action="Look at its page again")
    Job(found.path, LOG).start(["run", "--resume", str(found.path.resolve())], request.app.state.command)
    return RedirectResponse(f"/runs/{found.title}", 303)
