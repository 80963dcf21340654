"""What a package is made of."""

from dataclasses import dataclass
from pathlib import Path

from synthetyk.compression.report import CompressionReport
from synthetyk.data.cache import CacheRecord
from synthetyk.data.classes import Classes
from synthetyk.data.fingerprint import Fingerprint
from synthetyk.evaluation.evaluate import Evaluation
from synthetyk.evaluation.privacy import Privacy
from synthetyk.evaluation.study.report import StudyReport


@dataclass(frozen=True)
class PackageInputs:
    """What a run left that a package can hold, or tell of.

    Attributes:
        title: What the run is called.
        cache: How its images were made.
        fingerprint: What its data is.
        fingerprint_sha256: Of ``fingerprint.json``.
        fraction: Part of the training split that was used.
        generator: Weights of the generator, its card beside them; None if there is none.
        classifier: Folder of the classifier that the study chose; None if there is none.
        evaluation: How good the generator's images are.
        privacy: Whether they show training images again.
        study: Whether they help, and how good the classifier is.
        classes: What is known of the classes beyond their names.
        compression: What smaller forms of the classifier are worth; the one that it picked is packaged.
        models: Folder of those forms.
    """

    title: str
    cache: CacheRecord
    fingerprint: Fingerprint
    fingerprint_sha256: str
    fraction: float = 1.0
    generator: Path | None = None
    classifier: Path | None = None
    evaluation: Evaluation | None = None
    privacy: Privacy | None = None
    study: StudyReport | None = None
    classes: Classes | None = None
    compression: CompressionReport | None = None
    models: Path | None = None
