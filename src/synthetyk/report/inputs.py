"""What a report is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from synthetyk.compression.report import CompressionReport
from synthetyk.core.words import listed
from synthetyk.data.classes import Classes
from synthetyk.data.fingerprint import Fingerprint
from synthetyk.evaluation.anomaly import AnomalyReport
from synthetyk.evaluation.evaluate import Evaluation
from synthetyk.evaluation.privacy import Privacy
from synthetyk.evaluation.study.report import StudyReport
from synthetyk.evaluation.synthetic_set import Manifest
from synthetyk.runtime.manifest import PackageManifest

Status = Literal["done", "not applicable", "failed", "out of date", "not finished"]
MADE_BY = {
    **{"metrics": "train", "evaluation": "evaluate", "privacy": "privacy", "manifest": "generate", "study": "study"},
    **{"anomalies": "anomalies", "compression": "compress", "package": "package"},
}


@dataclass(frozen=True)
class StageLine:
    """How one stage of the run ended.

    Attributes:
        name: Also the name of its command.
        status: How it ended; ``out of date`` if something that it depends on has changed since.
        seconds: Wall time.
        summary: What it does, in one line.
        reason: Why it does not apply, or what it failed for.
        peak_mb: Most resident memory, in millions of bytes; None where it is not known.
    """

    name: str
    status: Status
    seconds: float
    summary: str = ""
    reason: str = ""
    peak_mb: int | None = None


@dataclass(frozen=True)
class ReportInputs:
    """Everything that a run left; what is absent is said to be absent.

    Attributes:
        title: What the run is called.
        dataset: Where the data came from.
        seed: The run's seed.
        budget_seconds: The wall time that was asked for.
        versions: Packages and machine, by name.
        stages: How each stage ended, in order.
        fingerprint: What the data is.
        plan: plan.json as it stands: ``values``, ``reasons``, ``origins``.
        metrics: metrics.jsonl of the GAN's training.
        real_sheet: PNG of real training images.
        samples: PNGs of generated images from fixed noise, in the order of the training; named by images shown.
        nearest_sheet: PNG of synthetic images with the nearest real ones.
        evaluation: How good the synthetic images are.
        privacy: Whether training images were memorised.
        manifest: What was generated.
        study: Whether synthetic images help.
        compression: What smaller forms of classifier and generator are worth.
        classes: What is known of the classes beyond their names.
        anomalies: What does not look normal.
        anomaly_sheet: PNG of test images, their drawings and their errors.
        package: What was made of the models.
    """

    title: str
    dataset: str
    seed: int
    budget_seconds: float | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[StageLine, ...] = ()
    fingerprint: Fingerprint | None = None
    plan: Mapping[str, Any] | None = None
    metrics: Path | None = None
    real_sheet: Path | None = None
    samples: tuple[Path, ...] = ()
    nearest_sheet: Path | None = None
    evaluation: Evaluation | None = None
    privacy: Privacy | None = None
    manifest: Manifest | None = None
    study: StudyReport | None = None
    compression: CompressionReport | None = None
    classes: Classes | None = None
    anomalies: AnomalyReport | None = None
    anomaly_sheet: Path | None = None
    package: PackageManifest | None = None

    def absent(self, what: str, *stages: str) -> str:
        """Say in words why something is not there.

        Args:
            what: The subject, for example ``"A study"``.
            stages: Names of the stages that would have made it.
        """
        ended = [stage for stage in self.stages if stage.name in stages]
        reason = next((stage.reason for stage in ended if stage.reason), "")
        if any(stage.status == "failed" for stage in ended):
            return f"{what} was not made, since the stage {stages[0]!r} failed. {reason}"
        if reason:
            return f"{what} was left out. {reason}"
        if ended:
            return f"{what} was not made."
        return f"{what} is not part of this run: the stage {stages[0]!r} was not run."

    def outdated(self, *fields: str) -> str:
        """Say in words that parts of the run do not fit the rest of it; nothing if they do, or are not there.

        Args:
            fields: Names of the parts, for example ``"evaluation"``.
        """
        makers = [MADE_BY[name] for name in fields if getattr(self, name) is not None]
        old = [repr(s.name) for s in self.stages if s.name in makers and s.status != "done"]
        if not old:
            return ""
        return (
            f"Of an earlier training, or of one that has not ended: {listed(old)} must be done again. "
            f"To go on: synthetyk {'anomalies RUN' if makers == ['anomalies'] else 'run --resume RUN'}"
        )
