"""The run folder: where every file of a run lies, and how a run begins or goes on."""

from dataclasses import dataclass
from pathlib import Path

from synthetyk.core.errors import RunError
from synthetyk.pipeline.settings import RunSettings


@dataclass(frozen=True)
class RunFolder:
    """The paths of one run."""

    path: Path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    @property
    def config(self) -> Path:
        """What the user asked for."""
        return self.path / "config.json"

    @property
    def fingerprint(self) -> Path:
        """What the data is."""
        return self.path / "fingerprint.json"

    @property
    def plan(self) -> Path:
        """What follows from it, with reasons."""
        return self.path / "plan.json"

    @property
    def cache(self) -> Path:
        """Decoded images, splits."""
        return self.path / "cache"

    @property
    def features(self) -> Path:
        """The feature network trained on the training split."""
        return self.path / "features"

    @property
    def gan(self) -> Path:
        """Checkpoints, samples, metrics and the generator of the first GAN; later seeds lie in `replica`."""
        return self.path

    def replica(self, seed_index: int) -> Path:
        """Return the folder of the GAN with this seed index; 0 is the run folder itself."""
        return self.path if seed_index == 0 else self.path / "replicas" / str(seed_index)

    @property
    def synthetic(self) -> Path:
        """The generated set that the study uses."""
        return self.path / "synthetic"

    @property
    def study(self) -> Path:
        """One file for each classifier of the study."""
        return self.path / "study"

    @property
    def report(self) -> Path:
        """The page to look at."""
        return self.path / "report.html"

    def settings(self) -> RunSettings:
        """Read config.json."""
        return RunSettings.load(self.config)


def open_run(path: Path) -> RunFolder:
    """Return an existing run folder.

    Raises:
        RunError: There is none at `path`.
    """
    if not (path / "config.json").is_file():
        found = f"{path} is no run folder (it has no config.json)" if path.exists() else f"{path} does not exist"
        raise RunError(found, action="Begin one with: synthetyk run DATASET --output " + str(path))
    return RunFolder(path)


def begin_run(path: Path, settings: RunSettings) -> RunFolder:
    """Begin a run at `path`, or go on with the one that lies there if it was begun with the same settings.

    Raises:
        RunError: The folder holds something else, or a run with other settings.
    """
    if path.is_file():
        raise RunError(f"{path} is a file", expected="a folder for the run, new or empty")
    run = RunFolder(path)
    if run.config.exists():
        _check_same(run, settings)
        return run
    if path.exists() and any(item.name != "run.lock" for item in path.iterdir()):
        raise RunError(
            f"{path} holds files but no run", expected="a new or empty folder", action="Choose another --output"
        )
    path.mkdir(parents=True, exist_ok=True)
    settings.save(run.config)
    return run


def _check_same(run: RunFolder, settings: RunSettings) -> None:
    """Refuse to go on with other settings; the goal may widen from train to run, since the plan is fixed by then."""
    before, now = run.settings().model_dump(), settings.model_dump()
    different = [name for name in now if name != "goal" and before[name] != now[name]]
    if different:
        told = "; ".join(f"{name} was {before[name]!r}, now {now[name]!r}" for name in different)
        raise RunError(
            f"{run.path} holds a run with other settings ({told})",
            expected="the same settings, to go on with it",
            action="Choose another --output, or delete that folder to begin anew",
        )
