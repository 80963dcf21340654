"""Checkpoints: all tensors in one safetensors file beside readable JSON, written aside and renamed into place.

A checkpoint is a folder ``<attempt>-<step>``. It is whole if its JSON can be read and names the hash of its tensors, so
whatever moment a process was killed at, the newest whole one can be gone on from.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from pydantic import ConfigDict
from safetensors.torch import load_file, save_file
from torch import Tensor

from synthetyk.core.artifacts import Artifact, sha256_file
from synthetyk.core.errors import ArtifactError

KEPT = 2


class CheckpointCard(Artifact):
    """What a checkpoint says about itself.

    Attributes:
        step: Training steps done.
        attempt: Rollbacks before it.
        good: Whether the stability monitor had nothing to say at this moment.
        state: Everything that lasts over steps and is no tensor.
        tensors_sha256: Hash of ``tensors.safetensors``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    schema_name: ClassVar[str] = "checkpoint"

    step: int
    attempt: int
    good: bool
    state: dict[str, Any]
    tensors_sha256: str = ""


@dataclass(frozen=True)
class Checkpoint:
    """One moment of a training."""

    card: CheckpointCard
    tensors: dict[str, Tensor]


class CheckpointStore:
    """The checkpoints in one folder: the last two, and the last good one.

    Args:
        folder: Where they lie; made when the first is saved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, checkpoint: Checkpoint) -> None:
        """Write one durably, then delete those that are no longer needed."""
        card = checkpoint.card
        final = self.folder / f"{card.attempt}-{card.step:08d}"
        aside = self.folder / f".{final.name}.tmp"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        tensors = aside / "tensors.safetensors"
        save_file({name: tensor.contiguous() for name, tensor in checkpoint.tensors.items()}, tensors)
        _sync(tensors)
        card.model_copy(update={"tensors_sha256": sha256_file(tensors)}).save(aside / "state.json")
        _sync(aside)
        shutil.rmtree(final, ignore_errors=True)
        aside.rename(final)
        _sync(self.folder)
        self._prune()

    def newest(self) -> tuple[Checkpoint | None, list[str]]:
        """Return the newest whole checkpoint, and why each newer one could not be used."""
        damage: list[str] = []
        for path in self._paths():
            try:
                return _load(path), damage
            except ArtifactError as error:
                damage.append(str(error))
        return None, damage

    def newest_good(self) -> Checkpoint | None:
        """Return the newest whole checkpoint that is good."""
        path = self._good_path()
        return _load(path) if path else None

    def _paths(self) -> list[Path]:
        """Return the checkpoints, newest first; a later attempt is newer whatever its step."""
        paths = [path for path in self.folder.glob("*-*") if not path.name.startswith(".")]
        return sorted(paths, key=_order, reverse=True)

    def _good_path(self) -> Path | None:
        return next((path for path in self._paths() if _is_good(path)), None)

    def _prune(self) -> None:
        good = self._good_path()
        for path in self._paths()[KEPT:]:
            if path != good:
                shutil.rmtree(path)


def _order(path: Path) -> tuple[int, int]:
    attempt, _, step = path.name.partition("-")
    return int(attempt), int(step)


def _is_good(path: Path) -> bool:
    try:
        return _whole(path).good
    except ArtifactError:  # told when the training began
        return False


def _load(path: Path) -> Checkpoint:
    return Checkpoint(_whole(path), load_file(path / "tensors.safetensors"))


def _whole(path: Path) -> CheckpointCard:
    """Return what a checkpoint says about itself; ArtifactError if it is not whole."""
    card = CheckpointCard.load(path / "state.json")
    tensors = path / "tensors.safetensors"
    if not tensors.exists() or sha256_file(tensors) != card.tensors_sha256:
        raise ArtifactError(f"{tensors} is damaged", expected="the bytes whose hash state.json names")
    return card


def _sync(path: Path) -> None:
    """Flush a file's bytes, or a folder's names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def tensors_under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names start with ``prefix.``, named without it."""
    start = prefix + "."
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return an optimiser's memory as ``<parameter number>.<name>``."""
    return {
        f"{number}.{name}": value
        for number, parameter in enumerate(_parameters(optimizer))
        for name, value in optimizer.state[parameter].items()
    }


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put back what `optimizer_tensors` returned, in the memory layout of the parameters."""
    for number, parameter in enumerate(_parameters(optimizer)):
        for name, value in tensors_under(str(number), tensors).items():
            like = parameter.detach() if value.shape == parameter.shape else value.to(parameter.device)
            optimizer.state[parameter][name] = torch.empty_like(like).copy_(value)


def _parameters(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
