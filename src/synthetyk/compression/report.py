"""``compression.json``: every smaller model, measured beside the original."""

from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator

from synthetyk.compression.names import DEFAULT_ROWS, GENERATOR_ROWS, check_names
from synthetyk.compression.speed import Latency
from synthetyk.core.artifacts import Artifact, Migration
from synthetyk.core.config import Config
from synthetyk.metrics.interval import Interval


class CompressionConfig(Config):
    """How a classifier and a generator are compressed.

    Attributes:
        rows: What is made of the classifier: ``VARIANT``, ``PRECISION`` or ``VARIANT+PRECISION``, see
            `compression.names`. The original in 32 bits always is.
        generator_rows: Precisions of the generator; the original in 32 bits always is.
        seed: Every random choice follows from it.
        steps: Training steps of what is pruned; three times as many for what is distilled; 0: it is left out.
        sparsity: Share of the weights that magnitude pruning sets to 0.
        kept_channels: Share of the channels that channel pruning keeps.
        student_width: Channels of the first block of the EdgeNet that a larger network is distilled into.
        calibration_images: Training images that show the ranges of activations.
        tolerance: How much AUC a smaller model may lose.
        resamples: Of the bootstrap.
        seconds: Time for each measurement of speed.
        positive_class: Two classes only: whose detection the answer speaks of; default: the second.
    """

    rows: tuple[str, ...] = DEFAULT_ROWS
    generator_rows: tuple[str, ...] = GENERATOR_ROWS
    seed: int = Field(0, ge=0)
    steps: int = Field(300, ge=0)
    sparsity: float = Field(0.7, gt=0, lt=1)
    kept_channels: float = Field(0.5, gt=0, lt=1)
    student_width: int = Field(16, ge=8)
    calibration_images: int = Field(256, ge=1)
    tolerance: float = Field(0.003, ge=0)
    resamples: int = Field(1000, ge=100)
    seconds: float = Field(0.5, ge=0)
    positive_class: str | None = None

    @field_validator("rows", "generator_rows")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return check_names(names)


