"""The stability monitor: sees a GAN go wrong and says so in words.

Pure judgements first, then `StabilityMonitor`, which remembers and waits until a sign has lasted.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from synthetyk.core.config import Config

Kind = Literal["nan", "divergence", "collapse", "discriminator_won", "memorising"]
Features = Callable[[NDArray[np.uint8]], NDArray[np.float32]]

ADVICE: dict[Kind, str] = {
    "nan": "Lower the learning rates, or train in fp32",
    "divergence": "Lower the learning rates",
    "collapse": "Lower the learning rates, use augmentation, or give the training more images",
    "memorising": "Ended here; the best generator from before is kept. More images or more augmentation would help",
    "discriminator_won": "Use augmentation or more images, or lower the discriminator's learning rate",
}

MANY_CLASSES = 8  # of more than these fewer images each are looked at,
FEWEST = 8  # but of none fewer than these: 28 pairs still tell images that are all alike


class MonitorConfig(Config):
    """When the monitor speaks.

    Attributes:
        samples: Generated images looked at per class; of more than 8 classes as many in all as of 8, but at least 8 of
            each.
        warmup_kimg: Thousand images before a generator that is still untrained is judged: until then its images are
            alike and the discriminator is right. A training that is no longer than this is not judged so at all.
        warmup_part: A longer training is warming up for at least this part of it.
        patience: Ticks in a row that divergence must last.
        collapse_patience: Ticks in a row that a lack of diversity must last without getting better.
        collapse_ratio: Generated images are collapsed if their mean pairwise distance is below this part of that
            between real images of the same class.
        recovering: A lack of diversity gets better if the distance has grown by this part over its ticks.
        loss_limit: A mean loss above this has exploded.
        runaway: The generator's loss has run away if it is more than this many times its median so far, and above 8.
        won_accuracy: The discriminator is never in doubt if it is this often right on real and on generated images.
        won_patience: Ticks in a row that this must last.
        won_loss: The generator's loss counts as rising only above this; 5 means that the discriminator gives generated
            images a chance of 0.7% to be real.
        sated: The discriminator has nothing left to learn if its loss stays below this; with the hinge loss the
            generator's loss then stands still instead of rising.
        vanished: The generator's gradient has vanished if its norm is below this part of its median so far.
    """

    samples: int = Field(default=64, ge=FEWEST)
    warmup_kimg: float = Field(default=10, ge=0)
    warmup_part: float = Field(default=0.2, ge=0, lt=1)
    patience: int = Field(default=3, ge=1)
    collapse_patience: int = Field(default=6, ge=2)
    collapse_ratio: float = Field(default=0.25, ge=0, lt=1)
    recovering: float = Field(default=0.1, ge=0)
    loss_limit: float = Field(default=30, gt=0)
    runaway: float = Field(default=4, gt=1)
    won_accuracy: float = Field(default=0.995, gt=0.5, le=1)
    won_patience: int = Field(default=10, ge=2)
    won_loss: float = Field(default=5, ge=0)
    sated: float = Field(default=0.01, ge=0)
    vanished: float = Field(default=0.05, ge=0, lt=1)

    def samples_of_each(self, classes: int) -> int:
        """Return how many generated images of each class are looked at, so that many classes make no tick slow.

        Args:
            classes: How many there are; 0 for a generator without classes.
        """
        return max(FEWEST, min(self.samples, MANY_CLASSES * self.samples // max(classes, 1)))


@dataclass(frozen=True)
class Finding:
    """Something that went wrong.

    Attributes:
        kind: A short stable word.
        message: What was seen, with its figures and their limits.
        action: What was done about it, or what the reader can do.
    """

    kind: Kind
    message: str
    action: str

    def __str__(self) -> str:
        return f"{self.message}. {self.action}."


def mean_pairwise_distance(rows: NDArray[np.floating[Any]]) -> float:
    """Return the mean Euclidean distance between two different rows of ``(n, d)``; n is at least 2."""
    rows = rows.reshape(len(rows), -1).astype(np.float64)
    squares = (rows**2).sum(axis=1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * rows @ rows.T, 0))
    above = distances[np.triu_indices(len(rows), k=1)]
    return float(above.mean())


def collapse_message(where: str, ratios: Sequence[float], config: MonitorConfig) -> str | None:
    """Judge the diversity of samples, as a part of the diversity of real images, over the last ticks.

    The images of a slow training are alike at first too, but less so at every tick: what is getting better is none.
    """
    recent, limit = ratios[-config.collapse_patience :], config.collapse_ratio
    if len(recent) < config.collapse_patience or max(recent) >= limit:
        return None
    half = len(recent) // 2
    before, now = fmean(recent[:half]), fmean(recent[half:])
    if now > (1 + config.recovering) * before:
        return None
    return f"Mode collapse: {where} differ from each other only {now:.2f} times as much as real ones (limit {limit})"


def divergence_message(history: Sequence[Mapping[str, float]], config: MonitorConfig) -> str | None:
    """Judge the last tick's losses against an absolute limit and against the training so far."""
    now = history[-1]
    for name, whose in (("d_loss", "discriminator"), ("g_loss", "generator")):
        if now[name] > config.loss_limit:
            return f"Divergence: the {whose}'s loss is {now[name]:.1f} (limit {config.loss_limit:.0f})"
    usual = median(tick["g_loss"] for tick in history)
    if now["g_loss"] > max(8.0, config.runaway * usual):
        return f"Divergence: the generator's loss ran away to {now['g_loss']:.1f} from a usual {usual:.1f}"
    return None


