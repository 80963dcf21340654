"""``study.json``: everything that a study found."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from synthetyk.core.artifacts import Artifact, Migration
from synthetyk.core.config import Config
from synthetyk.evaluation.study.arms import BY_NAME, NAMES
from synthetyk.evaluation.study.verdict import Verdict, VerdictRules
from synthetyk.training.autoencoder import AutoencoderConfig
from synthetyk.training.classifier import ClassifierConfig

# Real and synthetic images, together or in turn.
CHALLENGERS = ("real+synthetic+augmentation", "real+synthetic", "synthetic-then-real")


class StudyConfig(Config):
    """How a study is done.

    Attributes:
        seed: Every random choice follows from it.
        seeds: Classifiers per arm, and per GAN where an arm has synthetic images.
        arms: Names of the arms, at least one with real and synthetic images and one without synthetic.
        classifier: Settings of every classifier; arms change balance, augmentation and seed only.
        weights: Whether encoders begin with published weights, and what these want to see, see
            `encoder_start.published_start`.
        pretrain: The autoencoder that they begin with instead; None: with none.
        minimum_added: Synthetic images to add at least, as a part of the real ones, once the classes are balanced.
        resamples: Of the bootstrap.
        rules: What the verdict asks for.
        positive_class: Two classes only: whose recall is called sensitivity; default: the second.
        normal_class: Which class is nothing, where presence and type are asked apart; None: they are not.
        positive_type: Two classes beside it only: whose recall among the two is called sensitivity; default: the
            second.
        workers: Processes that train side by side, one thread each; they change nothing but the time.
    """

    seed: int = Field(0, ge=0)
    seeds: int = Field(5, ge=2)
    arms: tuple[str, ...] = NAMES
    classifier: ClassifierConfig = ClassifierConfig()
    weights: Literal["none", "torchvision", "caffe"] = "none"
    pretrain: AutoencoderConfig | None = None
    minimum_added: float = Field(0.5, ge=0)
    resamples: int = Field(2000, ge=100)
    rules: VerdictRules = VerdictRules()
    positive_class: str | None = None
    normal_class: str | None = None
    positive_type: str | None = None
    workers: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _check_arms(self) -> "StudyConfig":
        unknown = set(self.arms) - set(BY_NAME)
        if unknown or len(set(self.arms)) < len(self.arms):
            raise ValueError(f"arms of different names out of {', '.join(BY_NAME)}")
        challenged = any(name in CHALLENGERS for name in self.arms)
        if not challenged or all(BY_NAME[name].synthetic for name in self.arms):
            raise ValueError(f"arms with {' or '.join(CHALLENGERS)}, and at least one arm without synthetic images")
        return self


class Spread(Config):
    """A score of an arm's classifiers.

    Attributes:
        mean: Over the classifiers.
        sd: Standard deviation over the classifiers.
        low: Lower end of a 95% interval: for AUC from the joint bootstrap over seeds and test groups, for the other
            scores Student's over the classifiers, which knows nothing of other test images.
        high: Upper end.
    """

    mean: float
    sd: float
    low: float
    high: float


class MeanPoint(Config):
    """One point of an arm's validation curve, averaged over its classifiers.

    Attributes:
        step: Training steps done.
        loss: Validation loss.
        auc: Validation AUC; None if it has none.
    """

    step: int
    loss: float
    auc: float | None


class Reliability(Config):
    """Confidence against accuracy in bins, over all test predictions of an arm; empty bins are left out.

    Attributes:
        confidence: Mean largest probability in each bin.
        accuracy: Share of predictions in it that are right.
        count: Predictions in it.
    """

    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]
    count: tuple[int, ...]


class PresenceAndType(Config):
    """What the classifiers of an arm say when they are asked twice: is there anything, and what is it?

    Each question has auc, sensitivity and specificity on the test split; all intervals come from the joint bootstrap.

    Attributes:
        presence: Any class but the normal one, against it; something is found where it is more probable than not.
        type: Among images that do show something: which class it is; the most probable one is called. With more than
            two types the mean over them.
    """

    presence: dict[str, Spread]
    type: dict[str, Spread]


class ArmReport(Config):
    """What one arm's classifiers are worth.

    Attributes:
        name: The arm.
        description: What it is, in words.
        synthetic: Whether synthetic images are among its training images.
        classifiers: How many were trained.
        training_counts: Training images per class.
        scores: On the test split: auc, sensitivity, specificity, accuracy, balanced_accuracy, f1, calibration_error
            (expected), brier.
        confusion: ``confusion[i][j]`` test images of class i were called j, summed over the classifiers.
        reliability: Their calibration.
        validation_auc: On the validation split; arms are chosen by it.
        curve: Their validation curve.
        plateaued: Whether longer training was no longer worth it.
        asked: Presence and type apart; None without a normal class or with fewer than two others.
    """

    name: str
    description: str
    synthetic: bool
    classifiers: int
    training_counts: tuple[int, ...]
    scores: dict[str, Spread]
    confusion: tuple[tuple[int, ...], ...]
    reliability: Reliability
    validation_auc: Spread
    curve: tuple[MeanPoint, ...]
    plateaued: bool
    asked: PresenceAndType | None = None


class Comparison(Config):
    """The test AUC of one arm minus that of another, paired by test group.

    Attributes:
        first: The arm whose AUC stands first.
        second: The arm whose AUC is taken from it.
        difference: Of the mean AUCs.
        low: Lower end of its 95% interval.
        high: Upper end.
        p_value: Two-sided.
        p_corrected: Holm's correction among the secondary comparisons; the primary one needs none.
        smallest_effect: Smallest true difference that would have been seen in four of five such studies.
        outcome: By the interval for the primary comparison, by the corrected p-value (0.05) for the others.
    """

    first: str
    second: str
    difference: float
    low: float
    high: float
    p_value: float
    p_corrected: float
    smallest_effect: float
    outcome: Literal["higher", "lower", "no difference shown"]


class ChosenClassifier(Config):
    """The run's classifier: its arm and it were chosen on validation.

    Attributes:
        arm: Name of its arm.
        gan: Which GAN's images it saw; 0 where the arm has none.
        number: Which of the arm's classifiers.
        validation_auc: Its AUC on the validation split.
        folder: Where it lies, below the study's folder.
    """

    arm: str
    gan: int
    number: int
    validation_auc: float
    folder: str


class StudyReport(Artifact):
    """``study.json``.

    Attributes:
        verdict: The answer.
        primary: The comparison that it rests on, fixed beforehand.
        comparisons: All others, corrected for their number.
        arms: Every arm.
        classifier: The one to use.
        class_names: One name per label.
        positive_class: Whose recall is called sensitivity; None for more than two classes (mean over the classes).
        train_counts: Real training images per class.
        val_counts: Validation images per class.
        test_counts: Test images per class.
        test_groups: Patients, slides or other groups in the test split.
        gans: GANs that synthetic images come from.
        config: How the study was done.
        notes: What a reader has to know, in words.
    """

    schema_name: ClassVar[str] = "study"
    schema_version: ClassVar[int] = 2
    migrations: ClassVar[dict[int, Migration]] = {1: dict}  # presence and type were not asked apart

    verdict: Verdict
    primary: Comparison
    comparisons: tuple[Comparison, ...]
    arms: tuple[ArmReport, ...]
    classifier: ChosenClassifier
    class_names: tuple[str, ...]
    positive_class: str | None
    train_counts: tuple[int, ...]
    val_counts: tuple[int, ...]
    test_counts: tuple[int, ...]
    test_groups: int
    gans: int
    config: StudyConfig
    notes: tuple[str, ...]

    def arm(self, name: str) -> ArmReport:
        """Return one arm."""
        return next(arm for arm in self.arms if arm.name == name)
