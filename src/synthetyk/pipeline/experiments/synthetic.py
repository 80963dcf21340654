"""A synthetic set as an experiment's training images."""

from pathlib import Path

import numpy as np

from synthetyk.core.errors import ConfigError
from synthetyk.data.cache import open_cache
from synthetyk.data.dataset import Subset
from synthetyk.evaluation.synthetic_set import images_met, manifest_of, open_synthetic
from synthetyk.pipeline.experiments.images import Images


def open_set(path: Path, class_names: tuple[str, ...]) -> Subset:
    """Open a synthetic set with the labels of a data set.

    Args:
        path: The folder, or the npz file, that `synthetyk generate` wrote.
        class_names: Of the real images.

    Raises:
        ArtifactError: There is no such set.
        ConfigError: It has no classes, or others than the real images.
    """
    names = manifest_of(path).class_names
    if not names or set(names) - set(class_names):
        raise ConfigError(
            f"{path} holds images of {', '.join(names) or 'no class'}",
            expected=f"of {', '.join(class_names)}, as the real images are",
        )
    images, labels = open_synthetic(path)
    numbers = np.array([class_names.index(name) for name in names], dtype=np.int64)
    rows = np.arange(len(labels), dtype=np.int64)
    return Subset(images, rows, numbers[labels], rows, class_names)


def refuse_met(path: Path, images: Images) -> bool:
    """Refuse a synthetic set whose generator met validation or test images of an experiment.

    Args:
        path: The set.
        images: Of the experiment.

    Returns:
        Whether it is known which images the generator met, and so that it met none of them.

    Raises:
        ArtifactError: There is no such set, or it was changed.
        ConfigError: It met some.
    """
    met = images_met(path)
    overlap = met.overlap(open_cache(images.folder / "cache")) if met else None
    if overlap:
        raise ConfigError(
            f"The GAN behind {path} met {overlap.val} validation and {overlap.test} test images of this experiment",
            expected="one that met none of them, or the figures would be too good",
            action='Carve them as its run did ("validation_split": null, with the --seed, the --group-pattern and the '
            "--remove-copies of the run), or train the GAN on a data set that brings these splits",
        )
    return overlap is not None