def won_message(history: Sequence[Mapping[str, float]], config: MonitorConfig) -> str | None:
    """Judge whether the discriminator is never in doubt and the generator falls behind, or either can learn no more."""
    if len(history) < config.won_patience:
        return None
    recent = history[-config.won_patience :]
    right = min(min(tick["d_real_accuracy"], tick["d_fake_accuracy"]) for tick in recent)
    if right < config.won_accuracy:
        return None
    half = len(recent) // 2
    before, now = (fmean(tick["g_loss"] for tick in part) for part in (recent[:half], recent[half:]))
    usual = median(tick["g_gradient"] for tick in history)
    if now > max(config.won_loss, 1.1 * before):
        sign = f"the generator's loss rose from {before:.1f} to {now:.1f}"
    elif (most := max(tick["d_loss"] for tick in recent)) < config.sated:
        sign = f"its own loss stayed below {most:.2g}"
    elif recent[-1]["g_gradient"] < config.vanished * usual:
        sign = f"the generator's gradient fell to {recent[-1]['g_gradient']:.2g} from a usual {usual:.2g}"
    else:
        return None
    return f"The discriminator has won: right on {right:.1%} of all images for {len(recent)} ticks while {sign}"


def nan_message(values: Mapping[str, float]) -> str | None:
    """Judge whether every value is a number."""
    broken = [name for name, value in values.items() if not math.isfinite(value)]
    return f"Not a number: {', '.join(broken)}" if broken else None


