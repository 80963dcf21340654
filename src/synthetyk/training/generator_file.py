"""A trained generator on disk: ``generator.safetensors``, beside it ``generator.json`` and which images it met."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import Field
from safetensors.torch import load
from torch import nn

from synthetyk.core.artifacts import Artifact, sha256_file
from synthetyk.core.errors import ArtifactError
from synthetyk.data.images_met import ImagesMet
from synthetyk.models.condition import renewed
from synthetyk.models.gan_network import NetworkConfig, build_generator
from synthetyk.training.sampler import Sampler
from synthetyk.training.weights_file import save_weights


class GeneratorCard(Artifact):
    """What is known about a generator.

    Attributes:
        network: Its shape.
        class_names: One name per class; empty if unconditional.
        image_shape: (C, H, W) of what it draws.
        seed: Seed of its training, and of its images unless another is asked for.
        kimg: Thousand real images that it was trained on.
        training_sha256: Hash of the settings of its training.
        chosen: Which moment of the training it comes from, how wide its noise is, and why, in words; empty if there was
            nothing to choose.
        noise_scale: What standard normal noise is multiplied with before the network gets it.
        sha256: Hash of the file with its weights.
    """

    schema_name: ClassVar[str] = "generator"

    network: NetworkConfig
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    seed: int
    kimg: float
    training_sha256: str
    chosen: str = ""
    noise_scale: float = Field(default=1.0, gt=0)
    sha256: str = ""


@dataclass(frozen=True)
class LoadedGenerator:
    """A generator ready to draw.

    Attributes:
        network: In evaluation mode.
        card: What is known about it.
        met: The images that it met in its training, where that is known.
    """

    network: nn.Module
    card: GeneratorCard
    met: ImagesMet | None = None

    def sampler(self, seed: int | None = None) -> Sampler:
        """Return a sampler; by default with the seed of the training."""
        shape, seed = self.card.network, self.card.seed if seed is None else seed
        return Sampler(self.network, shape.classes, shape.latent, seed, self.card.noise_scale)


def save_generator(path: Path, network: nn.Module, card: GeneratorCard) -> GeneratorCard:
    """Write weights to `path` (``*.safetensors``), the card beside it (``*.json``); return the card with its hash."""
    card = card.model_copy(update={"sha256": save_weights(network, path)})
    card.save(path.with_suffix(".json"))
    return card


def met_file(path: Path) -> Path:
    """Return where it is kept which images a generator met, beside its weights `path`."""
    return path.with_suffix(".met.npy")


def load_generator(path: Path) -> LoadedGenerator:
    """Read what `save_generator` wrote.

    Raises:
        ArtifactError: A file is missing, damaged, or the two do not belong together.
    """
    card = GeneratorCard.load(path.with_suffix(".json"))
    if not path.exists() or sha256_file(path) != card.sha256:
        raise ArtifactError(
            f"{path} is missing or damaged", expected=f"a file with SHA-256 {card.sha256}", action="Train again"
        )
    network = build_generator(card.network)
    network.load_state_dict(renewed(network, load(path.read_bytes())))
    met = met_file(path)
    return LoadedGenerator(network.eval().requires_grad_(False), card, ImagesMet.load(met) if met.exists() else None)
