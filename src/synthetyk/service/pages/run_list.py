"""What lies below the folder of runs, and what a run may be made of."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from synthetyk.core.errors import RequestError, RunError, UnknownNameError
from synthetyk.service.pages.below import Below
from synthetyk.service.pages.form import FormValues
from synthetyk.service.pages.run_files import Settings, read, read_values
from synthetyk.service.pages.run_state import RunState, state_of
from synthetyk.service.pages.run_tables import Verdict, help_verdict
from synthetyk.service.settings import ServiceSettings

PHANTOM = "phantom"  # the built-in set
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}"
DATA_SETS = "data-sets"  # part of a path, so no run is called so
INSPECTED = "inspect-"
Kind = Literal["run", "experiments", "inspection"]


class NewRun(FormValues):
    """What the form for a new run says.

    Attributes:
        dataset: Below the folder of data sets, or the built-in set.
        name: Of the run's folder; empty: after the data set.
        minutes: Wall time to plan for.
        seed: Of everything random.
        fixed: Values of the plan, ``NAME=VALUE``, a line each.
    """

    dataset: str = Field(min_length=1, max_length=500)
    name: str = Field(default="", pattern=f"^({NAME})?$")
    minutes: float = Field(default=10, ge=0.5, le=60 * 24 * 30)
    seed: int = Field(default=0, ge=0, le=2**31)
    fixed: str = Field(default="", max_length=10_000)

    @field_validator("fixed")
    @classmethod
    def _assignments(cls, fixed: str) -> str:
        for line in fixed.split("\n"):
            if line.strip() and not re.fullmatch(r"\w+=.*", line.strip()):
                raise ValueError("one NAME=VALUE a line, for example gan_kimg=50")
        return fixed

    def arguments(self, location: str, folder: Path) -> list[str]:
        """Return the arguments of the command that starts it.

        Args:
            location: Of the data set.
            folder: Of the run.
        """
        lines = [line.strip() for line in self.fixed.split("\n") if line.strip()]
        said = ["--budget", f"{self.minutes:g}min", "--seed", str(self.seed)]
        return ["run", location, "--output", str(folder), *said, *(word for line in lines for word in ("--set", line))]


@dataclass(frozen=True)
class RunLine:
    """A run, or experiments, in the list.

    Attributes:
        name: Of the folder.
        kind: What it holds.
        dataset: What it was made of; empty if that is not known.
        state: How far it is; None of experiments.
        verdict: Whether synthetic images help, None if that is not known.
        changed: When something in it changed, milliseconds since 1970 in UTC.
    """

    name: str
    kind: Kind
    dataset: str
    state: RunState | None
    verdict: Verdict | None
    changed: int


def runs_root(settings: ServiceSettings) -> Below:
    """Return the folder of runs.

    Raises:
        RunError: The service has none.
    """
    if settings.runs_root is None:
        raise RunError("This service has no folder of runs", action="Start it with --runs-root FOLDER")
    return Below(settings.runs_root)


def run_at(settings: ServiceSettings, name: str) -> Below:
    """Return the folder of a run or of experiments.

    Raises:
        UnknownNameError: There is none of that name.
    """
    found = (runs_root(settings) / name).existing()
    if kind_of(found.path) not in ("run", "experiments"):
        raise UnknownNameError(f"There is no run called {found.title!r}", expected="one from the list of runs")
    return found


def kind_of(folder: Path) -> Kind | None:
    """Return what a folder holds, None if it is nothing of ours."""
    schema = str((read_values(folder / "config.json") or {}).get("schema", "")).partition("/")[0]
    if schema == "experiments_config":
        return "experiments"
    if schema == "config" or (folder / "run.log").is_file():
        return "run"
    inspected = (folder / "inspect.log").is_file() or (folder / "fingerprint.json").is_file()
    return "inspection" if inspected else None


def listed(settings: ServiceSettings) -> list[RunLine]:
    """Return all runs and experiments, the one that changed last first."""
    root = runs_root(settings)
    lines = [_line(each) for each in root.children() if each.path.is_dir()] if root.path.is_dir() else []
    return sorted((line for line in lines if line), key=lambda line: -line.changed)


def _line(found: Below) -> RunLine | None:
    kind = kind_of(found.path)
    if kind not in ("run", "experiments"):
        return None
    settings = read(Settings, found.path / "config.json")
    state = state_of(found.path) if kind == "run" else None
    verdict = help_verdict(found.path) if kind == "run" else None
    dataset = title_of(settings.dataset) if settings else ""
    return RunLine(found.title, kind, dataset, state, verdict, changed(found.path))


def title_of(dataset: str) -> str:
    """Return what a data set is called, without where it lies."""
    return Path(dataset).name if dataset.startswith("/") else dataset


def changed(folder: Path) -> int:
    """Return when something in a folder changed, as far as its uppermost files tell, milliseconds since 1970."""
    times = [folder.stat().st_mtime]
    for path in folder.iterdir():
        try:
            times.append(path.stat().st_mtime)
        except OSError:  # it was renamed into place meanwhile
            continue
    return int(1000 * max(times))


def data_sets(settings: ServiceSettings) -> Iterator[str]:
    """Yield what may be inspected or made a run of, as the form takes it."""
    yield PHANTOM
    if settings.data_root and settings.data_root.is_dir():
        for found in Below(settings.data_root).children():
            if found.path.is_dir() or found.path.suffix.lower() in (".npz", ".csv"):
                yield found.name


def location_of(settings: ServiceSettings, dataset: str) -> str:
    """Return where a data set lies that a form names.

    Raises:
        UnknownNameError: It does not lie below the folder of data sets.
        RequestError: The service has no such folder.
    """
    dataset = dataset.strip().strip("/")
    if dataset == PHANTOM:
        return PHANTOM
    if settings.data_root is None:
        raise RequestError(
            "This service has no folder of data sets",
            expected=f"the built-in set, {PHANTOM}",
            action="Start it with --data-root FOLDER",
        )
    return str(Below(settings.data_root, dataset).existing().path.resolve())


def free_name(settings: ServiceSettings, wanted: str, dataset: str) -> Below:
    """Return the folder of a new run.

    Args:
        settings: Of the service.
        wanted: Its name; empty: the first that is free of those named after the data set.
        dataset: As the form says it.

    Raises:
        RequestError: The name is taken.
    """
    root = runs_root(settings)
    if not wanted:
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(dataset).stem).strip("-_")[:60] or "run"
        names = (f"{stem}-{number}" for number in range(1, 10_000))
        wanted = next(name for name in names if not (root / name).path.exists())
    found = root / wanted
    if wanted == DATA_SETS or found.path.exists():
        raise RequestError(f"The name {wanted!r} is taken", expected="a new one", action="Choose another name")
    return found


def inspection_of(settings: ServiceSettings, dataset: str) -> Below:
    """Return the folder of what is found of a data set, the same each time."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", dataset).strip("-_")[:60]
    return runs_root(settings) / f"{INSPECTED}{plain}-{hashlib.sha256(dataset.encode()).hexdigest()[:8]}"


def inspected_title(name: str) -> str:
    """Return what a data set is called, by the name of the folder that `inspection_of` gave it."""
    return re.sub(r"-[0-9a-f]{8}$", "", name.removeprefix(INSPECTED))
