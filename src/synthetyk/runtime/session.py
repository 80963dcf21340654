"""ONNX Runtime, as packages use it: one session per model, threads as given, checked against the manifest."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.errors import ConfigError, MissingDependencyError, PackageError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Shape = tuple[int | None, ...]
Feeds = Mapping[str, NDArray[Any]]


class OnnxModel:
    """Runs one ONNX model on the CPU; safe to use from several threads.

    Args:
        data: The model, or its file; it holds its weights itself.
        name: What to call it in an error.
        threads: CPU threads of one call.

    Raises:
        MissingDependencyError: ONNX Runtime is not installed.
        PackageError: It is no model that ONNX Runtime can run.
    """

    def __init__(self, data: bytes | Path, name: str, *, threads: int = 1) -> None:
        if threads < 1:
            raise ConfigError(f"{threads} threads were asked for", expected="at least 1")
        self.name = name
        self._session = _session(data, name, threads)

    def check(self, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> None:
        """Compare names and shapes with what is expected; None stands for any length.

        Raises:
            PackageError: They differ.
        """
        for kind, found, expected in (
            ("inputs", self._session.get_inputs(), inputs),
            ("outputs", self._session.get_outputs(), outputs),
        ):
            shapes = {each.name: tuple(each.shape) for each in found}
            if shapes.keys() != expected.keys() or not all(_fits(shapes[name], expected[name]) for name in expected):
                raise PackageError(
                    f"{self.name} has the {kind} {shapes}",
                    expected=f"{dict(expected)}",
                    action="Make the package again",
                )

    def run(self, outputs: Sequence[str] | None, inputs: Feeds) -> list[NDArray[np.float32]]:
        """Return some outputs by name, or all of them."""
        found: list[NDArray[np.float32]] = self._session.run(outputs and list(outputs), dict(inputs))
        return found


def _session(data: bytes | Path, name: str, threads: int) -> "InferenceSession":
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "ONNX Runtime is not installed", action="Run: pip install 'synthetyk[runtime]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # a service shares its cores
    options.log_severity_level = 3
    try:
        source = data if isinstance(data, bytes) else str(data)
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has an exception for each of its states, and no common one
        raise PackageError(f"{name} cannot be run: {error}", expected="a model for this ONNX Runtime") from error


def _fits(found: Sequence[int | str | None], expected: Shape) -> bool:
    """Tell whether a shape is the expected one; names of lengths, and None, stand for any."""
    return len(found) == len(expected) and all(
        wanted is None or not isinstance(length, int) or length == wanted
        for length, wanted in zip(found, expected, strict=True)
    )
