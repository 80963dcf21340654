"""Failures that are planted in real trainings: the monitor says each within 20 kimg, and nothing in healthy ones."""

import pytest
import torch

from synthetyk.tracking.jsonl import JsonlTracker
from synthetyk.training.gan_trainer import GANTrainer
from synthetyk.training.step_inputs import step_inputs

KIMG = 20


class SaidError(Exception):
    """The monitor has spoken."""


KINDS = {
    "dcgan": {},
    "cpu-fast": {"architecture": "spectral", "loss": "hinge", "betas": (0.0, 0.99), "rate": 2},
}
KINDS["per class"] = KINDS["cpu-fast"] | {"discriminator": "per_class"}


@pytest.fixture(params=KINDS)
def says(request, tmp_path, discs, tiny, monkeypatch):
    """Train until the monitor speaks; return what it says, and when in kimg, or None."""

    def train(**settings):
        def tell(self, findings):
            raise SaidError([finding.kind for finding in findings], self.kimg)

        monkeypatch.setattr(GANTrainer, "_tell", tell)
        whole = {"kimg": 2 * KIMG, "batch_size": 64, "tick_kimg": 1, "checkpoint_kimg": 100, "sample_kimg": 100}
        kind = dict(KINDS[request.param])
        rate = kind.pop("rate", 1)
        networks = {name: kind.pop(name) for name in ("architecture", "discriminator") if name in kind}
        settings = {"learning_rate_d": rate * 2e-4, **kind, **settings}
        config = tiny(**whole | settings)
        config = config.replace(network=config.network.replace(**networks))
        folder = tmp_path / str(config.seed)
        try:
            GANTrainer(config, discs(), folder, JsonlTracker(folder / "metrics.jsonl")).fit()
        except SaidError as said:
            return said.args
        return None

    return train


def test_a_generator_that_ignores_its_noise_is_a_collapse(says, monkeypatch):
    silent = lambda *args, **at: step_inputs(*args, **at)._replace(noise=torch.zeros(64, 8))  # noqa: E731
    monkeypatch.setattr("synthetyk.training.gan.step_inputs", silent)
    honest = GANTrainer._sampler
    monkeypatch.setattr(GANTrainer, "_sampler", lambda self, network: honest(self, Deaf(network)))
    kinds, kimg = says()
    assert set(kinds) == {"collapse"}
    assert kimg <= KIMG


class Deaf(torch.nn.Module):
    """A generator that draws the same image whatever the noise."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, z, labels=None):
        return self.network(torch.zeros_like(z), labels)


def test_a_learning_rate_that_explodes_is_a_divergence(says):
    kinds, kimg = says(learning_rate_g=1, learning_rate_d=1)
    assert kinds[0] in {"divergence", "nan"}
    assert kimg <= KIMG


def test_a_discriminator_with_a_generator_that_cannot_follow_has_won(says):
    kinds, kimg = says(learning_rate_g=1e-7, learning_rate_d=2e-3)
    assert "discriminator_won" in kinds
    assert kimg <= KIMG


@pytest.mark.parametrize("seed", range(10))
def test_a_healthy_training_is_silent(says, seed):
    assert says(seed=seed, kimg=KIMG) is None
