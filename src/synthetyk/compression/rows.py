"""Finished rows on disk: what was made and measured once is not made again after a kill."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from synthetyk.compression.names import ORIGINAL
from synthetyk.compression.report import ClassifierRowFile, GeneratorRowFile, ModelFile
from synthetyk.compression.speed import measure_cost
from synthetyk.core.artifacts import sha256_file, write_bytes
from synthetyk.core.errors import ArtifactError
from synthetyk.runtime.session import Feeds

RowFile = TypeVar("RowFile", ClassifierRowFile, GeneratorRowFile)

PACKAGES = ("onnx", "onnxruntime", "onnxscript", "torch")


@dataclass(frozen=True)
class Shelf:
    """The folder of models, and what is known of each.

    Attributes:
        folder: Holds ``WHAT-NAME.onnx``, and ``rows/WHAT-NAME.json`` beside them.
        what: ``classifier`` or ``generator``.
        key: Hash of everything that all rows depend on.
        seconds: Time for each measurement of speed.
    """

    folder: Path
    what: str
    key: str
    seconds: float

    def file(self, name: str) -> str:
        """Return the name of a row's file."""
        return f"{self.what}-{name.replace('+', '-')}.onnx"

    def model(self, name: str) -> Path:
        """Return where a row's model lies."""
        return self.folder / self.file(name)

    def record(self, name: str) -> Path:
        """Return where a row's record lies."""
        return self.folder / "rows" / f"{self.file(name).removesuffix('.onnx')}.json"

    def kept(self, kind: type[RowFile], name: str) -> RowFile | None:
        """Return the record of a row that was finished before, of the same inputs, whose model is still there."""
        try:
            found = kind.load(self.record(name))
        except ArtifactError:
            return None
        model = self.folder / found.row.file
        whole = model.exists() and sha256_file(model) == found.row.sha256
        return found if whole and found.inputs == self.key else None

    def put(self, name: str, about: str, model: bytes, feeds: Feeds) -> ModelFile:
        """Write a model and measure what it costs beside the original, which has to be put first.

        Raises:
            SynthetykError: It cannot be measured.
        """
        write_bytes(self.model(name), model)
        cost = measure_cost(self.model(ORIGINAL), self.model(name), feeds, seconds=self.seconds)
        return ModelFile(
            name=name,
            about=about,
            file=self.file(name),
            sha256=hashlib.sha256(model).hexdigest(),
            megabytes=_megabytes(model),
            gzip_megabytes=_megabytes(gzip.compress(model, mtime=0)),
            peak_mb=cost.peak_mb,
            latencies=cost.latencies,
        )


def hashed(words: Mapping[str, Any], *parts: bytes) -> str:
    """Return one SHA-256 over JSON values and bytes."""
    digest = hashlib.sha256(json.dumps(words, sort_keys=True).encode())
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of what writes and runs the models."""
    return {name: version(name) for name in PACKAGES}


def _megabytes(data: bytes) -> float:
    return round(len(data) / 1e6, 4)
