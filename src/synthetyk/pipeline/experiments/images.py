"""The images of experiments: looked at, split and decoded once for all experiments that ask for the same."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthetyk.core.config import Config
from synthetyk.core.progress import Progress
from synthetyk.data.cache import build_cache, open_cache
from synthetyk.data.classes import classes_of
from synthetyk.data.dataset import Subset
from synthetyk.data.fingerprint import Fingerprint, inspect
from synthetyk.data.open import open_source
from synthetyk.data.source import SourceOptions
from synthetyk.evaluation.study.inputs import labelled_splits
from synthetyk.pipeline.facts import facts_of
from synthetyk.pipeline.planner import plan_images
from synthetyk.pipeline.run_folder import RunFolder
from synthetyk.pipeline.settings import RunSettings
from synthetyk.pipeline.stage import Stage, run_stage


class ImagesWanted(Config):
    """Which images an experiment asks for.

    Attributes:
        dataset: Location of the data set.
        options: What the user said about it.
        seed: Of splits that must be carved.
        remove_copies: Drop training images that stand in a later split too.
        validation_split: Part of the training images that validates, where the data set says nothing itself; None: as
            `synthetyk run` carves.
        size: Height and width in pixels; 0: as the plan of a run would.
    """

    dataset: str
    options: SourceOptions = SourceOptions()
    seed: int = 0
    remove_copies: bool = False
    validation_split: float | None = 0.2
    size: int = 0

    @property
    def name(self) -> str:
        """Name of their folder."""
        digest = hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:8]
        return f"{Path(self.dataset.partition(':')[0]).stem}-{self.size or 'planned'}-{digest}"


@dataclass(frozen=True)
class Images:
    """Images that are ready to be trained on.

    Attributes:
        folder: Holds ``fingerprint.json``, ``splits.csv`` and ``cache/``.
        sha256: Of the cache: of every image, label, group and split.
    """

    folder: Path
    sha256: str

    def splits(self) -> tuple[Subset, Subset, Subset]:
        """Return training, validation and test images that have a label.

        Raises:
            NotApplicableError: They carry no comparison of classifiers; the message says why.
        """
        return labelled_splits(open_cache(self.folder / "cache"))

    def learnable(self) -> Subset:
        """Return every training image, also those without a label."""
        return open_cache(self.folder / "cache").split("train")

    def identity(self) -> str:
        """Return a hash of the images as they were found, whatever size they were brought to."""
        digests = open_cache(self.folder / "cache").digests
        return hashlib.sha256(digests.tobytes()).hexdigest() if digests is not None else self.sha256

    def fingerprint(self) -> Fingerprint:
        """Return what the data set is like."""
        return Fingerprint.load(self.folder / "fingerprint.json")


def prepare_images(wanted: ImagesWanted, folder: Path, progress: Progress) -> Images:
    """Look at a data set and decode it, unless that is done and nothing has changed.

    Args:
        wanted: Which.
        folder: Where to write.
        progress: Called for every image, twice: it is looked at, then decoded.

    Raises:
        DatasetError: The data set cannot be used.
    """

    def settings(_run: RunFolder) -> Mapping[str, Any]:
        content = open_source(wanted.dataset, wanted.options).content_hash()
        return wanted.model_dump(mode="json") | {"content": content}

    stage = Stage(
        "images",
        "Looks at the data and decodes every image once.",
        reads=(),
        writes=("fingerprint.json", "splits.csv", "cache"),
        work=lambda run, told: _decode(wanted, run, told),
        settings=settings,
    )
    outcome = run_stage(stage, RunFolder(folder), progress)
    return Images(folder, outcome.record.outputs["cache"])


def _decode(wanted: ImagesWanted, run: RunFolder, progress: Progress) -> None:
    found = inspect(
        wanted.dataset,
        wanted.options,
        seed=wanted.seed,
        remove_copies=wanted.remove_copies,
        validation_split=wanted.validation_split,
        progress=lambda done, total, message="": progress(done / total, 2, message),
    )
    facts = facts_of(found.fingerprint, 1, classes_of(found.fingerprint.classes.names, {}))
    plan = plan_images(facts, RunSettings(dataset=wanted.dataset))
    size = wanted.size or plan["resolution"]
    build_cache(
        found.source,
        found.table,
        found.fingerprint.pixels.depth_rule,
        run.cache,
        size=(size, size),
        channels=plan["channels"],
        fit=plan["fit"],
        progress=lambda done, total, message="": progress(1 + done / total, 2, message),
    )
    found.fingerprint.save(run.fingerprint)
    found.table.save(run.splits)