class Figure(Config):
    """A score with its 95% interval.

    Attributes:
        value: As measured.
        low: Lower end.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, interval: Interval) -> Self:
        """Return an interval as it is written down."""
        return cls(value=interval.value, low=interval.low, high=interval.high)


class ViewsScores(Config):
    """What the classifier is worth as it was trained, if it averages over several looks at an image, as no file does.

    Attributes:
        copies: Changed copies of an image that it averages over, beside the image itself.
        validation_auc: On the validation split; None if that holds one class only.
        auc: On the test split; None if that cannot be judged.
    """

    copies: int
    validation_auc: float | None
    auc: Figure | None


class TestScores(Config):
    """What a model is worth on the test split; intervals come from a bootstrap over its groups.

    Attributes:
        auc: Area under the ROC curve; more than two classes: mean of one against the rest.
        accuracy: Share of images called right.
        calibration_error: Expected, over 15 bins.
        auc_difference: Its AUC minus the original's, paired by test group.
        agreement: Share of the images that it calls as the original does.
        views_difference: Its AUC minus that of the classifier with all of its looks, paired by test group; None if that
            looks once as well.
    """

    __test__ = False  # no test, whatever its name says

    auc: Figure
    accuracy: Figure
    calibration_error: Figure
    auc_difference: Figure
    agreement: float
    views_difference: Figure | None = None


class ModelFile(Config):
    """A model on disk, and what it costs.

    Attributes:
        name: Of its row.
        about: What it is, in words.
        file: Below the folder of models.
        sha256: Of the file.
        megabytes: Its size, in millions of bytes.
        gzip_megabytes: Its size when packed, as it would be sent.
        peak_mb: Memory that it takes beside ONNX Runtime itself once it has answered a batch of 32, in millions of
            bytes.
        latencies: Beside the original, in the same process, on one thread.
    """

    name: str
    about: str
    file: str
    sha256: str
    megabytes: float
    gzip_megabytes: float
    peak_mb: float
    latencies: tuple[Latency, ...]


class ClassifierRow(ModelFile):
    """A classifier in one form.

    Attributes:
        validation_auc: On the validation split, by which one is picked; None if that holds one class only.
        test: On the test split; None if that cannot be judged.
        benefit: What is gained over the original, or that nothing is, in words.
    """

    validation_auc: float | None
    test: TestScores | None
    benefit: str


class GeneratorRow(ModelFile):
    """A generator in one form.

    Attributes:
        distance: Of its images to real ones.
        difference: Mean difference of its pixels from the original's, of 255 grey values.
        benefit: What is gained over the original, or that nothing is, in words.
    """

    distance: float
    difference: float
    benefit: str


class LeftOut(Config):
    """A row that was not made.

    Attributes:
        name: The row.
        reason: Why not.
    """

    name: str
    reason: str


class PrecisionVerdict(Config):
    """Whether fewer bits hurt the detection, by the test images.

    Attributes:
        outcome: ``no loss`` if the intervals of all differences stay within the tolerance, ``loss`` if one lies wholly
            below it, else ``not decided``; ``not known`` if nothing could be judged.
        subject: What is to be detected.
        sentence: The answer, with its intervals.
    """

    outcome: Literal["no loss", "loss", "not decided", "not known"]
    subject: str
    sentence: str


class ClassifierPart(Config):
    """The classifier's rows, and what follows from them.

    Attributes:
        class_names: One name per output.
        positive_class: Whose detection the answer speaks of; None for more than two classes.
        rows: The original first.
        left_out: What was asked for but not made.
        pick: Name of the row to use.
        rule: By which it was picked.
        precision: Whether fewer bits hurt the detection.
        test_images: Images in the test split.
        test_groups: Patients, slides or other groups in it.
        notes: What a reader has to know, in words.
        views: What several looks at an image are worth, which the files do not take; None if the classifier takes one.
    """

    class_names: tuple[str, ...]
    positive_class: str | None
    rows: tuple[ClassifierRow, ...]
    left_out: tuple[LeftOut, ...]
    pick: str
    rule: str
    precision: PrecisionVerdict
    test_images: int
    test_groups: int
    notes: tuple[str, ...]
    views: ViewsScores | None = None

    @property
    def original(self) -> ClassifierRow:
        """The classifier as it was trained."""
        return self.rows[0]

    @property
    def picked(self) -> ClassifierRow:
        """The row to use."""
        return next(row for row in self.rows if row.name == self.pick)


class GeneratorPart(Config):
    """The generator's rows.

    Attributes:
        distance: What the distance is called.
        images: How many generated images it looked at.
        rows: The original first.
        left_out: What was asked for but not made.
    """

    distance: str
    images: int
    rows: tuple[GeneratorRow, ...]
    left_out: tuple[LeftOut, ...] = ()


class CompressionReport(Artifact):
    """``compression.json``.

    Attributes:
        classifier: What was made of the classifier; None if there is none.
        generator: What was made of the generator; None if there is none.
        config: How it was done.
        versions: Of what wrote and ran the models.
    """

    schema_name: ClassVar[str] = "compression"
    schema_version: ClassVar[int] = 2
    migrations: ClassVar[dict[int, Migration]] = {1: dict}  # nothing was said of several looks

    classifier: ClassifierPart | None = None
    generator: GeneratorPart | None = None
    config: CompressionConfig
    versions: dict[str, str]


class ClassifierRowFile(Artifact):
    """A finished row, kept so that it is not made again.

    Attributes:
        inputs: Hash of everything that it depends on.
        row: The row.
    """

    schema_name: ClassVar[str] = "compressed_classifier"
    schema_version: ClassVar[int] = 2
    migrations: ClassVar[dict[int, Migration]] = {1: dict}

    inputs: str
    row: ClassifierRow


class GeneratorRowFile(Artifact):
    """A finished row, kept so that it is not made again.

    Attributes:
        inputs: Hash of everything that it depends on.
        row: The row.
    """

    schema_name: ClassVar[str] = "compressed_generator"

    inputs: str
    row: GeneratorRow
