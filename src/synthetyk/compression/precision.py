"""ONNX files in fewer bits: weights in 16, or weights and activations in 8."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from synthetyk.compression.onnx_export import HEAD, require_onnx
from synthetyk.core.errors import NotApplicableError

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

Feeds = dict[str, NDArray[Any]]
Half = Literal["fp16", "bf16"]

COLOURS = 4  # a convolution that sees fewer channels gains nothing from eight bits
SMALLEST = 16  # weights of fewer numbers stay as they are: nothing is saved on them
QUANTISED = (
    *("Conv", "ConvTranspose", "MatMul", "Gemm", "Add", "Mul", "Sigmoid", "Concat"),
    *("Relu", "LeakyRelu", "Clip", "MaxPool", "AveragePool", "GlobalAveragePool"),
    *("Resize", "Reshape", "Transpose", "Slice", "Unsqueeze"),
)


def with_half_weights(data: bytes, precision: Half) -> bytes:
    """Return an ONNX file whose weights are stored in 16 bits, rounded to the nearest even.

    ONNX Runtime widens them once, when it loads the file, and computes in 32 bits: its CPU provider has no 16-bit
    convolutions for x86. The file is half as large; speed and memory are those of the original.

    Args:
        data: An ONNX file in 32 bits.
        precision: ``fp16`` has 11 bits of precision and ends at 65,504; ``bf16`` has 8 and the range of 32 bits.
    """
    import onnx
    from onnx import TensorProto, helper

    model = onnx.load_from_string(data)
    graph, casts = model.graph, []
    for place, weight in enumerate(graph.initializer):
        if weight.data_type == TensorProto.FLOAT and np.prod(weight.dims) >= SMALLEST:
            halved = _halved(weight, precision)
            casts.append(
                helper.make_node("Cast", [halved.name], [weight.name], name=f"Widen_{place}", to=TensorProto.FLOAT)
            )
            graph.initializer[place].CopyFrom(halved)
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return _bytes(model)


def _halved(weight: "TensorProto", precision: Half) -> "TensorProto":
    from onnx import TensorProto, numpy_helper

    values = numpy_helper.to_array(weight)
    bits = values.astype(np.float16).view(np.uint16) if precision == "fp16" else _bfloat16_bits(values)
    kind = TensorProto.FLOAT16 if precision == "fp16" else TensorProto.BFLOAT16
    return TensorProto(name=f"{weight.name}_{precision}", dims=weight.dims, data_type=kind, raw_data=bits.tobytes())


def _bfloat16_bits(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return the upper half of each float32, rounded to the nearest even; values have to be finite."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    rounded: NDArray[np.uint16] = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return rounded


def quantised(data: bytes, feeds: Sequence[Feeds]) -> bytes:
    """Return an ONNX file in eight bits: weights signed, one scale per channel; activations unsigned, one per tensor.

    Ranges of activations are the extremes that `feeds` show (Jacob et al., "Quantization and training of neural
    networks for efficient integer-arithmetic-only inference", CVPR 2018, section 3). What comes before the first
    convolution, that one if it sees the colours only, and everything from the head of a classifier on, or the last
    convolution of a generator, stay in 32 bits: the first has too few channels for eight-bit kernels, and neither
    probabilities nor grey values may be rounded to what 256 steps over a wide range leave of them.

    Args:
        data: An ONNX file in 32 bits.
        feeds: Inputs by name, some of what the network was trained on.

    Raises:
        NotApplicableError: ONNX Runtime cannot; the message says why.
    """
    require_onnx()
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with TemporaryDirectory() as folder, _calm(), _refusal():
        original, plain, small = (Path(folder) / f"{name}.onnx" for name in ("original", "plain", "small"))
        original.write_bytes(data)
        quant_pre_process(original, plain, skip_symbolic_shape=True)
        quantize_static(
            plain,
            small,
            _Reader(feeds),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(QUANTISED),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=float_nodes(onnx.load(plain)),
        )
        model = with_shared_scales(onnx.load(small))
    del model.metadata_props[:]
    return _bytes(model)


def with_shared_scales(model: "ModelProto") -> "ModelProto":
    """Give what is joined of parts of one scale that scale too: joining them then moves bytes and computes nothing."""
    nodes = model.graph.node
    maker = {output: node for node in nodes for output in node.output}
    readers: dict[str, list[NodeProto]] = {}
    for node in nodes:
        readers.setdefault(node.input[0] if node.input else "", []).append(node)
    for join in (node for node in nodes if node.op_type == "Concat"):
        parts = [maker.get(part) for part in join.input]
        scales = {tuple(part.input[1:]) if part and part.op_type == "DequantizeLinear" else () for part in parts}
        if len(scales) == 1 and (scale := scales.pop()):
            for encoder in (each for each in readers.get(join.output[0], []) if each.op_type == "QuantizeLinear"):
                for node in (encoder, *readers.get(encoder.output[0], [])):
                    node.input[1:] = scale
    return model


def float_nodes(model: "ModelProto") -> list[str]:
    """Return the names of the nodes that stay in 32 bits, see `quantised`."""
    nodes, weights = list(model.graph.node), {weight.name: weight for weight in model.graph.initializer}
    first = next((place for place, node in enumerate(nodes) if node.op_type in ("Conv", "MatMul", "Gemm")), 0)
    convolving = [place for place, node in enumerate(nodes) if node.op_type in ("Conv", "ConvTranspose")]
    head = next((place for place, node in enumerate(nodes) if node.name == HEAD), convolving[-1])
    kept = [*nodes[:first], *nodes[head:]]
    if _inputs_of(nodes[first], weights) < COLOURS:
        kept.append(nodes[first])
    return [node.name for node in kept]


def _inputs_of(node: "NodeProto", weights: "dict[str, TensorProto]") -> int:
    return int(weights[node.input[1]].dims[1]) if node.op_type == "Conv" else COLOURS


class _Reader:
    """Hands out calibration inputs one after the other, as ONNX Runtime asks for them."""

    def __init__(self, feeds: Sequence[Feeds]) -> None:
        self._left: Iterator[Feeds] = iter(feeds)

    def get_next(self) -> Feeds | None:
        """Return the next inputs, None once there are no more."""
        return next(self._left, None)


@contextmanager
def _calm() -> Iterator[None]:
    """Keep the quantiser's advice, which it logs as the root of all loggers, from the user."""
    import logging

    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def _refusal() -> Iterator[None]:
    """Say what ONNX Runtime's quantiser, which has errors of many types, refuses to do."""
    try:
        yield
    except Exception as error:
        said = next(iter(str(error).splitlines()), "")
        raise NotApplicableError(
            f"ONNX Runtime cannot write it in eight bits ({type(error).__name__}: {said})"
        ) from error


def _bytes(model: "ModelProto") -> bytes:
    data: bytes = model.SerializeToString(deterministic=True)
    return data
