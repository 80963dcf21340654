"""A packaged classifier: uint8 images to probabilities, without torch."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.errors import RequestError
from synthetyk.data.dataset import to_unit
from synthetyk.runtime.manifest import PackagedClassifier
from synthetyk.runtime.package import Package
from synthetyk.runtime.preprocess import prepare
from synthetyk.runtime.session import OnnxModel

BATCH = 32  # images in one call of the network: more costs memory, and is no faster on a CPU
OUTPUTS = ("logits", "probabilities", "activation_maps")


@dataclass(frozen=True)
class Prediction:
    """What a classifier says of N images.

    Attributes:
        probabilities: float32 ``(N, K)``, calibrated.
        logits: float32 ``(N, K)``.
        activation_maps: float32 ``(N, K, h, w)``, where in the image each class is seen (Zhou et al., "Learning deep
            features for discriminative localization", CVPR 2016, equation 2).
        risk: float32 ``(N,)``, the probability of all classes of risk together; None if no class is flagged.
    """

    probabilities: NDArray[np.float32]
    logits: NDArray[np.float32]
    activation_maps: NDArray[np.float32]
    risk: NDArray[np.float32] | None

    def only(self, index: int) -> "Prediction":
        """Return what is said of one image, N = 1."""
        row = slice(index, index + 1)
        risk = None if self.risk is None else self.risk[row]
        return Prediction(self.probabilities[row], self.logits[row], self.activation_maps[row], risk)


class ClassifierSession:
    """Predicts the classes of images.

    Args:
        model: Its network.
        about: What the manifest says of it.
        batch: Most images in one call of the network.

    Raises:
        PackageError: The network does not take and give what the manifest says.
    """

    def __init__(self, model: OnnxModel, about: PackagedClassifier, *, batch: int = BATCH) -> None:
        classes = len(about.classes)
        model.check(
            {"images": (None, *about.input.shape)},
            {
                "logits": (None, classes),
                "probabilities": (None, classes),
                "activation_maps": (None, classes, None, None),
            },
        )
        self.about = about
        self._model, self._batch = model, batch
        self._risky = [index for index, each in enumerate(about.classes) if each.risk]

    @classmethod
    def open(cls, package: Package, *, threads: int = 1, batch: int = BATCH) -> Self:
        """Open the classifier of a package.

        Raises:
            RequestError: It has none.
        """
        about = package.manifest.classifier
        if about is None:
            raise RequestError(f"{package.folder} holds no classifier", expected="a package of a run with a study")
        return cls(OnnxModel(package.read(about.file), about.file, threads=threads), about, batch=batch)

    def prepare(self, data: bytes, *, frame: int = 0) -> NDArray[np.uint8]:
        """Return an image file, given as bytes, as uint8 ``(C, H, W)``; see `preprocess.prepare`."""
        return prepare(data, self.about.input, frame=frame)

    def predict(self, images: NDArray[np.uint8]) -> Prediction:
        """Return what the classifier says of uint8 images ``(N, C, H, W)``.

        Raises:
            RequestError: There is no image, or they have another shape or type.
        """
        shape = self.about.input.shape
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != shape or not len(images):
            found = f"The images are {images.dtype} {images.shape}"
            raise RequestError(found, expected=f"uint8 (N, {', '.join(map(str, shape))}), N at least 1")
        pieces = [self._run(images[start : start + self._batch]) for start in range(0, len(images), self._batch)]
        logits, probabilities, maps = (np.concatenate(each) for each in zip(*pieces, strict=True))
        risk = probabilities[:, self._risky].sum(axis=1) if self._risky else None
        return Prediction(probabilities=probabilities, logits=logits, activation_maps=maps, risk=risk)

    def _run(self, images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        return self._model.run(OUTPUTS, {"images": to_unit(images)})
