"""Features of SqueezeNet 1.0, trained on ImageNet: small, quick, and never called FID."""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from synthetyk.evaluation.extractors.network import in_batches, require, resize, softmax
from synthetyk.models.squeezenet import FEATURES, SqueezeNet
from synthetyk.models.weights import load_strictly, read_state

SIDE = 112
# The last fire module's output is not normalised (its root mean square is 12 on radiographs); by this it comes to about
# 1, where the kernel distance's cubic kernel reads as it does for other networks.
SCALE = 1 / 16
SOURCE = (
    "The weights are those of the Caffe model (BGR input) that github.com/forresti/SqueezeNet and "
    "github.com/songhan/SqueezeNet-Deep-Compression publish, saved as .npz or .safetensors under the usual "
    "state-dict keys"
)


class SqueezeNetExtractor:
    """Global average of the last fire module's output (512 features) and ImageNet's 1000 probabilities.

    Every image is resized to 112x112 (bilinear, low-passed where it shrinks), grey is repeated to RGB, and the features
    are divided by 16.

    Args:
        weights: File with the weights.

    Raises:
        MissingDependencyError: There is no such file.
        ArtifactError: It does not hold these weights.
    """

    name = "squeezenet1_0"
    dimension = FEATURES

    def __init__(self, weights: Path) -> None:
        path = require(weights, "SqueezeNet weights", SOURCE)
        self._network = SqueezeNet().eval()
        load_strictly(self._network, read_state(path), str(path))

    @classmethod
    def open(cls, location: Path | None) -> Self:
        """Open from the path of the weights."""
        return cls(require(location, "SqueezeNet weights", SOURCE))

    def describe(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return features and probabilities of uint8 images ``(N, C, H, W)`` in one pass."""
        features, logits = in_batches(self._forward, images)
        return features, softmax(logits)

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map uint8 images ``(N, C, H, W)`` to features ``(N, 512)``."""
        return self.describe(images)[0]

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map uint8 images ``(N, C, H, W)`` to ImageNet probabilities ``(N, 1000)``."""
        return self.describe(images)[1]

    def _forward(self, rgb: Tensor) -> tuple[Tensor, ...]:
        features, logits = self._network(resize(rgb, SIDE))
        return features * SCALE, logits
