"""``experiments.json``: what every experiment is worth, and what each of their settings changes."""

from typing import Any, ClassVar

from pydantic import Field

from synthetyk.core.artifacts import Artifact
from synthetyk.core.config import Config


class Averaged(Config):
    """A figure over the seeds of an experiment.

    Attributes:
        mean: Over the seeds.
        low: Lower end of a 95% interval, from the joint bootstrap over seeds and groups of images; with one seed over
            groups of images alone.
        high: Upper end.
    """

    mean: float
    low: float
    high: float


class ClassFigures(Config):
    """How well one class is told from the rest, on test images.

    Attributes:
        name: The class.
        images: Test images of it.
        scores: sensitivity, specificity, precision and auc.
    """

    name: str
    images: int
    scores: dict[str, Averaged]


class Precision(Config):
    """The kept classifier in fewer bits or pruned, beside itself.

    Attributes:
        name: What was done, for example ``int8``.
        about: The same in words.
        file: In ``compressed`` of the experiment's folder.
        megabytes: Its size, in millions of bytes.
        gzip_megabytes: Its size when packed.
        speedups: How many times faster than the original, measured in turns, by images in a batch.
        validation_auc: On validation images, by which one is picked; None if they cannot tell.
        auc: On test images, with an interval over their groups; None if they cannot tell.
        difference: Its test AUC minus the original's, paired by test group.
        agreement: Share of the test images that it calls as the original does.
        benefit: What is gained, or that nothing is, in words.
        picked: Whether it is the one to use.
    """

    name: str
    about: str
    file: str
    megabytes: float
    gzip_megabytes: float
    speedups: dict[int, float]
    validation_auc: float | None
    auc: Averaged | None
    difference: Averaged | None
    agreement: float | None
    benefit: str
    picked: bool


class ExperimentResult(Config):
    """What one experiment is worth.

    Attributes:
        name: What it is called.
        settings: Its keys.
        folder: Where its model lies, below the folder of the experiments.
        weights: Name of the weights file in it.
        seeds: Those that were trained.
        failures: What went wrong, by seed.
        chosen: The seed whose model was kept, chosen on validation images; None if none was trained.
        parameters: Numbers that its network has learnt.
        train_counts: Real training images per class.
        synthetic_counts: Synthetic training images per class; empty without.
        val: Figures on validation images.
        test: Figures on test images.
        classes: Figures of each class on test images.
        confusion: ``confusion[i][j]`` test images of class i were called j, summed over the seeds.
        precisions: The kept model quantised and pruned, the original first; empty if it was not.
        precision: Whether fewer bits hurt it, in one sentence.
        compression_failure: What went wrong with that; empty if nothing did.
        steps: Training steps done, by seed.
        kept_steps: Where the weights were taken, by seed.
        seconds: Wall time of each training.
    """

    name: str
    settings: dict[str, Any]
    folder: str = ""
    weights: str = ""
    seeds: tuple[int, ...] = ()
    failures: dict[int, str] = Field(default={})
    chosen: int | None = None
    parameters: int = 0
    train_counts: tuple[int, ...] = ()
    synthetic_counts: tuple[int, ...] = ()
    val: dict[str, Averaged] = Field(default={})
    test: dict[str, Averaged] = Field(default={})
    classes: tuple[ClassFigures, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    precisions: tuple[Precision, ...] = ()
    precision: str = ""
    compression_failure: str = ""
    steps: tuple[int, ...] = ()
    kept_steps: tuple[int, ...] = ()
    seconds: tuple[float, ...] = ()

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name per class."""
        return tuple(each.name for each in self.classes)


class PairDifference(Config):
    """Two experiments that differ in one key alone, on the test images that both met.

    Attributes:
        first: The one with the key's other value.
        second: The one that it is compared with.
        difference: A figure of the first minus that of the second, paired by test group and seed.
    """

    first: str
    second: str
    difference: Averaged


class Effect(Config):
    """What one key changes, everything else being equal.

    Attributes:
        key: The key.
        value: Its value, in words.
        baseline: The value that it is compared with.
        score: Of which figure; better is always more.
        difference: Mean over the pairs.
        p_value: Two-sided; None of precision, for which the interval speaks.
        p_corrected: Holm's correction for all effects on this figure.
        outcome: ``higher`` or ``lower`` where the corrected p-value is below 0.05, or the interval leaves 0 out; else
            ``no difference shown``.
        smallest_effect: Smallest true difference that would have been seen in four of five such comparisons.
        pairs: What it is the mean of.
    """

    key: str
    value: str
    baseline: str
    score: str
    difference: Averaged
    p_value: float | None = None
    p_corrected: float | None = None
    outcome: str
    smallest_effect: float | None = None
    pairs: tuple[PairDifference, ...]


class ExperimentsReport(Artifact):
    """``experiments.json``.

    Attributes:
        experiments: Every experiment, in the order asked for.
        effects: What each key changes that varies with everything else equal.
        best: The experiment with the highest AUC on validation images; None if none was trained, or if
            not all were validated on the same images.
        resamples: Of the bootstrap.
        seed: Of splits, trainings and bootstrap.
        notes: What a reader has to know, in words.
    """

    schema_name: ClassVar[str] = "experiments"

    experiments: tuple[ExperimentResult, ...]
    effects: tuple[Effect, ...]
    best: str | None
    resamples: int
    seed: int
    notes: tuple[str, ...]

    def experiment(self, name: str) -> ExperimentResult:
        """Return one experiment."""
        return next(each for each in self.experiments if each.name == name)

    @property
    def tried(self) -> tuple[ExperimentResult, ...]:
        """Experiments of which at least one training ended well."""
        return tuple(each for each in self.experiments if each.seeds)

    @property
    def failed(self) -> tuple[ExperimentResult, ...]:
        """Experiments of which at least one training failed, or the compression."""
        return tuple(each for each in self.experiments if each.failures or each.compression_failure)
