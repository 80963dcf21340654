"""What the pages read of a run folder's files: the part that they show, so that they need neither stages nor torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from synthetyk.core.artifacts import read_json
from synthetyk.core.errors import ArtifactError

LARGEST = 2**26  # bytes of a JSON file
STAGES = (
    *("fingerprint", "plan", "cache", "features", "train", "evaluate", "privacy", "generate", "study", "compress"),
    *("package", "report"),
)
LAST = {"run": "report", "train": "train"}  # stage by goal


class Part(BaseModel):
    """A part of a file: other keys of it are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


Found = TypeVar("Found", bound=Part)


class Settings(Part):
    """Of ``config.json`` of a run."""

    dataset: str
    budget_seconds: float
    goal: str
    seed: int


class StageEnd(Part):
    """Of ``stages/NAME.json``."""

    name: str
    status: str
    reason: str = ""
    seconds: float


class PlanValues(Part):
    """Of the values in ``plan.json``."""

    resolution: int
    channels: int
    gan_kimg: float
    gan_recipe: str


class Plan(Part):
    """Of ``plan.json``."""

    values: PlanValues


class StudyVerdict(Part):
    """Of the verdict in ``study.json``."""

    outcome: str
    sentence: str


class Spread(Part):
    """A score with its 95% interval."""

    mean: float
    low: float
    high: float


class Arm(Part):
    """Of an arm in ``study.json``."""

    name: str
    scores: Mapping[str, Spread]


class Study(Part):
    """Of ``study/study.json``."""

    verdict: StudyVerdict
    arms: tuple[Arm, ...]


class Privacy(Part):
    """Of ``privacy.json``."""

    verdict: str
    sentence: str


class Figure(Part):
    """A measured value with its 95% interval."""

    value: float
    low: float
    high: float


class TestScores(Part):
    """Of what a smaller classifier is worth."""

    __test__ = False  # no test, whatever its name says

    auc: Figure
    auc_difference: Figure


class Latency(Part):
    """How long a batch takes."""

    batch: int
    milliseconds: float
    speedup: float


class Row(Part):
    """Of a smaller model in ``compression.json``; a classifier has scores, a generator a distance."""

    name: str
    about: str
    megabytes: float
    latencies: tuple[Latency, ...]
    benefit: str
    test: TestScores | None = None
    distance: float | None = None


class PrecisionVerdict(Part):
    """Whether fewer bits hurt."""

    outcome: str
    sentence: str


class SmallerClassifiers(Part):
    """Of ``compression.json``."""

    rows: tuple[Row, ...]
    pick: str
    rule: str
    precision: PrecisionVerdict


class SmallerGenerators(Part):
    """Of ``compression.json``."""

    distance: str
    rows: tuple[Row, ...]


class Compression(Part):
    """Of ``compression.json``."""

    classifier: SmallerClassifiers | None = None
    generator: SmallerGenerators | None = None


class Experiment(Part):
    """Of an experiment in ``experiments.json``."""

    name: str
    seeds: tuple[int, ...]
    parameters: int
    test: Mapping[str, Spread]
    failures: Mapping[int, str]
    precision: str


class Effect(Part):
    """What one key changes, of ``experiments.json``."""

    key: str
    value: str
    baseline: str
    score: str
    difference: Spread
    outcome: str


class Experiments(Part):
    """Of ``experiments.json``."""

    experiments: tuple[Experiment, ...]
    effects: tuple[Effect, ...]
    best: str | None
    notes: tuple[str, ...]


def read(kind: type[Found], path: Path) -> Found | None:
    """Return what the pages show of a JSON file, None if it is not there or not what it should be."""
    values = read_values(path)
    if values is None:
        return None
    try:
        return kind.model_validate(values)
    except ValidationError:
        return None


def read_values(path: Path) -> dict[str, Any] | None:
    """Return a JSON object from a file, None if it is not there or is none."""
    try:
        if path.stat().st_size > LARGEST:
            return None
        values: dict[str, Any] = read_json(path)
    except (ArtifactError, OSError):
        return None
    return values
