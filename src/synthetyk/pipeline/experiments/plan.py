"""What experiments come down to: their images, and one training for each seed, checked before any begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from synthetyk.core import seeding
from synthetyk.core.errors import ArtifactError, ConfigError, SynthetykError
from synthetyk.evaluation.study.start import fitting
from synthetyk.evaluation.synthetic_set import images_met
from synthetyk.models.encoder import encoder_kind
from synthetyk.pipeline.experiments.configs import autoencoder_config, classifier_config
from synthetyk.pipeline.experiments.experiment import Experiment
from synthetyk.pipeline.experiments.folder import ExperimentsAsked, ExperimentsFolder
from synthetyk.pipeline.experiments.images import Images, ImagesWanted
from synthetyk.pipeline.experiments.synthetic import refuse_met
from synthetyk.pipeline.experiments.training import Result, Training
from synthetyk.tracking.registry import chosen
from synthetyk.training.classifier import ClassifierConfig

ANY_SHAPE = (3, 64, 64)  # encoders have the same weights whatever the size; the channels of weights are made to fit
Done = tuple[Training, Result]


@dataclass(frozen=True)
class Planned:
    """An experiment with its trainings.

    Attributes:
        experiment: What was asked for.
        trainings: One for each seed; none if its images cannot be used.
        unmet: Whether it is known that the GAN behind its synthetic images met none that it is measured on.
        failures: What went wrong, by seed; filled while the experiments go on.
    """

    experiment: Experiment
    trainings: tuple[Training, ...]
    failures: dict[int, str] = field(default_factory=dict)
    unmet: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return self.experiment.model_name

    def done(self) -> list[Done]:
        """Return what was trained, with what it left; what left nothing that can be read has failed."""
        found = []
        for each in (each for each in self.trainings if each.number not in self.failures):
            try:
                found.append((each, each.result()))
            except ArtifactError as error:
                self.failures[each.number] = str(error)
        return found


def check(asked: ExperimentsAsked) -> None:
    """Refuse what can be found wrong without work.

    Raises:
        ConfigError: An experiment names no data set, or an encoder or tracker that there is not.
        ArtifactError: Weights or a synthetic set are missing, it was changed, or weights do not fit their encoder.
        MissingDependencyError: A tracker needs a package that is not installed.
    """
    for name, experiment in asked.experiments.items():
        if not experiment.data:
            raise ConfigError(f"The experiment {name!r} has no data", action="Give --data DATASET, or the key data")
        encoder_kind(experiment.encoder)
        chosen(experiment.trackers)
        for key in ("weights", "synthetic"):
            path = getattr(experiment, key)
            if path and not Path(path).exists():
                raise ArtifactError(f"The experiment {name!r} names {key} {path}, which is not there")
        if experiment.synthetic:
            images_met(Path(experiment.synthetic))
    starts = {(one.encoder, one.weights, one.weights_convention) for one in asked.experiments.values() if one.weights}
    for encoder, weights, convention in sorted(starts):
        fitting(ClassifierConfig(encoder=encoder), ANY_SHAPE, Path(weights), convention)


def wanted_images(asked: ExperimentsAsked, experiment: Experiment) -> ImagesWanted:
    """Return which images an experiment asks for."""
    return ImagesWanted(
        dataset=experiment.data,
        options=asked.options,
        seed=asked.seed,
        remove_copies=asked.remove_copies,
        validation_split=experiment.validation_split,
        size=experiment.image_size,
    )


def planned(
    folder: ExperimentsFolder, asked: ExperimentsAsked, images: Mapping[ImagesWanted, Images | str], *, threads: int
) -> list[Planned]:
    """Return every experiment with its trainings.

    Args:
        folder: Where they are kept.
        asked: What was asked for.
        images: The images, or why there are none.
        threads: CPU threads of each training.
    """
    found = []
    for experiment in asked.experiments.values():
        ready, numbers = images[wanted_images(asked, experiment)], seeds_of(experiment)
        if isinstance(ready, str):
            found.append(Planned(experiment, (), dict.fromkeys(numbers, ready)))
            continue
        try:
            unmet = bool(experiment.synthetic) and refuse_met(Path(experiment.synthetic), ready)
        except SynthetykError as error:
            found.append(Planned(experiment, (), dict.fromkeys(numbers, str(error))))
            continue
        count = len(ready.splits()[0])
        each = [
            training_of(experiment, ready, folder, count=count, number=number, seed=asked.seed, threads=threads)
            for number in numbers
        ]
        found.append(Planned(experiment, tuple(each), unmet=unmet))
    return found


def seeds_of(experiment: Experiment) -> range:
    """Return the numbers of an experiment's trainings."""
    return range(experiment.seed, experiment.seed + experiment.seeds)


def training_of(
    experiment: Experiment,
    images: Images,
    folder: ExperimentsFolder,
    *,
    count: int,
    number: int,
    seed: int,
    threads: int,
) -> Training:
    """Return one training of an experiment.

    Experiments share what their seeds draw, so that they are compared seed by seed.

    Args:
        experiment: Which.
        images: What it is trained on.
        folder: Where it is kept.
        count: Real training images.
        number: Which of its seeds.
        seed: Of all experiments.
        threads: CPU threads.
    """
    own = seeding.derive(seed, f"experiments/{number}")
    config = classifier_config(experiment, count, seed=own, threads=threads)
    return Training(
        name=experiment.model_name,
        number=number,
        folder=folder.seed(experiment.model_name, number),
        images=images,
        config=config,
        pretrain=autoencoder_config(experiment, config, count),
        weights=experiment.weights,
        convention=experiment.weights_convention,
        synthetic=experiment.synthetic,
    )
