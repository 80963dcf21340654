"""Trained networks as ONNX files: one file each, the same bytes from the same weights.

The two files are what everything that runs without torch knows of a model. Batch normalisation is folded into the
convolutions, and nothing of the machine that wrote them is left in them.
"""

import copy
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synthetyk.compression.upsampling import as_transposed
from synthetyk.core.errors import MissingDependencyError
from synthetyk.models.image_classifier import ImageClassifier
from synthetyk.training.classifier import TrainedClassifier
from synthetyk.training.generator_file import LoadedGenerator

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET = 20
TRACED = 2  # images in the batch that the exporter follows; 1 would be taken for a constant
CLASSIFIER_OUTPUTS = ("logits", "probabilities", "activation_maps")
HEAD = "head"  # name of the node whose output the activation maps are


class ClassifierGraph(nn.Module):
    """What ``classifier.onnx`` computes: the activation maps once, and everything else from them.

    Args:
        network: The classifier.
        temperature: What logits are divided by before they become probabilities.
    """

    def __init__(self, network: ImageClassifier, temperature: float) -> None:
        super().__init__()
        self.network, self.temperature = network, temperature

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map float32 ``(N, C, H, W)`` in [-1, 1] to logits, probabilities ``(N, K)`` and maps ``(N, K, h, w)``."""
        head = self.network.head
        maps = F.conv2d(self.network.encoder(images), head.weight[:, :, None, None], head.bias)
        logits = maps.mean(dim=(2, 3))
        return logits, (logits / self.temperature).softmax(dim=1), maps


class GeneratorGraph(nn.Module):
    """What ``generator.onnx`` computes.

    Args:
        network: The generator.
        noise_scale: What noise is multiplied with, see `training.noise_scale`.
    """

    def __init__(self, network: nn.Module, noise_scale: float) -> None:
        super().__init__()
        self.network, self.noise_scale = network, noise_scale

    def forward(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map standard normal ``(N, latent)`` and labels ``(N,)`` to images ``(N, C, H, W)`` in [-1, 1]."""
        images: Tensor = self.network(noise * self.noise_scale, labels)
        return images


def export_classifier(classifier: TrainedClassifier) -> bytes:
    """Return ``classifier.onnx``.

    Its input is ``images``, float32 ``(N, C, H, W)`` in [-1, 1], N as it comes. Its outputs are ``logits`` ``(N, K)``,
    ``probabilities`` ``(N, K)``, which are the softmax of the logits over the temperature, and ``activation_maps``
    ``(N, K, h, w)``, see `ImageClassifier.activation_maps`: the mean of a map is its logit.

    Raises:
        MissingDependencyError: A package of the extra ``compress`` is not installed.
    """
    graph = ClassifierGraph(copy.deepcopy(classifier.network), classifier.temperature)
    return _exported(graph, {"images": torch.zeros(TRACED, *classifier.shape)}, CLASSIFIER_OUTPUTS)


def export_generator(generator: LoadedGenerator, upsampling: Callable[[nn.Module], nn.Module] = as_transposed) -> bytes:
    """Return ``generator.onnx``.

    Its inputs are ``noise``, float32 ``(N, latent)``, standard normal (times the truncation, if any): the generator's
    own noise scale is in the file; and, of a generator with classes only, ``labels``, int64 ``(N,)``. Its output is
    ``images``, float32 ``(N, C, H, W)`` in [-1, 1].

    Args:
        generator: The generator.
        upsampling: How layers that enlarge are written, see `compression.upsampling`.

    Raises:
        MissingDependencyError: A package of the extra ``compress`` is not installed.
    """
    shape = generator.card.network
    graph = GeneratorGraph(upsampling(copy.deepcopy(generator.network)), generator.card.noise_scale)
    inputs = {"noise": torch.zeros(TRACED, shape.latent)}
    if shape.classes:
        inputs["labels"] = torch.zeros(TRACED, dtype=torch.int64)
    return _exported(graph, inputs, ("images",))


def _exported(graph: nn.Module, inputs: dict[str, Tensor], outputs: Sequence[str]) -> bytes:
    require_onnx()
    batch = torch.export.Dim("N")
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            graph.eval().to(memory_format=torch.contiguous_format),  # type: ignore[call-overload]
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=outputs,
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            dynamic_shapes=tuple({0: batch} for _ in inputs),
            verbose=False,
        )
    assert program is not None
    model = _plain(program.model_proto)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def require_onnx() -> None:
    """See that everything that exports, converts and runs ONNX files is there.

    Raises:
        MissingDependencyError: A package of the extra ``compress`` is not installed.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"{error.name} is not installed", action="Run: pip install 'synthetyk[compress]'"
        ) from error


def _plain(model: "ModelProto") -> "ModelProto":
    """Give nodes names that depend on their place alone, and drop what says where and when the file was written."""
    graph = model.graph
    for place, node in enumerate(graph.node):
        node.name = HEAD if "activation_maps" in node.output else f"{node.op_type}_{place}"
    described: list[Any] = [model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer]
    for part in [*described, *graph.value_info]:
        del part.metadata_props[:]
        part.doc_string = ""
    del model.functions[:], graph.value_info[:]
    graph.name = "synthetyk"
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter from saying what concerns its own developers only."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.onnx._internal.exporter", "onnxscript")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
