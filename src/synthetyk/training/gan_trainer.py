"""Trains a GAN: ``fit`` -> ``train_tick`` -> ``train_step`` -> ``discriminator_step``, ``generator_step``.

Whatever stops it, it goes on from the newest whole checkpoint in its folder, and in fp32 on one machine ends with the
same bits as a training that was never stopped.
"""

import hashlib
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.errors import DivergedError, TrainingError
from synthetyk.core.progress import Progress, silent
from synthetyk.data.contact_sheet import contact_sheet
from synthetyk.data.dataset import Subset
from synthetyk.tracking.tracker import Tracker
from synthetyk.training.batches import GANBatches
from synthetyk.training.checkpoint import Checkpoint, CheckpointCard, CheckpointStore
from synthetyk.training.gan import GAN, GANConfig
from synthetyk.training.gan_data import MIN_IMAGES, check_data, data_digest, reference_images
from synthetyk.training.generator_file import GeneratorCard, save_generator
from synthetyk.training.monitor import Features, Finding, StabilityMonitor
from synthetyk.training.numerics import prepare_torch
from synthetyk.training.sampler import Sampler

__all__ = ["MIN_IMAGES", "GANConfig", "GANResult", "GANTrainer"]

log = logging.getLogger(__name__)

SHEET_COLUMNS = 8
# Going back must leave at least this part of the steps that it undoes, or what it ends with would be hardly trained.
WORTH_GOING_BACK = 0.5

Evaluate = Callable[[Sampler, int], Mapping[str, float]]


@dataclass(frozen=True)
class GANResult:
    """How a training ended.

    Attributes:
        generator: Path of ``generator.safetensors``.
        steps: Steps that led to it, without those a rollback undid.
        kimg: Thousand real images shown in these steps.
        rollbacks: How often the training went back to a good checkpoint, or to the beginning.
        findings: What the stability monitor said, in order.
    """

    generator: Path
    steps: int
    kimg: float
    rollbacks: int
    findings: tuple[Finding, ...]


@dataclass
class _Position:
    """Where a training is. `lost` steps were undone by rollbacks or given up; they count toward the budget."""

    step: int = 0
    attempt: int = 0
    lost: int = 0
    findings: list[Finding] = field(default_factory=list)


