"""The folder of experiments: what was asked for, where everything lies, and who may write there."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from synthetyk.core.artifacts import Artifact
from synthetyk.core.errors import ConfigError, RunError
from synthetyk.data.source import SourceOptions
from synthetyk.pipeline.begin import check_outside
from synthetyk.pipeline.experiments.experiment import Experiment
from synthetyk.pipeline.run_folder import load_present

LONGEST = 100  # characters of a folder's name
USUAL = r"[\w=.+, ()/-]*"  # names of these characters become folders of their own without a hash, but for odd ones


class ExperimentsAsked(Artifact):
    """``config.json`` of the folder of experiments.

    Attributes:
        options: What the user said about the data sets.
        seed: Of carved splits, trainings and intervals.
        remove_copies: Drop training images that stand in a later split too.
        experiments: Every experiment by its name, grids unfolded, what the command line said laid over them.
    """

    schema_name: ClassVar[str] = "experiments_config"

    options: SourceOptions = SourceOptions()
    seed: int = 0
    remove_copies: bool = False
    experiments: dict[str, Experiment]


@dataclass(frozen=True)
class ExperimentsFolder:
    """The paths of some experiments."""

    path: Path

    @property
    def config(self) -> Path:
        """What was asked for."""
        return self.path / "config.json"

    @property
    def report(self) -> Path:
        """What was found."""
        return self.path / "experiments.json"

    @property
    def page(self) -> Path:
        """The page to look at."""
        return self.path / "experiments.html"

    @property
    def figure(self) -> Path:
        """Its charts."""
        return self.path / "experiments.png"

    def images(self, name: str) -> Path:
        """Return the folder of decoded images."""
        return self.path / "data" / name

    def experiment(self, name: str) -> Path:
        """Return the folder of an experiment."""
        return self.path / "experiments" / folder_name(name)

    def seed(self, name: str, number: int) -> Path:
        """Return the folder of one of its trainings."""
        return self.experiment(name) / f"seed-{number}"


def begin_experiments(path: Path, asked: ExperimentsAsked) -> ExperimentsFolder:
    """Make a folder for experiments at `path`, or take the one that lies there; others may be asked of it now.

    Raises:
        RunError: The folder holds something else, or lies in a data set.
        ConfigError: Two experiments would have one folder.
    """
    for dataset in {experiment.data for experiment in asked.experiments.values()}:
        check_outside(path, dataset)
    folder = ExperimentsFolder(path)
    ours = load_present(ExperimentsAsked, folder.config) is not None
    if path.is_file() or (not ours and path.exists() and any(item.name != "run.lock" for item in path.iterdir())):
        raise RunError(
            f"{path} holds something else than experiments",
            expected="a new or empty folder, or one of experiments",
            action="Choose another --output",
        )
    check_folder_names(asked.experiments)
    path.mkdir(parents=True, exist_ok=True)
    return folder


def check_folder_names(names: Iterable[str]) -> None:
    """Refuse names that would lead to one folder.

    Raises:
        ConfigError: Two do.
    """
    known: dict[str, str] = {}
    for name in names:
        other = known.setdefault(folder_name(name).casefold(), name)
        if other != name:
            raise ConfigError(
                f"The experiments {other!r} and {name!r} would have the same folder", action="Rename one of them"
            )


def folder_name(name: str) -> str:
    """Return an experiment's name in characters that every file system takes."""
    plain = re.sub(r"[^\w=.+-]+", "_", name, flags=re.ASCII).strip("_.") or "experiment"
    if len(plain) <= LONGEST and re.fullmatch(USUAL, name, flags=re.ASCII):
        return plain
    return f"{plain[:LONGEST]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
