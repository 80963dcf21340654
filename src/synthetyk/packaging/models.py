"""The models of a package: what is known of each, and its ONNX file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from synthetyk.compression.names import RowName
from synthetyk.compression.onnx_export import export_classifier, export_generator
from synthetyk.compression.report import ClassifierPart
from synthetyk.core.errors import ArtifactError
from synthetyk.data.cache import CacheRecord
from synthetyk.data.classes import Classes
from synthetyk.evaluation.evaluate import Evaluation
from synthetyk.evaluation.study.report import StudyReport
from synthetyk.runtime.manifest import InputContract, Measured, PackagedClass, PackagedClassifier, PackagedGenerator
from synthetyk.runtime.package import record_of
from synthetyk.training.classifier import SETTINGS_FILE, ClassifierFile, TrainedClassifier
from synthetyk.training.generator_file import load_generator

CLASSIFIER_FILE, GENERATOR_FILE = "classifier.onnx", "generator.onnx"
OWN, STUDENTS = "edgenet", ("distilled", "narrow")  # what the students of a distillation are
COMPRESS_AGAIN = "Compress the run again"


@dataclass(frozen=True)
class ClassifierForm:
    """A classifier as it goes into a package: as it was trained, or in the form that a compression picked.

    Attributes:
        data: Its file.
        encoder: Name of its network.
        precision: Of its weights and arithmetic.
        origin: What it is, in words.
        figures: What was measured of it.
    """

    data: bytes
    encoder: str
    precision: str
    origin: str
    figures: tuple[Measured, ...]


def classifier_part(
    folder: Path, form: ClassifierForm, cache: CacheRecord, classes: Classes | None = None
) -> PackagedClassifier:
    """Return what a manifest says of a classifier.

    Args:
        folder: Where it lies, as it was trained.
        form: That is packaged.
        cache: How the images were made that it was trained on.
        classes: What is known of the classes beyond their names.

    Raises:
        ArtifactError: It is damaged.
    """
    about = ClassifierFile.load(folder / SETTINGS_FILE)
    return PackagedClassifier(
        file=CLASSIFIER_FILE,
        input=InputContract(shape=about.shape, depth_rule=cache.depth_rule, fit=cache.fit),
        classes=_classes(about.class_names, classes),
        encoder=form.encoder,
        precision=form.precision,
        origin=form.origin,
        figures=form.figures,
    )


def as_trained(folder: Path, study: StudyReport | None) -> ClassifierForm:
    """Return a classifier in 32 bits, with the figures of its arm.

    Args:
        folder: Where it lies.
        study: That it comes from.

    Raises:
        ArtifactError: It is damaged.
        MissingDependencyError: What exports it is not installed.
    """
    trained = TrainedClassifier.load(folder)
    figures = tuple(_study_figures(study)) if study else ()
    return ClassifierForm(
        export_classifier(trained), trained.config.encoder, "fp32", _origin(study) if study else "", figures
    )


def as_picked(folder: Path, study: StudyReport | None, part: ClassifierPart, models: Path) -> ClassifierForm:
    """Return the form of a classifier that a compression picked, with the figures of this very file.

    Args:
        folder: Where the classifier lies.
        study: That it comes from.
        part: What the compression says of its forms.
        models: Where these lie.

    Raises:
        ArtifactError: The form's file is missing, or is not the one that was measured.
    """
    row, name = part.picked, RowName.parse(part.pick)
    path = models / row.file
    data = path.read_bytes() if path.exists() else b""
    if record_of(data).sha256 != row.sha256:
        raise ArtifactError(
            f"{path} is missing or was changed", expected=f"SHA-256 {row.sha256}", action=COMPRESS_AGAIN
        )
    words = [_origin(study)] if study else []
    origin = "; ".join([*words, f"of its forms this is {row.name}, {row.about}: {part.rule}"])
    own = ClassifierFile.load(folder / SETTINGS_FILE).config.encoder
    encoder = OWN if name.variant in STUDENTS else own
    return ClassifierForm(data, encoder, name.precision, origin, tuple(_own_figures(part)))


def generator_part(weights: Path, evaluation: Evaluation | None) -> tuple[PackagedGenerator, bytes]:
    """Return what is known of a generator, and the file that it becomes.

    Args:
        weights: Its weights, the card beside them.
        evaluation: How good its images are, for its figures.

    Raises:
        ArtifactError: It is damaged.
        MissingDependencyError: What exports it is not installed.
    """
    loaded = load_generator(weights)
    card = loaded.card
    part = PackagedGenerator(
        file=GENERATOR_FILE,
        shape=card.image_shape,
        class_names=card.class_names,
        latent=card.network.latent,
        noise_scale=card.noise_scale,
        seed=card.seed,
        weights_sha256=card.sha256,
        figures=tuple(_quality(evaluation)) if evaluation else (),
    )
    return part, export_generator(loaded)


def _classes(names: Sequence[str], said: Classes | None) -> tuple[PackagedClass, ...]:
    known = {each.name: each for each in said.classes} if said else {}
    return tuple(
        PackagedClass(name=name, title=known[name].title, risk=known[name].risk)
        if name in known
        else PackagedClass(name=name)
        for name in names
    )


def _origin(study: StudyReport) -> str:
    chosen = study.classifier
    return (
        f"Classifier {chosen.number} of the arm {chosen.arm}, which validation chose: validation AUC "
        f"{chosen.validation_auc:.3f}"
    )


def _study_figures(study: StudyReport) -> Iterator[Measured]:
    """Yield the test scores of the arm that the classifier comes from."""
    arm = study.arm(study.classifier.arm)
    about = (
        f"mean of the {arm.classifiers} classifiers of its arm in 32-bit arithmetic, on {sum(study.test_counts):,} "
        f"test images in {study.test_groups:,} groups"
    )
    if views := study.config.classifier.views:
        about += (
            f", who average over {views} changed copies of an image if that helped on validation; this file does not"
        )
    for name, spread in arm.scores.items():
        yield Measured(name=name, value=spread.mean, low=spread.low, high=spread.high, about=about)


def _own_figures(part: ClassifierPart) -> Iterator[Measured]:
    """Yield the test scores of the form that was picked."""
    row = part.picked
    about = f"this very file, on {part.test_images:,} test images in {part.test_groups:,} groups"
    if row.validation_auc is not None:
        yield Measured(name="validation_auc", value=row.validation_auc, about="this very file, on validation images")
    if row.test is None:
        return
    for name in ("auc", "accuracy", "calibration_error", "auc_difference"):
        figure = getattr(row.test, name)
        more = ", minus that of the classifier as it was trained" if name == "auc_difference" else ""
        yield Measured(name=name, value=figure.value, low=figure.low, high=figure.high, about=about + more)
    if figure := row.test.views_difference:
        copies = part.views.copies if part.views else 0
        more = f", which sees an image once, minus that of the classifier as trained, which sees {copies} copies too"
        yield Measured(
            name="views_difference", value=figure.value, low=figure.low, high=figure.high, about=about + more
        )
    yield Measured(name="agreement", value=row.test.agreement, about=f"{about}: share called as the original does")


def _quality(evaluation: Evaluation) -> Iterator[Measured]:
    """Yield what each feature network says of all classes together; distances that say nothing are left out."""
    for result in evaluation.results:
        scores = result.overall
        for measure in () if scores.void else (scores.frechet, scores.kernel):
            if measure.value is not None:
                floor = f"; between real images it is {measure.floor:.4g}" if measure.floor is not None else ""
                about = f"{scores.count:,} generated against as many training images{floor}"
                yield Measured(name=measure.name, value=measure.value, low=measure.low, high=measure.high, about=about)
        if scores.ratio.value is not None:
            name, about = f"nearest-neighbour ratio[{result.extractor}]", "near 0 for copies, about 1 for new images"
            yield Measured(name=name, value=scores.ratio.value, about=about)