class GANTrainer:
    """Trains one GAN in one folder.

    Args:
        config: How to train.
        data: The training images, at least `MIN_IMAGES`.
        folder: Receives ``checkpoints/``, ``samples/`` with sheets named by the images shown, ``generator.safetensors``
            and ``generator.json``.
        tracker: Receives metrics once a tick, and events.
        features: Lets the monitor judge diversity in features as well as in pixels.
        evaluate: Called with the averaged generator and the kimg at every sample sheet; its values are logged.
        progress: Called at every step with kimg done, kimg in all, and a message.

    Raises:
        TrainingError: The data does not fit the settings, or there is too little of it.
    """

    def __init__(
        self,
        config: GANConfig,
        data: Subset,
        folder: Path,
        tracker: Tracker,
        *,
        features: Features | None = None,
        evaluate: Evaluate | None = None,
        progress: Progress = silent,
    ) -> None:
        check_data(config, data)
        prepare_torch(config.threads)
        self.config, self.data, self.folder, self.tracker = config, data, folder, tracker
        self.evaluate, self.progress = evaluate, progress
        self.total_steps = math.ceil(config.kimg * 1000 / config.batch_size)
        self.tick_steps = max(1, round(config.tick_kimg * 1000 / config.batch_size))
        conditional = config.network.classes > 0
        self.batches = GANBatches(
            data, config.batch_size, config.seed, conditional=conditional, balanced=config.balanced
        )
        self.checkpoints = CheckpointStore(folder / "checkpoints")
        self.monitor = StabilityMonitor(config.monitor, reference_images(config, data), features, config.kimg)
        self.at = _Position()
        self.gan = GAN(config)

    def fit(self) -> GANResult:
        """Train to the end, from the newest checkpoint if there is one.

        Raises:
            TrainingError: The folder holds checkpoints of other settings or other data.
            DivergedError: Values stopped being numbers, no rollback mended it, and there is no good checkpoint.
        """
        self._resume()
        while not self._over:
            values = self.train_tick()
            if not self._judge(values):
                self._keep()
        return self._finish()

    def train_tick(self) -> dict[str, float]:
        """Train until the next line of metrics is due, or something is no number; return the mean values."""
        steps: list[dict[str, float]] = []
        start, before = time.monotonic(), self.at.step
        while True:
            steps.append(self.train_step())
            speed = (self.at.step - before) * self.config.batch_size / (time.monotonic() - start)
            self.progress(self._spent_kimg, self.config.kimg, _message(steps[-1], speed))
            finite = all(math.isfinite(value) for value in steps[-1].values())
            if not finite or self._over or self.at.step % self.tick_steps == 0:
                return {name: float(np.mean([values[name] for values in steps])) for name in steps[0]}

    def train_step(self) -> dict[str, float]:
        """Show the next batch to both networks."""
        real, labels = self.batches.at(self.at.step, self.at.attempt)
        values = self.gan.train_step(real, labels, self.at.step)
        self.at.step += 1
        return values

    @property
    def kimg(self) -> float:
        """Thousand real images shown so far."""
        return self._shown / 1000

    @property
    def _shown(self) -> int:
        return self.at.step * self.config.batch_size

    @property
    def _spent_kimg(self) -> float:
        return (self.at.step + self.at.lost) * self.config.batch_size / 1000

    @property
    def sampler(self) -> Sampler:
        """Draws from the averaged generator as it is now."""
        network = self.config.network
        return Sampler(self.gan.ema.network, network.classes, network.latent, self.config.seed)

    @property
    def _over(self) -> bool:
        return self.at.step + self.at.lost >= self.total_steps

    def _judge(self, values: dict[str, float]) -> bool:
        """Log the tick and answer the monitor's findings; tell whether the training went back."""
        if not self.gan.finite():
            values = values | {"weights": math.nan}
        broken = not all(math.isfinite(value) for value in values.values())
        ratios = {} if broken else self.monitor.ratios(self._samples(self.config.monitor.samples))
        findings = self.monitor.look(self.kimg, values, ratios)
        rates = {"kimg": self.kimg, "learning_rate": self.gan.learning_rates[0]}
        self.tracker.log(self.at.step, values | ratios | rates)
        return bool(findings) and self._answer(findings)

    def _answer(self, findings: list[Finding]) -> bool:
        """Go back if that is worth it, else keep what can be kept and advise; tell whether the training went back."""
        good = self.checkpoints.newest_good()
        undone = self.at.step - (good.card.step if good else 0)
        late = self.total_steps - self.at.step - self.at.lost < WORTH_GOING_BACK * undone
        # Early images look alike in slow trainings too: a collapse is no reason to begin anew from nothing.
        early = good is None and all(finding.kind == "collapse" for finding in findings)
        hopeless = late or early or self.at.attempt >= self.config.max_rollbacks
        broken = findings[0].kind == "nan"
        if broken and hopeless and not good:
            raise DivergedError(f"After {self.kimg:.1f} kimg: {findings[0].message}", action=findings[0].action)
        if broken or not hopeless:
            self._roll_back(findings, good, end=hopeless)
            return True
        why = "Too late to go back and train again. " if late else ""
        self._tell([replace(finding, action=why + finding.action) for finding in findings])
        return False

    def _roll_back(self, findings: list[Finding], good: Checkpoint | None, *, end: bool) -> None:
        """Go back to a good checkpoint, or to the beginning, and end there or try a lower rate and other randomness."""
        now = self.at
        step = good.card.step if good else 0
        lost = self.total_steps - step if end else now.lost + now.step - step
        self.at = _Position(step, now.attempt + 1, lost, now.findings)
        self.gan = GAN(self.config, self.at.attempt)
        self.monitor.load_state_dict(good.card.state["monitor"] if good else {"history": [], "strikes": {}})
        if good:
            self.gan.load_tensors(good.tensors)
        rate = self.gan.learning_rates[0]
        action = f"At {now.step * self.config.batch_size / 1000:.1f} kimg went back to {self.kimg:.1f} kimg"
        action += " and ended there, with that generator" if end else f", learning rate now {rate:.2g}"
        self.tracker.rewind(step)
        self._tell([replace(finding, action=action) for finding in findings])
        self._save(good=good is not None)
        for sheet in self.folder.glob("samples/*.png"):
            if int(sheet.stem) > self._shown:
                sheet.unlink()

    def _tell(self, findings: list[Finding]) -> None:
        self.at.findings += findings
        for finding in findings:
            self.tracker.event(self.at.step, finding.kind, str(finding))
            log.warning("%s", finding)

    def _keep(self) -> None:
        """Write the sample sheet and the checkpoint that are due."""
        if self._over or self._due(self.config.sample_kimg):
            self._write_sheet()
            if self.evaluate:
                self.tracker.log(self.at.step, self.evaluate(self.sampler, round(self.kimg)))
        if self._over or self._due(self.config.checkpoint_kimg):
            self._save(good=self.monitor.calm)

    def _due(self, every_kimg: float) -> bool:
        every = max(1, round(every_kimg / self.config.tick_kimg)) * self.tick_steps
        return self.at.step % every == 0

    def _samples(self, count: int) -> dict[str, NDArray[np.uint8]]:
        """Return the first `count` images of each class, by the class's name."""
        names = self.data.class_names if self.config.network.classes else ("all",)
        labels = range(len(names)) if self.config.network.classes else (None,)
        return {name: self.sampler.sample(label, range(count)) for name, label in zip(names, labels, strict=True)}

    def _write_sheet(self) -> None:
        samples = self._samples(SHEET_COLUMNS if self.config.network.classes else SHEET_COLUMNS**2)
        path = self.folder / "samples" / f"{self._shown:09d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        captions = list(samples) if self.config.network.classes else None
        contact_sheet(np.concatenate(list(samples.values())), columns=SHEET_COLUMNS, captions=captions).save(path)

    def _save(self, *, good: bool) -> None:
        state = {
            "config": self.config.model_dump(mode="json"),
            "data": data_digest(self.data),
            "lost": self.at.lost,
            "findings": [asdict(finding) for finding in self.at.findings],
            "monitor": self.monitor.state_dict(),
        }
        card = CheckpointCard(step=self.at.step, attempt=self.at.attempt, good=good, state=state)
        self.checkpoints.save(Checkpoint(card, self.gan.tensors()))

    def _resume(self) -> None:
        """Go on from the newest whole checkpoint, if there is one."""
        checkpoint, damage = self.checkpoints.newest()
        if checkpoint:
            card = checkpoint.card
            self._check_same(card.state)
            findings = [Finding(**finding) for finding in card.state["findings"]]
            self.at = _Position(card.step, card.attempt, card.state["lost"], findings)
            self.gan = GAN(self.config, card.attempt)
            self.gan.load_tensors(checkpoint.tensors)
            self.monitor.load_state_dict(card.state["monitor"])
        self.tracker.rewind(self.at.step)
        for message in damage:
            self.tracker.event(self.at.step, "checkpoint_damaged", f"{message} Went on from the one before.")

    def _check_same(self, state: Mapping[str, Any]) -> None:
        ours, theirs = self.config.model_dump(mode="json"), state["config"]
        changed = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
        if state["data"] != data_digest(self.data):
            changed.append("the data")
        if changed:
            raise TrainingError(
                f"{self.checkpoints.folder} holds a training with other settings ({', '.join(changed)})",
                expected="the settings and the data that it was begun with",
                action="Train into another folder, or delete this one to begin anew",
            )

    def _finish(self) -> GANResult:
        self._write_sheet()
        path = self.folder / "generator.safetensors"
        card = GeneratorCard(
            network=self.config.network,
            class_names=self.data.class_names if self.config.network.classes else (),
            image_shape=self.data.shape,
            seed=self.config.seed,
            kimg=self.kimg,
            training_sha256=hashlib.sha256(self.config.model_dump_json().encode()).hexdigest(),
        )
        save_generator(path, self.gan.ema.network, card)
        return GANResult(path, self.at.step, self.kimg, self.at.attempt, tuple(self.at.findings))


def _message(values: Mapping[str, float], speed: float) -> str:
    return f"loss D {values['d_loss']:.2f} G {values['g_loss']:.2f}, {speed:.0f} images/s"
