"""A stage reads files and writes files; one whose inputs have not changed is skipped."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import synthetyk
from synthetyk.core.artifacts import Artifact, Migration, sha256_tree
from synthetyk.core.errors import ArtifactError, NotApplicableError
from synthetyk.core.memory import MemoryWatch
from synthetyk.core.progress import Progress
from synthetyk.pipeline.run_folder import RunFolder, load_present

Status = Literal["done", "not applicable"]


@dataclass(frozen=True)
class Stage:
    """One step of a run.

    Attributes:
        name: Also the name of its command.
        summary: One line for help and report.
        reads: Paths in the run folder, files or folders, whose contents decide the result.
        writes: Paths or patterns in the run folder that it makes.
        work: Does it; raises `NotApplicableError` if this data gives it nothing to do.
        settings: Whatever else decides the result, as JSON values (for example the part of the plan that it uses).
        uses: Like `reads`, but may be absent.
        optional: Whether it is no part of a whole run: it is done only when asked for by name.
    """

    name: str
    summary: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    work: Callable[[RunFolder, Progress], None]
    settings: Callable[[RunFolder], Mapping[str, Any]] = lambda _run: {}
    uses: tuple[str, ...] = ()
    optional: bool = False


class StageRecord(Artifact):
    """What a stage read and wrote when it last ended, ``stages/<name>.json``.

    Attributes:
        name: The stage.
        status: ``done``, or ``not applicable`` with the reason.
        reason: Why it does not apply.
        inputs: SHA-256 of each path read.
        settings: What else decided the result.
        outputs: SHA-256 of each path written.
        seconds: Wall time of the attempt that ended it.
        peak_mb: Most resident memory meanwhile, in millions of bytes, of this process and those that it started,
            together; None in records of before it was measured.
        version: The Synthetyk that ran it.
    """

    schema_name: ClassVar[str] = "stage"
    schema_version: ClassVar[int] = 2
    migrations: ClassVar[dict[int, Migration]] = {1: dict}

    name: str
    status: Status
    reason: str = ""
    inputs: dict[str, str]
    settings: dict[str, Any]
    outputs: dict[str, str]
    seconds: float
    peak_mb: int | None = None
    version: str


@dataclass(frozen=True)
class Outcome:
    """How a stage ended this time; `skipped` if nothing had changed."""

    stage: Stage
    record: StageRecord
    skipped: bool


def record_path(run: RunFolder, name: str) -> Path:
    """Return where a stage's record lies."""
    return run / f"stages/{name}.json"


def _current(
    stage: Stage, run: RunFolder, inputs: Mapping[str, str], settings: Mapping[str, Any]
) -> StageRecord | None:
    """Return the record of a stage if it is of these inputs and settings, and the outputs are as they were left."""
    record = load_present(StageRecord, record_path(run, stage.name))
    if record and (record.inputs, record.settings) == (inputs, settings):
        return record if as_left(record, stage, run) else None
    return None


def as_left(record: StageRecord, stage: Stage, run: RunFolder) -> bool:
    """Tell whether what a stage wrote is as it left it, as far as its record tells.

    A version that names more of what a stage writes does not do again what one before it has done.
    """
    return record.outputs == hashes(run, [name for name in stage.writes if name in record.outputs])


def run_stage(stage: Stage, run: RunFolder, progress: Progress) -> Outcome:
    """Run one stage, or skip it if nothing has changed.

    Raises:
        ArtifactError: A file that it reads is missing.
    """
    for name in stage.reads:
        if not (run / name).exists():
            raise ArtifactError(
                f"{run / name} is missing, which the stage {stage.name!r} reads",
                action=f"Run the stages before it first, or all of them: synthetyk run --resume {run.path}",
            )
    inputs, settings = hashes(run, stage.reads + stage.uses), dict(stage.settings(run))
    if done := _current(stage, run, inputs, settings):
        return Outcome(stage, done, skipped=True)
    started = time.monotonic()
    status: Status = "done"
    reason = ""
    with MemoryWatch() as memory:
        try:
            stage.work(run, progress)
        except NotApplicableError as error:
            status, reason = "not applicable", str(error)
    record = StageRecord(
        name=stage.name,
        status=status,
        reason=reason,
        inputs=inputs,
        settings=settings,
        outputs=hashes(run, stage.writes),
        seconds=round(time.monotonic() - started, 3),
        peak_mb=memory.peak_mb,
        version=synthetyk.__version__,
    )
    record.save(record_path(run, stage.name))
    return Outcome(stage, record, skipped=False)


def hashes(run: RunFolder, names: Iterable[str]) -> dict[str, str]:
    """Return a SHA-256 for each path or pattern in a run folder."""
    return {name: sha256_tree(sorted(run.path.glob(name))) for name in names}
