"""How far a run is: its stages, whether it is at work, and what it said last."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from synthetyk.service.pages.jobs import Job, tail
from synthetyk.service.pages.run_files import LAST, STAGES, Plan, Settings, StageEnd, read
from synthetyk.service.pages.run_lock import owner

LOG = "run.log"
State = Literal["running", "finished", "failed", "stopped"]
StageState = Literal["done", "left out", "now", "waiting"]
PROGRESS = re.compile(r"^ +(\w+): (\d+)%, (.*?)\.?\s*$")  # as the command prints it every few seconds
ENDED = re.compile(r"^(\w+) {2,}(\d|done before|left out)")
ERROR = "Error: "


@dataclass(frozen=True)
class StageLine:
    """A stage of a run.

    Attributes:
        name: The stage.
        state: What it is at.
        seconds: How long it took; None if it has not ended.
        words: More, in words; may be empty.
        part: What of it is done, from 0 to 1; None if nobody has said.
    """

    name: str
    state: StageState
    seconds: float | None = None
    words: str = ""
    part: float | None = None


@dataclass(frozen=True)
class RunState:
    """How far a run is.

    Attributes:
        state: In a word.
        process: Which owns it; None if none does, or none is known yet.
        stages: In their order.
        error: What stopped it; empty if nothing did.
    """

    state: State
    process: int | None
    stages: tuple[StageLine, ...]
    error: str = ""

    @property
    def part(self) -> float:
        """What of it is done, from 0 to 1, by stages."""
        done = sum(stage.state in ("done", "left out") for stage in self.stages)
        return (done + sum(stage.part or 0 for stage in self.stages)) / len(self.stages)

    @property
    def now(self) -> StageLine | None:
        """The stage that is at work."""
        return next((stage for stage in self.stages if stage.state == "now"), None)

    @property
    def sentence(self) -> str:
        """What a screen reader says when it changes."""
        if self.state == "running":
            return f"Running: {self.now.name}" if self.now else "Starting"
        return {"finished": "Finished", "failed": "Failed", "stopped": "Stopped"}[self.state]


def state_of(folder: Path) -> RunState:
    """Return how far the run in a folder is."""
    job = Job(folder, LOG)
    process = owner(folder)
    running = process is not None or job.running()
    settings = read(Settings, folder / "config.json")
    names = STAGES[: STAGES.index(LAST[settings.goal]) + 1] if settings and settings.goal in LAST else STAGES
    lines = job.lines()
    ends = [read(StageEnd, folder / "stages" / f"{name}.json") for name in names]
    stages = tuple(_stages(names, ends, lines, folder)) if running else tuple(map(_ended, names, ends))
    if running:
        return RunState("running", process or job.process(), stages)
    if error := _error(lines, folder):
        return RunState("failed", None, stages, error)
    return RunState("finished" if all(ends) else "stopped", None, stages)


def _ended(name: str, end: StageEnd | None) -> StageLine:
    if end is None:
        return StageLine(name, "waiting")
    return StageLine(name, "done" if end.status == "done" else "left out", end.seconds, end.reason)


def _stages(
    names: Iterable[str], ends: Iterable[StageEnd | None], lines: list[str], folder: Path
) -> Iterable[StageLine]:
    """Yield the stages of a run at work; what it says itself counts, for records may be of the run before."""
    passed = {match[1] for line in lines if (match := ENDED.match(line))}
    said = next((match for line in reversed(lines) if (match := PROGRESS.match(line))), None)
    current = said[1] if said and said[1] not in passed else None
    for name, end in zip(names, ends, strict=True):
        if current is None and name not in passed and (lines or end is None):
            current = name
        if name == current:
            yield _now(name, said, folder)
        elif name in passed or (end and not lines):
            yield _ended(name, end)
        else:
            yield StageLine(name, "waiting")


def _now(name: str, said: re.Match[str] | None, folder: Path) -> StageLine:
    part = int(said[2]) / 100 if said and said[1] == name else None
    words = said[3] if said and said[1] == name else ""
    shown = trained_part(folder) if name == "train" else None
    return StageLine(name, "now", None, words, part if shown is None else shown)


def trained_part(folder: Path) -> float | None:
    """Return what of the GAN's training is done, from 0 to 1, by its metrics and its plan."""
    plan = read(Plan, folder / "plan.json")
    for line in reversed(tail(folder / "metrics.jsonl")):
        try:
            kimg = json.loads(line).get("kimg")
        except (ValueError, AttributeError):
            continue
        if plan and kimg is not None:
            return min(1.0, float(kimg) / plan.values.gan_kimg)
    return None


def _error(lines: list[str], folder: Path) -> str:
    """Return what stopped the last command, unless the run went on elsewhere since."""
    found = [line.removeprefix(ERROR) for line in lines if line.startswith(ERROR)]
    written = [path.stat().st_mtime for path in (folder / "stages").glob("*.json")]
    later = written and max(written) > (folder / LOG).stat().st_mtime if found else False
    return found[-1] if found and not later else ""
