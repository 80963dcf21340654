"""The Protocol behind which feature networks stand."""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@runtime_checkable
class FeatureExtractor(Protocol):
    """Turns images into features; a distance carries its `name`, for example ``FD[squeezenet1_0]``."""

    name: str
    dimension: int

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map uint8 images ``(N, C, H, W)`` to features ``(N, dimension)``."""
        ...

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """Map uint8 images ``(N, C, H, W)`` to class probabilities ``(N, K)``, or None if it classifies nothing."""
        ...
