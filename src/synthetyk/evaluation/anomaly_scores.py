"""How strange new images are: those of any data set, brought to the form of the images that a detector knows."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.artifacts import Artifact
from synthetyk.core.config import Config
from synthetyk.core.errors import DatasetError, DecodeError
from synthetyk.core.progress import Progress, silent
from synthetyk.core.words import printable
from synthetyk.data.cache import CacheRecord
from synthetyk.data.census import ProblemReport, report_problems
from synthetyk.data.source import Item, Problem, Source
from synthetyk.evaluation.anomaly import AnomalyDetector
from synthetyk.evaluation.anomaly_sheet import draw_sheet

BLOCK = 64  # images in memory at a time
COLUMNS, ROWS = 10, 3  # of the sheet, each row with drawings and maps


class ScoredImage(Config):
    """One image.

    Attributes:
        key: Which, for example its path below the folder.
        score: How strange it is, about 1 if it is not.
        strange: Whether the score lies above the limit.
    """

    key: str
    score: float
    strange: bool


class AnomalyScores(Artifact):
    """``scores.json``.

    Attributes:
        location: Where the images were found.
        normal: The class that the detector knows.
        detector_sha256: Of its autoencoder's weights.
        limit: The score that 95% of the normal validation images of its run stay below.
        images: The strangest first.
        problems: What could not be used, by kind.
    """

    schema_name: ClassVar[str] = "anomaly_scores"

    location: str
    normal: str
    detector_sha256: str
    limit: float
    images: tuple[ScoredImage, ...]
    problems: dict[str, ProblemReport]

    @property
    def strange(self) -> int:
        """How many images lie above the limit."""
        return sum(image.strange for image in self.images)


@dataclass(frozen=True)
class Judged:
    """Images with their scores, in the order of their source.

    Attributes:
        items: Those that can be decoded.
        scores: Of each, float64 ``(N,)``.
        problems: Those that cannot, and what could not be listed.
    """

    items: tuple[Item, ...]
    scores: NDArray[np.float64]
    problems: tuple[Problem, ...]

    @property
    def strangest_first(self) -> list[int]:
        """Positions by falling score."""
        return [int(place) for place in np.argsort(-self.scores, kind="stable")]

    def reports(self, limit: float) -> tuple[tuple[ScoredImage, ...], dict[str, ProblemReport]]:
        """Return the images, the strangest first, and the problems as they are kept."""
        scored = ((printable(self.items[place].key), float(self.scores[place])) for place in self.strangest_first)
        images = tuple(ScoredImage(key=key, score=score, strange=score > limit) for key, score in scored)
        return images, report_problems(self.problems)


def judge(detector: AnomalyDetector, source: Source, form: CacheRecord, *, progress: Progress = silent) -> Judged:
    """Score every image of a source; those that cannot be decoded are counted.

    Args:
        detector: What scores.
        source: The images; what they are labelled does not matter.
        form: The form of the images that the detector was trained on.
        progress: Called for every block of images.

    Raises:
        DatasetError: Not one image can be decoded.
    """
    items: list[Item] = []
    scores: list[NDArray[np.float64]] = []
    problems = list(source.problems())
    listed = source.items()
    for start in range(0, len(listed), BLOCK):
        progress(start, len(listed), "judging images")
        read = [(item, _image(source, item, form, problems)) for item in listed[start : start + BLOCK]]
        there = [(item, image) for item, image in read if image is not None]
        if there:
            items += [item for item, _ in there]
            scores.append(detector.maps(np.stack([image for _, image in there])).mean(axis=(1, 2)))
    progress(len(listed), len(listed), "judging images")
    if not items:
        raise DatasetError(
            f"Not one of {len(listed)} images can be used ({len(problems)} problems)",
            expected="at least one readable image",
        )
    return Judged(tuple(items), np.concatenate(scores), tuple(problems))


def strangest_sheet(detector: AnomalyDetector, source: Source, form: CacheRecord, judged: Judged, path: Path) -> None:
    """Draw the strangest images above their drawings and maps of what is strange in them.

    Args:
        detector: What scored them.
        source: The images.
        form: As in `judge`.
        judged: Their scores.
        path: Receives the PNG.
    """
    shown = judged.strangest_first[: COLUMNS * ROWS]
    rows = []
    for start in range(0, len(shown), COLUMNS):
        places = shown[start : start + COLUMNS]
        images = np.stack([form.bring(source.read(judged.items[place])) for place in places])
        low, high = judged.scores[places[-1]], judged.scores[places[0]]
        rows.append((f"{high:.2f} to {low:.2f}", images))
    draw_sheet(detector, rows, path, columns=COLUMNS)


def _image(source: Source, item: Item, form: CacheRecord, problems: list[Problem]) -> NDArray[np.uint8] | None:
    try:
        return form.bring(source.read(item))
    except DecodeError as error:
        problems.append(Problem(item.key, error.kind, str(error)))
        return None