class StabilityMonitor:
    """Watches one training.

    Args:
        config: When to speak.
        real: Real uint8 images ``(n, C, H, W)`` by name of their class; a class with fewer than 2 is not watched.
        features: Maps uint8 images to features ``(n, d)``; diversity is then judged in features as well.
        total_kimg: Thousand images of the whole training; 0 if unknown.
    """

    HISTORY = 200

    def __init__(
        self,
        config: MonitorConfig,
        real: Mapping[str, NDArray[np.uint8]],
        features: Features | None = None,
        total_kimg: float = 0,
    ) -> None:
        self.config = config
        self.warmup_kimg = max(config.warmup_kimg, config.warmup_part * total_kimg)
        self._spaces: dict[str, Features] = {"pixels": _pixels} | ({"features": features} if features else {})
        watched = {name: images for name, images in real.items() if len(images) >= 2}
        self._reference = self._diversity(watched)
        self._history: list[dict[str, float]] = []
        self._ratios: dict[str, list[float]] = {}  # the last ticks' diversity by name, once the warm-up is over
        self._strikes: dict[str, int] = {}
        self._too_alike = False  # even in the warm-up; known anew at every tick, so no part of the state

    @property
    def calm(self) -> bool:
        """Whether nothing looked wrong at the last tick: such a moment is worth going back to."""
        return not self._too_alike and not any(self._strikes.values())

    def ratios(self, samples: Mapping[str, NDArray[np.uint8]]) -> dict[str, float]:
        """Return the diversity of generated images as a part of the real ones', by ``diversity_<space>/<class>``."""
        found = self._diversity({name: images for name, images in samples.items() if self._watches(name)})
        return {name: value / max(self._reference[name], 1e-12) for name, value in found.items()}

    def look(self, kimg: float, values: Mapping[str, float], ratios: Mapping[str, float]) -> list[Finding]:
        """Judge one tick.

        Args:
            kimg: Thousand images shown so far.
            values: The tick's mean d_loss, g_loss, d_real_accuracy, d_fake_accuracy and g_gradient.
            ratios: What `ratios` returned for this tick's samples.

        Returns:
            What has lasted long enough to be said now, the worst first; nothing is said again until it has been over.
        """
        if message := nan_message({**values, **ratios}):
            return [Finding("nan", message, ADVICE["nan"])]
        self._history = [*self._history[1 - self.HISTORY :], dict(values)]
        self._too_alike = any(ratio < self.config.collapse_ratio for ratio in ratios.values())
        trained = kimg > self.warmup_kimg
        won = won_message(self._history, self.config) if trained else None
        self._remember(ratios if trained else {})
        findings = [
            self._strike("divergence", "divergence", divergence_message(self._history, self.config)),
            *(self._judge_diversity(name) for name in self._ratios),
            self._strike("discriminator_won", "discriminator_won", won, at_once=True),
        ]
        return [finding for finding in findings if finding]

    def state_dict(self) -> dict[str, Any]:
        """Return what is remembered, fit for JSON."""
        return {"history": self._history, "ratios": self._ratios, "strikes": self._strikes}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Put back what `state_dict` returned."""
        self._history, self._strikes = list(state.get("history", [])), dict(state.get("strikes", {}))
        self._ratios = {name: list(values) for name, values in state.get("ratios", {}).items()}

    def _remember(self, ratios: Mapping[str, float]) -> None:
        """Keep as many ticks of diversity as are judged."""
        kept = 1 - self.config.collapse_patience
        self._ratios = {name: [*self._ratios.get(name, [])[kept:], ratio] for name, ratio in ratios.items()}

    def _judge_diversity(self, name: str) -> Finding | None:
        space, _, group = name.removeprefix("diversity_").partition("/")
        where = f"generated images of {group}, in {space}," if group != "all" else f"generated images, in {space},"
        return self._strike("collapse", name, collapse_message(where, self._ratios[name], self.config), at_once=True)

    def _strike(self, kind: Kind, sign: str, message: str | None, *, at_once: bool = False) -> Finding | None:
        """Count how long a sign has lasted; speak once, when that is long enough."""
        self._strikes[sign] = self._strikes.get(sign, 0) + 1 if message else 0
        if message and self._strikes[sign] == (1 if at_once else self.config.patience):
            return Finding(kind, message, ADVICE[kind])
        return None

    def _watches(self, group: str) -> bool:
        return f"diversity_pixels/{group}" in self._reference

    def _diversity(self, groups: Mapping[str, NDArray[np.uint8]]) -> dict[str, float]:
        return {
            f"diversity_{space}/{group}": mean_pairwise_distance(to_rows(images))
            for space, to_rows in self._spaces.items()
            for group, images in groups.items()
        }


def _pixels(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
