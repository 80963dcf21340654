"""Sessions of ONNX Runtime as everything here opens them: on the CPU, with threads that do not spin."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Feeds = Mapping[str, NDArray[Any]]


class OnnxSession:
    """An ONNX file, ready to run.

    Args:
        model: The file, or its bytes.
        threads: How many compute; threads that wait do so without keeping a processor busy.
    """

    def __init__(self, model: bytes | Path, threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3  # errors only
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        source = model if isinstance(model, bytes) else str(model)
        self._session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        self.outputs = tuple(output.name for output in self._session.get_outputs())

    def run(self, feeds: Feeds, outputs: Sequence[str] | None = None) -> list[NDArray[np.float32]]:
        """Return the named outputs, or all of them, of inputs by name."""
        found: list[NDArray[np.float32]] = self._session.run(outputs, dict(feeds))
        return found
