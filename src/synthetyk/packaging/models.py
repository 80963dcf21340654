"""The models of a package: what is known of each, and its ONNX file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from synthetyk.compression.onnx_export import export_classifier, export_generator
from synthetyk.data.cache import CacheRecord
from synthetyk.data.classes import Classes
from synthetyk.evaluation.evaluate import Evaluation
from synthetyk.evaluation.study.report import StudyReport
from synthetyk.runtime.manifest import InputContract, Measured, PackagedClass, PackagedClassifier, PackagedGenerator
from synthetyk.training.classifier import TrainedClassifier
from synthetyk.training.generator_file import load_generator

CLASSIFIER_FILE, GENERATOR_FILE = "classifier.onnx", "generator.onnx"


def classifier_part(
    folder: Path, cache: CacheRecord, study: StudyReport | None, classes: Classes | None = None
) -> tuple[PackagedClassifier, bytes]:
    """Return what is known of a classifier, and the file that it becomes.

    Args:
        folder: Where it lies.
        cache: How the images were made that it was trained on.
        study: That it comes from, for its figures.
        classes: What is known of the classes beyond their names.

    Raises:
        ArtifactError: It is damaged.
        MissingDependencyError: What exports it is not installed.
    """
    trained = TrainedClassifier.load(folder)
    part = PackagedClassifier(
        file=CLASSIFIER_FILE,
        input=InputContract(shape=trained.shape, depth_rule=cache.depth_rule, fit=cache.fit),
        classes=_classes(trained.class_names, classes),
        encoder=trained.config.encoder,
        origin=_origin(study) if study else "",
        figures=tuple(_study_figures(study)) if study else (),
    )
    return part, export_classifier(trained)


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
    for name, spread in arm.scores.items():
        yield Measured(name=name, value=spread.mean, low=spread.low, high=spread.high, about=about)


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
