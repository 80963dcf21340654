"""What the rules of a plan need to know: about the data, the machine, and how fast it is."""

from dataclasses import dataclass, replace
from typing import Protocol

from synthetyk.data.classes import Classes
from synthetyk.data.fingerprint import Fingerprint
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.gan_config import GANConfig


@dataclass(frozen=True)
class Facts:
    """What the rules need to know about the data and the machine.

    Attributes:
        train_counts: Training images per class; one number for a set without labels.
        class_names: One per class; empty for a set without labels.
        side: Median of the images' shorter side in pixels.
        aspect: Median of longer over shorter side.
        colour: Whether any image has colours.
        threads: CPU threads of this machine that may be used.
        gpu: Whether there is a GPU that torch can use.
        processes: How many train the GAN together.
        normal: Name of the class that is normal, if one is known.
        judged: Validation and test images, which every classifier judges once it is trained.
    """

    train_counts: tuple[int, ...]
    class_names: tuple[str, ...]
    side: int
    aspect: float
    colour: bool
    threads: int
    gpu: bool = False
    processes: int = 1
    normal: str | None = None
    judged: int = 0

    @property
    def images(self) -> int:
        """Training images in all."""
        return sum(self.train_counts)

    def part(self, fraction: float) -> "Facts":
        """Return the facts on a part of the training images, at least one of each class that has any."""
        counts = tuple(max(min(1, count), round(fraction * count)) for count in self.train_counts)
        return replace(self, train_counts=counts)

    @property
    def classes(self) -> int:
        """Classes, 0 without labels."""
        return len(self.class_names)


def facts_of(fingerprint: Fingerprint, threads: int, about: Classes, *, gpu: bool = False, processes: int = 1) -> Facts:
    """Return what the rules need to know about a data set."""
    classes, pixels = fingerprint.classes, fingerprint.pixels
    height, width = pixels.height.median, pixels.width.median
    return Facts(
        train_counts=tuple(classes.counts[name]["train"] for name in classes.names or classes.counts),
        class_names=classes.names,
        side=min(height, width),
        aspect=max(height, width) / min(height, width),
        colour=pixels.channels.get(3, 0) > 0,
        threads=threads,
        gpu=gpu,
        processes=processes,
        normal=about.normal,
        judged=sum(count for splits in classes.counts.values() for split, count in splits.items() if split != "train"),
    )


class Speeds(Protocol):
    """Measures this machine, for a few seconds."""

    def gan(self, config: GANConfig) -> float:
        """Return real images shown per second."""
        ...

    def classifier(self, config: ClassifierConfig, channels: int, resolution: int) -> float:
        """Return seconds per step on one thread."""
        ...
