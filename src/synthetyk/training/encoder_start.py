"""What an encoder begins with when it does not begin from nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from torch import Tensor

from synthetyk.core.artifacts import sha256_file
from synthetyk.core.errors import ArtifactError
from synthetyk.models.encoder import from_published
from synthetyk.models.encoders.squeezenet import from_caffe
from synthetyk.models.weights import read_state

Convention = Literal["torchvision", "caffe"]


@dataclass(frozen=True)
class EncoderStart:
    """Weights, and where they come from.

    Attributes:
        state: Under the encoder's own names.
        origin: What to call them in messages.
        sha256: Of the file that they were read from; empty if they come from no file.
    """

    state: Mapping[str, Tensor]
    origin: str
    sha256: str = ""


def published_start(path: Path, encoder: str, channels: int, convention: Convention = "torchvision") -> EncoderStart:
    """Read published weights for an encoder.

    Args:
        path: A ``.npz``, ``.safetensors``, ``.pth`` or ``.pt`` file with a state dict in torchvision's names.
        encoder: Name of the encoder.
        channels: Of the images, 1 or 3.
        convention: What the weights want to see: ``torchvision`` RGB at ImageNet's mean and deviation; ``caffe``, of
            SqueezeNet only, BGR from 0 to 255 less a mean.

    Raises:
        MissingDependencyError: There is no such file.
        ArtifactError: It cannot be read, or holds no weights for this encoder.
    """
    state = read_state(path)
    if convention == "caffe":
        if encoder != "squeezenet":
            raise ArtifactError(f"The encoder {encoder} has no Caffe weights", expected="squeezenet")
        state = from_caffe(state)
    return EncoderStart(from_published(encoder, state, channels, str(path)), str(path), sha256_file(path))
