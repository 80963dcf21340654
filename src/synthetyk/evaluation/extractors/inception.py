"""Features of InceptionV3 with the FID weights: the one extractor whose distance is called FID."""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from synthetyk.evaluation.extractors.network import in_batches, require, softmax
from synthetyk.models.inception import FEATURES, InceptionV3
from synthetyk.models.weights import load_strictly, read_state

SOURCE = (
    "The weights are the file pt_inception-2015-12-05-6726825d.pth that github.com/mseitzer/pytorch-fid publishes, "
    "or the same tensors as .safetensors or .npz"
)


class InceptionExtractor:
    """The 2048 ``pool3`` features of the graph of 2015-12-05, and its 1008 probabilities.

    Images are resized to 299x299 as that graph does; grey is repeated to RGB.

    Args:
        weights: File with the weights.

    Raises:
        MissingDependencyError: There is no such file.
        ArtifactError: It does not hold these weights.
    """

    name = "inception_v3_fid"
    dimension = FEATURES

    def __init__(self, weights: Path) -> None:
        path = require(weights, "InceptionV3 weights", SOURCE)
        self._network = InceptionV3().eval()
        load_strictly(self._network, read_state(path), str(path))

    @classmethod
    def open(cls, location: Path | None) -> Self:
        """Open from the path of the weights."""
        return cls(require(location, "InceptionV3 weights", SOURCE))

    def describe(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return features and probabilities of uint8 images ``(N, C, H, W)`` in one pass."""
        features, logits = in_batches(self._network, images)
        return features, softmax(logits)

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map uint8 images ``(N, C, H, W)`` to features ``(N, 2048)``."""
        return self.describe(images)[0]

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map uint8 images ``(N, C, H, W)`` to probabilities ``(N, 1008)``."""
        return self.describe(images)[1]
