"""Trains a GAN, from the whole to its parts: ``fit``, ``train_until``, ``train_tick``, ``train_step``.

Whatever stops it, it goes on from the newest whole checkpoint in its folder, and on one machine ends with the
same bits as a training that was never stopped.
"""

import copy
import hashlib
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from synthetyk.core.progress import Progress, silent
from synthetyk.data.dataset import Subset
from synthetyk.tracking.tracker import Tracker
from synthetyk.training.batches import GANBatches
from synthetyk.training.candidates import Candidates, Chosen, Evaluate, Moment
from synthetyk.training.checkpoint import Checkpoint, CheckpointCard, CheckpointStore
from synthetyk.training.gan import GAN, VALUES
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.gan_data import MIN_IMAGES, check_data, check_same, identity, reference_images
from synthetyk.training.generator_file import GeneratorCard, save_generator
from synthetyk.training.monitor import Features, Finding, StabilityMonitor
from synthetyk.training.noise_scale import Distance, NoiseScale, choose_noise_scale
from synthetyk.training.numerics import prepare_torch
from synthetyk.training.position import Position, Return, answer, total_steps
from synthetyk.training.sampler import Sampler
from synthetyk.training.samples import first_images, remove_sheets, write_sheet
from synthetyk.training.world import ALONE, World

