"""A synthetic set as an experiment's training images."""

from pathlib import Path

import numpy as np

from synthetyk.core.errors import ArtifactError, ConfigError
from synthetyk.data.dataset import Subset
from synthetyk.evaluation.generation import Manifest, load_synthetic, open_synthetic


def open_set(path: Path, class_names: tuple[str, ...]) -> Subset:
    """Open a synthetic set with the labels of a data set.

    Args:
        path: The folder, or the npz file, that `synthetyk generate` wrote.
        class_names: Of the real images.

    Raises:
        ArtifactError: There is no such set.
        ConfigError: It has no classes, or others than the real images.
    """
    single = path.suffix == ".npz"
    papers = path.with_name(f"{path.stem}.manifest.json") if single else path / "manifest.json"
    if not papers.is_file():
        raise ArtifactError(f"{path} is no synthetic set", expected="what synthetyk generate wrote, with its manifest")
    names = Manifest.load(papers).class_names
    if not names or set(names) - set(class_names):
        raise ConfigError(
            f"{path} holds images of {', '.join(names) or 'no class'}",
            expected=f"of {', '.join(class_names)}, as the real images are",
        )
    images, labels = load_synthetic(path) if single else open_synthetic(path)
    numbers = np.array([class_names.index(name) for name in names], dtype=np.int64)
    rows = np.arange(len(labels), dtype=np.int64)
    return Subset(images, rows, numbers[labels], rows, class_names)
