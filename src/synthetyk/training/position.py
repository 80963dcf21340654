"""Where a training is, and what it does when the monitor has found something."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from synthetyk.core.errors import DivergedError
from synthetyk.training.checkpoint import Checkpoint
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.monitor import Finding

# Going back must leave at least this part of the steps that it undoes, or what it ends with would be hardly trained.
WORTH_GOING_BACK = 0.5


@dataclass
class Position:
    """Where a training is. `lost` steps were undone by rollbacks or given up; they count toward the budget."""

    step: int = 0
    attempt: int = 0
    lost: int = 0
    findings: list[Finding] = field(default_factory=list)

    def after(self, back: "Return", total_steps: int) -> "Position":
        """Return the position after going back."""
        lost = total_steps - back.step if back.end else self.lost + self.step - back.step
        return Position(back.step, self.attempt + 1, lost, self.findings)


@dataclass(frozen=True)
class Return:
    """Where to go back to: a checkpoint, or None for the beginning; `end` says that the training ends there."""

    checkpoint: Checkpoint | None
    findings: tuple[Finding, ...]
    end: bool

    @property
    def step(self) -> int:
        """The step to go on from."""
        return self.checkpoint.card.step if self.checkpoint else 0


@dataclass(frozen=True)
class Advice:
    """Going back would help nobody: what to tell instead."""

    findings: tuple[Finding, ...]


def total_steps(config: GANConfig) -> int:
    """Return the steps that show as many images as the settings ask for."""
    return math.ceil(config.kimg * 1000 / config.batch_size)


def answer(config: GANConfig, at: Position, good: Checkpoint | None, findings: Sequence[Finding]) -> Return | Advice:
    """Go back if that is worth it, else advise.

    Args:
        config: How the GAN is trained.
        at: Where the training is.
        good: The last checkpoint that the monitor had nothing to say about.
        findings: What the monitor says now, the worst first; not empty.

    Raises:
        DivergedError: Values stopped being numbers and there is nothing to go back to.
    """
    undone = at.step - (good.card.step if good else 0)
    late = total_steps(config) - at.step - at.lost < WORTH_GOING_BACK * undone
    # Early images look alike in slow trainings too: a collapse is no reason to begin anew from nothing.
    early = good is None and all(finding.kind == "collapse" for finding in findings)
    hopeless = late or early or at.attempt >= config.max_rollbacks
    broken = findings[0].kind == "nan"
    if broken and hopeless and not good:
        shown = at.step * config.batch_size / 1000
        raise DivergedError(f"After {shown:.1f} kimg: {findings[0].message}", action=findings[0].action)
    if broken or not hopeless:
        return Return(good, tuple(findings), end=hopeless)
    why = "Too late to go back and train again. " if late else ""
    return Advice(tuple(replace(finding, action=why + finding.action) for finding in findings))
