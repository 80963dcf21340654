"""A network's weights in a file, beside settings that name the file by its hash."""

from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from synthetyk.core.artifacts import sha256_file, write_bytes
from synthetyk.core.errors import ArtifactError


def weights_bytes(network: nn.Module) -> bytes:
    """Return a network's weights as the bytes of a safetensors file."""
    return save({name: tensor.contiguous() for name, tensor in network.state_dict().items()})


def save_weights(network: nn.Module, path: Path) -> str:
    """Write a network's weights; return the SHA-256 by which settings name them."""
    write_bytes(path, weights_bytes(network))
    return sha256_file(path)


def load_weights(
    network: nn.Module, path: Path, sha256: str, *, about: str, now: Callable[[str], str] = lambda name: name
) -> None:
    """Put what `save_weights` wrote into a network.

    Args:
        network: Of the same shape.
        path: The file.
        sha256: What it must hash to.
        about: Name of the settings that say so.
        now: Returns the name that a weight has now.

    Raises:
        ArtifactError: The file is missing or another one, or its weights do not fit.
    """
    if not path.exists() or sha256_file(path) != sha256:
        raise ArtifactError(f"{path} is not the file that {about} names", action="Train it again")
    try:
        network.load_state_dict({now(name): value for name, value in load_file(path).items()})
    except (SafetensorError, RuntimeError) as error:
        raise ArtifactError(f"{path} does not fit the network", action="Train it again") from error
