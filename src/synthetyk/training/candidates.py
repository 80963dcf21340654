"""The generators that a training may end with: scored while it trains, the best of them kept."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load
from torch import Tensor, nn

from synthetyk.core.artifacts import write_bytes
from synthetyk.training.monitor import ADVICE, Finding
from synthetyk.training.sampler import Sampler
from synthetyk.training.selection import Candidate, MemoryConfig, Selection, Weights, memorising
from synthetyk.training.weights_file import weights_bytes

Evaluate = Callable[[Sampler], Mapping[str, float]]


@dataclass(frozen=True)
class Moment:
    """A moment of a training: the step, the rollbacks before it, and the thousand real images shown."""

    step: int
    attempt: int
    kimg: float


@dataclass(frozen=True)
class Chosen:
    """The generator that is kept: from which kimg, why, and its weights."""

    kimg: float
    reason: str
    weights: dict[str, Tensor]


class Candidates:
    """Keeps the weights of every generator that can still be chosen.

    Args:
        folder: Receives one file for each of them.
        evaluate: Scores a generator; without it there are no candidates.
    """

    def __init__(self, folder: Path, evaluate: Evaluate | None) -> None:
        self.folder, self.evaluate = folder, evaluate
        self.selection = Selection()

    def add(
        self, at: Moment, networks: Mapping[Weights, nn.Module], sampler: Callable[[nn.Module], Sampler]
    ) -> dict[str, float]:
        """Score the networks of one moment, keep what can still be chosen, and return the scores for the metrics.

        Args:
            at: The moment.
            networks: By kind of weights; they are left as they are. Scores of all but the first are logged with the
                kind before their names.
            sampler: Returns a sampler of a network.
        """
        if self.evaluate is None:
            return {}
        logged: dict[str, float] = {}
        for weights, network in networks.items():
            still = copy.deepcopy(network).eval()
            scores = dict(self.evaluate(sampler(still)))
            candidate = Candidate(**vars(at), weights=weights, scores=scores)
            self.selection.add(candidate)
            write_bytes(self._path(candidate), weights_bytes(still))
            first = weights == next(iter(networks))
            logged |= scores if first else {f"{weights}_{name}": value for name, value in scores.items()}
        self._prune()
        return logged

    def memorising(self) -> Finding | None:
        """Say so if the training has begun to memorise."""
        kinds = dict.fromkeys(candidate.weights for candidate in self.selection.candidates)
        for kind in kinds:
            history = [candidate for candidate in self.selection.candidates if candidate.weights == kind]
            if message := memorising(history, MemoryConfig()):
                return Finding("memorising", message, ADVICE["memorising"])
        return None

    def choose(self) -> Chosen | None:
        """Return the best candidate whose weights are there, None if there is none."""
        found = Selection()
        for candidate in self.selection.candidates:
            if self._path(candidate).exists():
                found.add(candidate)
        best = found.best
        if best is None:
            return None
        # In other numbers of processes last bits differ, and what was thrown away could have become the best.
        reason = self.selection.reason if best == self.selection.best else found.reason
        return Chosen(best.kimg, reason, load(self._path(best).read_bytes()))

    def state_dict(self) -> dict[str, Any]:
        """Return what is remembered, fit for JSON."""
        return self.selection.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Put back what `state_dict` returned; files of candidates that came later are written again."""
        self.selection.load_state_dict(state)

    def _path(self, candidate: Candidate) -> Path:
        return self.folder / f"{candidate.attempt}-{candidate.step:08d}-{candidate.weights}.safetensors"

    def _prune(self) -> None:
        for candidate in self.selection.candidates:
            if not self.selection.could_win(candidate):
                self._path(candidate).unlink(missing_ok=True)
