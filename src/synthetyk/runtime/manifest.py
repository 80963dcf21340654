"""``manifest.json``: what a package holds, what its models take and give, and what was measured of them."""

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from synthetyk.core.artifacts import Artifact
from synthetyk.core.config import Config
from synthetyk.data.pixels import DepthRule, FitMode

NOTICE = (
    "For research only: this is no medical device, and nothing in it was tested for use on patients. What the terms of "
    "the training data ask for holds for these models too."
)
MANIFEST, SIGNATURE = "manifest.json", "signature.json"
OWN_FILES = (MANIFEST, SIGNATURE)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def plain_name(name: str) -> str:
    """Return a file's name as it is, if it can lead nowhere but into the package's own folder.

    Raises:
        ValueError: It can, or it is the name of a file that the package itself writes.
    """
    if not _PLAIN.fullmatch(name) or name in OWN_FILES:
        raise ValueError("a plain file name: letters, digits, dots, dashes, no folder")
    return name


PlainName = Annotated[str, AfterValidator(plain_name)]
Precision = Annotated[str, Field(min_length=1)]


class FileRecord(Config):
    """What a file of the package must be.

    Attributes:
        sha256: Of its bytes.
        bytes: How many there are.
    """

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class PackagedClass(Config):
    """One class of the classifier.

    Attributes:
        name: As the data set calls it.
        title: For people; empty: the name.
        risk: Whether an image of this class is one to act on; the risk of an image is the probability of all of them.
    """

    name: str
    title: str = ""
    risk: bool = False


class InputContract(Config):
    """How an image becomes what a model takes.

    Attributes:
        shape: (C, H, W).
        depth_rule: How values of more than 8 bits become uint8.
        fit: How an image of another shape is brought to `shape`.
        value_range: What 0 and 255 become.
    """

    shape: tuple[int, int, int]
    depth_rule: DepthRule
    fit: FitMode
    value_range: tuple[float, float] = (-1.0, 1.0)

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.shape[0] not in (1, 3) or min(self.shape) < 1:
            raise ValueError("a shape (C, H, W) with 1 or 3 channels")
        if self.value_range != (-1.0, 1.0):
            raise ValueError("the value range [-1, 1], which is all that this version knows")
        return self

    @property
    def channels(self) -> Literal[1, 3]:
        """1 (grey) or 3 (RGB)."""
        return 1 if self.shape[0] == 1 else 3


class Measured(Config):
    """Something that was measured.

    Attributes:
        name: Of what, for example ``auc``.
        value: The best estimate.
        low: Lower end of its 95% interval; None where there is none.
        high: Upper end.
        about: On which images, by how many classifiers, and what else the figure depends on.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    about: str


class PackagedClassifier(Config):
    """The classifier.

    Attributes:
        file: ONNX: ``images`` float32 ``(N, C, H, W)`` to ``logits`` and ``probabilities`` ``(N, K)`` and
            ``activation_maps`` ``(N, K, h, w)``.
        input: What it takes.
        classes: One for each output.
        encoder: Name of its network.
        precision: Of its weights and arithmetic, for example ``fp32``.
        origin: Which classifier this is, in words.
        figures: What was measured of it.
    """

    file: PlainName
    input: InputContract
    classes: tuple[PackagedClass, ...] = Field(min_length=2)
    encoder: str
    precision: Precision = "fp32"
    origin: str = ""
    figures: tuple[Measured, ...] = ()


class PackagedGenerator(Config):
    """The generator.

    Attributes:
        file: ONNX: ``noise`` float32 ``(N, latent)``, standard normal, and ``labels`` int64 ``(N,)`` where there are
            classes, to ``images`` float32 ``(N, C, H, W)`` in [-1, 1].
        shape: (C, H, W) of an image.
        class_names: One for each label; empty if unconditional.
        latent: Numbers in a noise vector.
        noise_scale: What the file itself multiplies noise with.
        seed: Of the images, unless another is asked for. The noise of image i of class c has the address
            (seed, ``generate/c``, i), see `core.noise`.
        precision: As for the classifier.
        weights_sha256: Of the trained weights that it was exported from.
        figures: What was measured of it.
    """

    file: PlainName
    shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    latent: int = Field(ge=1)
    noise_scale: float = Field(gt=0)
    seed: int = Field(ge=0)
    precision: Precision = "fp32"
    weights_sha256: str
    figures: tuple[Measured, ...] = ()


class TrainingData(Config):
    """What the models were trained on; no image, no name of a file, no patient.

    Attributes:
        fingerprint_sha256: Of ``fingerprint.json`` of the run.
        content_hash: Of the data set as it was read.
        counts: Images by class and split; the key is empty for a set without labels.
        fraction: Part of the training split that was used.
        notes: What a reader should know.
    """

    fingerprint_sha256: str
    content_hash: str
    counts: dict[str, dict[str, int]]
    fraction: float = 1.0
    notes: tuple[str, ...] = ()


class PackageManifest(Artifact):
    """``manifest.json`` of a package.

    Attributes:
        title: What the run was called.
        notice: What a reader has to know first.
        created_by: Tool and version; no time, so that the same run gives the same bytes.
        classifier: None if the package has none.
        generator: None if the package has none.
        data: What both were trained on.
        verdicts: What the run found, in sentences: ``study``, ``privacy``, ``compression``.
        files: Every other file of the package by name, the signature left out.
        around: Every file of the MLflow model around it; empty if there is none.
    """

    schema_name: ClassVar[str] = "package"

    title: str
    notice: str = NOTICE
    created_by: str
    classifier: PackagedClassifier | None
    generator: PackagedGenerator | None
    data: TrainingData
    verdicts: dict[str, str] = Field(default={})
    files: dict[PlainName, FileRecord]
    around: dict[PlainName, FileRecord] = Field(default={})

    @model_validator(mode="after")
    def _names_its_models(self) -> Self:
        for part in (self.classifier, self.generator):
            if part and part.file not in self.files:
                raise ValueError(f"a hash of {part.file} among files")
        return self
