"""Reports to Weights & Biases, by default without a network."""

import os
import shutil
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from synthetyk.core.errors import MissingDependencyError
from synthetyk.tracking.bookmark import Bookmark
from synthetyk.tracking.jsonl import tell
from synthetyk.tracking.subject import Subject, number, plain
from synthetyk.tracking.tracker import Ended

if TYPE_CHECKING:
    import wandb

if find_spec("wandb") is None:
    raise MissingDependencyError("Weights & Biases is not installed", action="Run: pip install 'synthetyk[wandb]'")

EXIT_CODES: Mapping[Ended, int] = {"finished": 0, "failed": 1, "killed": 255}
SECONDS = 30.0  # for a server to answer, at the beginning and at the end


class WandbTracker:
    """Reports to Weights & Biases; what is chosen by ``--tracker wandb``.

    Everything goes into ``wandb`` of the run folder and stays there: ``WANDB_MODE=online`` sends it, and so does
    ``wandb sync`` later. Project, entity and mode may also stand in the settings, under ``wandb``. Its own step only
    ever rises, so that values stand over one called ``step``. After `rewind` values come again at the same steps, with
    the value ``attempt``, which counts how often that happened.

    Without a network W&B cannot add to what an earlier process wrote: it writes another folder for the same id. Each is
    therefore told everything that still counts, so that the newest is the whole training.

    Args:
        run: Has begun.
        bookmark: Names it.
    """

    def __init__(self, run: "wandb.Run", bookmark: Bookmark) -> None:
        self._run, self._bookmark = run, bookmark

    @classmethod
    def open(cls, subject: Subject) -> Self:
        """Go on with the W&B run of this subject, or begin one; those of one run folder form a group."""
        _stay_inside(subject.run / "wandb")
        import wandb

        bookmark, said = Bookmark(subject, "wandb"), subject.settings.get("wandb")
        asked = said if isinstance(said, dict) else {}
        run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", asked.get("project", "synthetyk")),
            entity=os.environ.get("WANDB_ENTITY", asked.get("entity")),
            name=subject.title,
            group=subject.whole.title,
            job_type=subject.part or "run",
            config=subject.settings,
            dir=str(subject.run),
            id=bookmark.id,
            resume="allow",
            mode=_mode(asked),
            reinit="create_new",  # that of the whole run is open beside that of a GAN
            settings=_quiet(),
        )
        if bookmark.id is None:
            bookmark.begin(run.id)
        if run.offline:
            bookmark.step = -1
        run.define_metric("step", hidden=True)
        run.define_metric("*", step_metric="step")
        return cls(run, bookmark)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Record values as a row."""
        self._row(step, {plain(name): number(value) for name, value in values.items()})

    def event(self, step: int, kind: str, message: str) -> None:
        """Record something that happened as a row."""
        self._row(step, {"event": f"{kind}: {message}"})

    def rewind(self, step: int) -> None:
        """Go on from `step`: record what is missing before it, count an attempt if there is something after it."""
        tell(self, self._bookmark.rewind(step))

    def keep(self, path: Path) -> None:
        """Copy a file into the W&B run."""
        copy = Path(self._run.dir) / path.name  # W&B by itself would link, and say so
        shutil.copyfile(path, copy)
        self._run.save(str(copy), base_path=str(copy.parent), policy="now")

    def close(self, ended: Ended = "finished") -> None:
        """End the W&B run."""
        self._run.finish(exit_code=EXIT_CODES[ended])
        self._bookmark.save()  # not before: what W&B was told last it loses in a kill, and has to be told again

    def _row(self, step: int, row: Mapping[str, Any]) -> None:
        attempt = {"attempt": self._bookmark.attempt} if self._bookmark.attempt else {}
        self._run.log({"step": step, **attempt, **row})
        self._bookmark.step = max(self._bookmark.step, step)


def _mode(asked: Mapping[str, Any]) -> Any:
    """Return the mode that the user asks for: that somebody has logged in here is no wish to send this run."""
    return os.environ.get("WANDB_MODE", asked.get("mode", "offline"))


def _stay_inside(folder: Path) -> None:
    """Keep W&B from reporting on itself, and from writing into the user's home."""
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    os.environ.setdefault("WANDB_CACHE_DIR", str(folder.resolve() / "cache"))
    os.environ.setdefault("WANDB_DATA_DIR", str(folder.resolve() / "data"))


def _quiet() -> "wandb.Settings":
    """Return settings by which W&B asks nothing, prints nothing, and looks at neither code, machine nor packages."""
    import wandb

    return wandb.Settings(
        silent=True,
        console="off",
        save_code=False,
        disable_code=True,
        disable_git=True,
        disable_job_creation=True,
        init_timeout=SECONDS,
        finish_timeout=SECONDS,
        x_disable_machine_info=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_save_requirements=False,
    )