__all__ = ["MIN_IMAGES", "GANConfig", "GANResult", "GANTrainer"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GANResult:
    """How a training ended.

    Attributes:
        generator: Path of ``generator.safetensors``.
        steps: Steps that led to it, without those a rollback undid.
        kimg: Thousand real images shown in these steps.
        chosen: Which moment's generator was kept, how it draws and why, in words; empty if it is the last one's.
        rollbacks: How often the training went back to a good checkpoint, or to the beginning.
        findings: What the stability monitor said, in order.
    """

    generator: Path
    steps: int
    kimg: float
    chosen: str
    rollbacks: int
    findings: tuple[Finding, ...]


class GANTrainer:
    """Trains one GAN in one folder.

    Args:
        config: How to train.
        data: The training images, at least `MIN_IMAGES`.
        folder: Receives ``checkpoints/``, ``samples/`` with sheets named by the images shown, ``generator.safetensors``
            and ``generator.json``.
        tracker: Receives metrics once a tick, and events.
        features: Lets the monitor judge diversity in features as well as in pixels.
        evaluate: Scores the generator at every sample sheet; its values are logged, and the best is what is kept.
        distance: Of generated to training images; at the end it decides how widely noise is drawn.
        progress: Called at every step with kimg done, kimg in all, and a message.
        world: Who trains along; only the first process writes, judges and reports, and only there are the other
            arguments looked at.

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
        distance: Distance | None = None,
        progress: Progress = silent,
        world: World = ALONE,
    ) -> None:
        check_data(config, data)
        prepare_torch(config.threads)
        self.config, self.data, self.folder, self.tracker = config, data, folder, tracker
        self.progress, self.distance, self.world = progress, distance, world
        self.total_steps = total_steps(config)
        self.tick_steps = max(1, round(config.tick_kimg * 1000 / config.batch_size))
        self.batches = GANBatches(config, data, world.share(config.batch_size))
        self.checkpoints = CheckpointStore(folder / "checkpoints")
        self.candidates = Candidates(folder / "candidates", evaluate)
        self.monitor = StabilityMonitor(config.monitor, reference_images(config, data), features, config.kimg)
        self.at = Position()
        self.gan = GAN(config, world=world)
        self._begun = False

    def fit(self) -> GANResult:
        """Train to the end, from the newest checkpoint if there is one.

        Raises:
            TrainingError: The folder holds checkpoints of other settings or other data.
            DivergedError: Values stopped being numbers, no rollback mended it, and there is no good checkpoint.
        """
        self.train_until(math.inf)
        return self._finish()

    def train_until(self, kimg: float) -> None:
        """Train until so many thousand images are shown and a tick is full, or to the end; leave a checkpoint there.

        Raises:
            TrainingError: As `fit`.
            DivergedError: As `fit`.
        """
        if not self._begun:
            self._resume()
            self._begun = True
        before = self.at.step
        while not self._over and self.kimg < kimg:
            values = self.train_tick()
            back = self.world.agree(self._judge(values) if self.world.leads else None)
            if back:
                self._go_back(back)
            else:
                self._keep()
        if self.world.leads and self.at.step > before and not self._over:
            self._save(good=self.monitor.calm)

    def train_tick(self) -> dict[str, float]:
        """Train until the next line of metrics is due; return the mean values of all processes."""
        start, before = time.monotonic(), self.at.step
        total = torch.zeros(len(VALUES), device=self.config.device)
        while True:
            values = self.train_step()
            total += torch.stack([values[name] for name in VALUES])
            steps = self.at.step - before
            speed = steps * self.config.batch_size / (time.monotonic() - start)
            self.progress(self._spent_kimg, self.config.kimg, f"{speed:.0f} images/s")
            if self._over or self.at.step % self.tick_steps == 0:
                means = (self.world.sum(total) / steps).tolist()
                return dict(zip(VALUES, means, strict=True))

    def train_step(self) -> dict[str, torch.Tensor]:
        """Show the next batch to both networks."""
        real, labels = self.batches.at(self.at.step, self.at.attempt)
        values = self.gan.train_step(real, labels, self.at.step, self._spent_kimg / self.config.kimg)
        self.at.step += 1
        return values

    @property
    def kimg(self) -> float:
        """Thousand real images shown so far."""
        return self._shown / 1000

    @property
    def sampler(self) -> Sampler:
        """Draws from the averaged generator as it is now."""
        return self._sampler(self.gan.ema.network)

    @property
    def _shown(self) -> int:
        return self.at.step * self.config.batch_size

    @property
    def _spent_kimg(self) -> float:
        return (self.at.step + self.at.lost) * self.config.batch_size / 1000

    @property
    def _class_names(self) -> tuple[str, ...]:
        return self.data.class_names if self.config.network.classes else ()

    @property
    def _over(self) -> bool:
        return self.at.step + self.at.lost >= self.total_steps

    def _sampler(self, network: torch.nn.Module) -> Sampler:
        return Sampler(network, self.config.network.classes, self.config.network.latent, self.config.seed)

    def _judge(self, values: dict[str, float]) -> Return | None:
        """Log the tick and ask the monitor; return where to go back to if that is the answer."""
        if not self.gan.finite():
            values = values | {"weights": math.nan}
        broken = not all(math.isfinite(value) for value in values.values())
        count = self.config.monitor.samples_of_each(self.config.network.classes)
        images = {} if broken else first_images(self.sampler, self._class_names, count)
        ratios = self.monitor.ratios(images)
        findings = self.monitor.look(self.kimg, values, ratios)
        rates = {"kimg": self.kimg, "learning_rate": self.gan.learning_rates[0]}
        self.tracker.log(self.at.step, values | ratios | rates)
        return self._answer(findings) if findings else None

    def _answer(self, findings: list[Finding]) -> Return | None:
        found = answer(self.config, self.at, self.checkpoints.newest_good(), findings)
        if isinstance(found, Return):
            return found
        self._tell(found.findings)
        return None

    def _go_back(self, back: Return) -> None:
        """Go back to a good checkpoint, or to the beginning, and end there or try a lower rate and other randomness."""
        undone, good = self.at.step, back.checkpoint
        self.at = self.at.after(back, self.total_steps)
        self.gan = GAN(self.config, self.at.attempt, self.world)
        self.monitor.load_state_dict(good.card.state["monitor"] if good else {})
        if good:
            self.gan.load_tensors(good.tensors)
        if self.world.leads:
            self._tell_return(back, undone)

    def _tell_return(self, back: Return, undone: int) -> None:
        action = f"At {undone * self.config.batch_size / 1000:.1f} kimg went back to {self.kimg:.1f} kimg"
        rate = self.gan.learning_rates[0]
        action += " and ended there, with that generator" if back.end else f", learning rate now {rate:.2g}"
        self.tracker.rewind(self.at.step)
        self._tell([replace(finding, action=action) for finding in back.findings])
        self._save(good=back.checkpoint is not None)
        remove_sheets(self.folder / "samples", self._shown)

    def _tell(self, findings: Sequence[Finding]) -> None:
        self.at.findings += findings
        for finding in findings:
            self.tracker.event(self.at.step, finding.kind, str(finding))
            log.warning("%s", finding)

    def _keep(self) -> None:
        """Look at the generator and write the checkpoint if they are due."""
        if self._over or self._due(self.config.sample_kimg):
            self.at.lost = self.world.agree(self._look() if self.world.leads else 0)
        if self.world.leads and (self._over or self._due(self.config.checkpoint_kimg)):
            self._save(good=self.monitor.calm)

    def _look(self) -> int:
        """Write the sample sheet and score the generator; return the steps that are lost, all if it memorises."""
        self._write_sheet(self.sampler)
        now = Moment(self.at.step, self.at.attempt, self.kimg)
        if scores := self.candidates.add(now, self.gan.generators(), self._sampler):
            self.tracker.log(self.at.step, scores)
        finding = self.candidates.memorising()
        if finding and not self._over:
            self._tell([finding])
            return self.total_steps - self.at.step
        return self.at.lost

    def _due(self, every_kimg: float) -> bool:
        every = max(1, round(every_kimg / self.config.tick_kimg)) * self.tick_steps
        return self.at.step % every == 0

    def _write_sheet(self, sampler: Sampler) -> None:
        write_sheet(sampler, self._class_names, self.folder / "samples" / f"{self._shown:09d}.png")

    def _save(self, *, good: bool) -> None:
        state = {
            **identity(self.config, self.data),
            "lost": self.at.lost,
            "findings": [asdict(finding) for finding in self.at.findings],
            "monitor": self.monitor.state_dict(),
            "candidates": self.candidates.state_dict(),
        }
        card = CheckpointCard(step=self.at.step, attempt=self.at.attempt, good=good, state=state)
        self.checkpoints.save(Checkpoint(card, self.gan.tensors()))

    def _resume(self) -> None:
        """Go on from the newest whole checkpoint, if there is one."""
        checkpoint, damage = self.world.agree(self.checkpoints.newest() if self.world.leads else (None, []))
        if checkpoint:
            card = checkpoint.card
            check_same(self.config, self.data, card.state, self.checkpoints.folder)
            findings = [Finding(**finding) for finding in card.state["findings"]]
            self.at = Position(card.step, card.attempt, card.state["lost"], findings)
            self.gan = GAN(self.config, card.attempt, self.world)
            self.gan.load_tensors(checkpoint.tensors)
            self.monitor.load_state_dict(card.state["monitor"])
            self.candidates.load_state_dict(card.state.get("candidates", {}))
        if not self.world.leads:
            return
        self.tracker.rewind(self.at.step)
        for message in damage:
            self.tracker.event(self.at.step, "checkpoint_damaged", f"{message} Went on from the one before.")

    def _finish(self) -> GANResult:
        path, reason = self.folder / "generator.safetensors", ""
        if self.world.leads:
            reason = self._write_generator(path, self.candidates.choose())
        return GANResult(path, self.at.step, self.kimg, reason, self.at.attempt, tuple(self.at.findings))

    def _write_generator(self, path: Path, chosen: Chosen | None) -> str:
        """Write the chosen generator and its sheet, or the averaged one as it is if none was scored; return why."""
        network = copy.deepcopy(self.gan.ema.network)
        if chosen:
            network.load_state_dict(chosen.weights)
        sampler = self._sampler(network)
        noise = choose_noise_scale(sampler, self.distance) if self.distance else NoiseScale()
        self._write_sheet(sampler.widened(noise.value))
        card = GeneratorCard(
            network=self.config.network,
            class_names=self._class_names,
            image_shape=self.data.shape,
            seed=self.config.seed,
            kimg=chosen.kimg if chosen else self.kimg,
            training_sha256=hashlib.sha256(self.config.model_dump_json().encode()).hexdigest(),
            chosen=" ".join(filter(None, [chosen.reason if chosen else "", noise.reason])),
            noise_scale=noise.value,
        )
        save_generator(path, network, card)
        return card.chosen
