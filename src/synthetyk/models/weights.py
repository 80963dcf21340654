"""Weights from files: read without running anything in them, loaded strictly, mismatches named."""

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from synthetyk.core.errors import ArtifactError, MissingDependencyError

SUFFIXES = (".npz", ".safetensors", ".pth", ".pt")
DAMAGED = (OSError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, pickle.UnpicklingError, SafetensorError)


def read_state(path: Path) -> dict[str, Tensor]:
    """Read a state dict; pickled code is never executed.

    Args:
        path: A ``.npz``, ``.safetensors``, ``.pth`` or ``.pt`` file.

    Raises:
        MissingDependencyError: There is no such file.
        ArtifactError: It is of another kind, or damaged.
    """
    if not path.is_file():
        raise MissingDependencyError(f"There is no weights file at {path}", action="Give the path of a weights file")
    if path.suffix not in SUFFIXES:
        raise ArtifactError(f"{path} ends in {path.suffix!r}", expected=f"one of {', '.join(SUFFIXES)}")
    try:
        return _read(path)
    except DAMAGED as error:
        raise ArtifactError(f"{path} cannot be read", expected="a state dict of tensors and nothing else") from error


def _read(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    if path.suffix == ".safetensors":
        return load_file(path)
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, Mapping):
        raise ValueError(type(state).__name__)
    return dict(state)


def load_strictly(network: nn.Module, state: Mapping[str, Tensor], origin: str) -> None:
    """Copy `state` into `network`; every name and shape must match.

    BatchNorm's ``num_batches_tracked`` counters, which older files lack and evaluation never reads, may be absent.

    Args:
        network: Receives the weights.
        state: Tensors by state-dict key.
        origin: What to call the weights in an error, for example a path.

    Raises:
        ArtifactError: A key is missing, unexpected or of another shape; the first of each is named.
    """
    wanted = {key: value for key, value in network.state_dict().items() if not key.endswith("num_batches_tracked")}
    given = {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}
    complaints = [
        *_named("is missing", sorted(wanted.keys() - given.keys())),
        *_named("is not expected", sorted(given.keys() - wanted.keys())),
        *_named("has another shape", _reshaped(wanted, given)),
    ]
    if complaints:
        expected = f"the {len(wanted)} tensors of {type(network).__name__}"
        raise ArtifactError(f"{origin} does not fit: {'; '.join(complaints)}", expected=expected)
    network.load_state_dict(given, strict=False)


def _named(complaint: str, keys: list[str]) -> list[str]:
    more = f" (and {len(keys) - 1} more)" if len(keys) > 1 else ""
    return [f"{keys[0]} {complaint}{more}"] if keys else []


def _reshaped(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> list[str]:
    both = [key for key in wanted if key in given and wanted[key].shape != given[key].shape]
    return [f"{key} {tuple(given[key].shape)} instead of {tuple(wanted[key].shape)}" for key in both]
