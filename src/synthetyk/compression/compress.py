"""Makes a classifier smaller in several ways and measures each beside the original."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from synthetyk.compression.names import ORIGINAL, PRECISION_WORDS, RowName, Variant
from synthetyk.compression.onnx_export import export_classifier
from synthetyk.compression.precision import Feeds, quantised, with_half_weights
from synthetyk.compression.quality import (
    Predictions,
    Splits,
    scores_on_test,
    unit_batches,
    validation_auc,
    views_scores,
)
from synthetyk.compression.report import (
    ClassifierPart,
    ClassifierRow,
    ClassifierRowFile,
    CompressionConfig,
    CompressionReport,
    LeftOut,
    ViewsScores,
)
from synthetyk.compression.rows import Shelf, hashed, versions
from synthetyk.compression.speed import BATCHES
from synthetyk.compression.variants import Workshop
from synthetyk.compression.verdict import benefit, picked, precision_verdict, rule_of
from synthetyk.core import seeding
from synthetyk.core.errors import ConfigError, SynthetykError
from synthetyk.core.progress import Progress, silent
from synthetyk.core.words import listed
from synthetyk.data.classes import in_words
from synthetyk.data.dataset import Dataset
from synthetyk.training.classifier import TrainedClassifier

SPLITS_NOTE = "Validation images alone choose weights and the row to use; test images are reported, and decide nothing."


def compress_classifier(
    classifier: TrainedClassifier,
    dataset: Dataset,
    config: CompressionConfig,
    folder: Path,
    progress: Progress = silent,
) -> CompressionReport:
    """Make and measure every row; those that `folder` holds already, of the same classifier and data, are kept.

    Args:
        classifier: The original.
        dataset: Labelled images in their splits; training images teach and show ranges, validation images choose.
        config: What to make.
        folder: Receives ``classifier-NAME.onnx`` for each row, and ``rows/``.
        progress: Told after each row.

    Raises:
        MissingDependencyError: A package of the extra ``compress`` is not installed.
        ConfigError: There is no class of the name that the answer is to speak of.
    """
    subject = _positive(config, classifier.class_names)
    bench = Bench.of(classifier, Splits.of(dataset), config, folder)
    names = (ORIGINAL, *config.rows)
    rows: list[ClassifierRow] = []
    left_out: list[LeftOut] = []
    for done, name in enumerate(names):
        progress(done, len(names), name)
        try:
            rows.append(bench.row(name, rows[0] if rows else None))
        except SynthetykError as error:
            if name == ORIGINAL:
                raise
            left_out.append(LeftOut(name=name, reason=str(error)))
    progress(len(names), len(names))
    test = bench.splits.test
    part = ClassifierPart(
        class_names=classifier.class_names,
        positive_class=subject,
        rows=tuple(rows),
        left_out=tuple(left_out),
        pick=picked(rows, config.tolerance).name,
        rule=rule_of(config.tolerance),
        precision=precision_verdict(
            rows,
            in_words(subject) if subject else listed(list(map(in_words, classifier.class_names))),
            config.tolerance,
        ),
        test_images=len(test),
        test_groups=len(np.unique(test.groups)),
        notes=_notes(rows),
        views=bench.looks(),
    )
    return CompressionReport(classifier=part, config=config, versions=versions())


@dataclass(frozen=True)
class Bench:
    """What all rows of a classifier share.

    Attributes:
        classifier: The original.
        splits: Labelled images.
        config: What to make.
        shelf: Where models lie.
        original: ``classifier.onnx`` of the original.
        said: What the original says.
        views: What the classifier says that averages over several looks at an image, if it does: no file does.
        exported: Variants that were made already, in 32 bits.
        failed: Variants that could not be made, with the reason.
    """

    classifier: TrainedClassifier
    splits: Splits
    config: CompressionConfig
    shelf: Shelf
    original: bytes
    said: Predictions
    views: Predictions | None = None
    exported: dict[Variant, bytes] = field(default_factory=dict)
    failed: dict[Variant, SynthetykError] = field(default_factory=dict)

    @classmethod
    def of(cls, classifier: TrainedClassifier, splits: Splits, config: CompressionConfig, folder: Path) -> "Bench":
        """Export the original and ask it about every image."""
        original = export_classifier(classifier)
        words = config.model_dump(mode="json", exclude={"rows", "generator_rows", "positive_class", "tolerance"})
        about = {"config": words, "versions": versions(), "data": splits.sha256}
        looks = {"views": [classifier.views, classifier.config.seed]} if classifier.views else {}
        shelf = Shelf(folder, "classifier", hashed(about | looks, original), config.seconds)
        views = Predictions.of_views(classifier, splits)
        return cls(classifier, splits, config, shelf, original, Predictions.of(original, splits), views)

    def row(self, name: str, original: ClassifierRow | None) -> ClassifierRow:
        """Return a row, made and measured unless that was done before.

        Raises:
            SynthetykError: It cannot be made of this classifier, its training failed, or it cannot be measured.
        """
        if done := self.shelf.kept(ClassifierRowFile, name):
            return self._worded(done.row, original or done.row)
        parts = RowName.parse(name)
        model = self._model(parts)
        said = self.said if name == ORIGINAL else Predictions.of(model, self.splits)
        about = self._about(parts)
        made = self.shelf.put(name, about, model, self._feeds(max(BATCHES)))
        row = ClassifierRow(
            **made.model_dump(),
            validation_auc=validation_auc(said, self.splits),
            test=scores_on_test(said, self.said, self.splits, views=self.views, **self._bootstrap),
            benefit="",
        )
        row = self._worded(row, original or row)
        ClassifierRowFile(inputs=self.shelf.key, row=row).save(self.shelf.record(name))
        return row

    @property
    def _bootstrap(self) -> dict[str, int]:
        return {"resamples": self.config.resamples, "seed": self.config.seed}

    def looks(self) -> ViewsScores | None:
        """Return what several looks at an image are worth; None if the classifier takes one."""
        copies = self.classifier.views
        return views_scores(self.views, copies, self.splits, **self._bootstrap) if self.views else None

    def _worded(self, row: ClassifierRow, original: ClassifierRow) -> ClassifierRow:
        known = row.validation_auc is not None and original.validation_auc is not None
        lost = (original.validation_auc or 0) - (row.validation_auc or 0) if known else None
        return row.model_copy(update={"benefit": benefit(row, original, lost, self.config.tolerance)})

    def _model(self, name: RowName) -> bytes:
        plain = self._exported(name.variant)
        match name.precision:
            case "fp16" | "bf16" as half:
                return with_half_weights(plain, half)
            case "int8":
                return quantised(plain, self._calibration())
        return plain

    def _exported(self, variant: Variant) -> bytes:
        """Return a variant in 32 bits: as made for an earlier row, now or before a kill, or made now."""
        if variant == "original":
            return self.original
        if variant not in self.exported:
            done = self.shelf.kept(ClassifierRowFile, str(RowName(variant, "fp32")))
            made = (self.shelf.folder / done.row.file).read_bytes() if done else self._export(variant)
            self.exported[variant] = made
        return self.exported[variant]

    def _export(self, variant: Variant) -> bytes:
        """Make a variant; what failed once is not trained again for its form in fewer bits."""
        if variant in self.failed:
            raise self.failed[variant]
        try:
            return export_classifier(Workshop(self.classifier, self.splits, self.config).make(variant))
        except SynthetykError as error:
            self.failed[variant] = error
            raise

    def _about(self, name: RowName) -> str:
        workshop = Workshop(self.classifier, self.splits, self.config)
        return f"{workshop.about(name.variant)}; {PRECISION_WORDS[name.precision]}"

    def _feeds(self, count: int) -> Feeds:
        """Return images of no meaning, by which speed is measured."""
        pixels = seeding.generator(self.config.seed, "compress/speed").uniform(-1, 1, (count, *self.classifier.shape))
        return {"images": pixels.astype(np.float32)}

    def _calibration(self) -> list[Feeds]:
        """Return random training images, batch by batch."""
        order = seeding.generator(self.config.seed, "compress/calibration").permutation(len(self.splits.train))
        chosen = self.splits.train.select(np.sort(order[: self.config.calibration_images]))
        return [{"images": batch} for batch in unit_batches(chosen)]


def _positive(config: CompressionConfig, names: tuple[str, ...]) -> str | None:
    """Return whose detection the answer speaks of; None for more than two classes.

    Raises:
        ConfigError: There is no class of that name.
    """
    if config.positive_class and config.positive_class not in names:
        raise ConfigError(f"There is no class {config.positive_class!r}", expected=f"one of {', '.join(names)}")
    return (config.positive_class or names[1]) if len(names) == 2 else None


def _notes(rows: list[ClassifierRow]) -> tuple[str, ...]:
    notes = [SPLITS_NOTE]
    if rows[0].validation_auc is None:
        notes.append("The validation images are of one class, so nothing could be picked: the original is kept.")
    if rows[0].test is None:
        notes.append("The test split cannot be judged: a class has no image there, or images from too few groups.")
    return tuple(notes)
