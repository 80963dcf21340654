import time

import pytest

from synthetyk.training import speed as speed_module
from synthetyk.training.gan import GAN
from synthetyk.training.speed import measure


def test_speed_is_images_of_whole_steps_per_second(discs, tiny):
    began = time.monotonic()
    speed = measure(tiny(), discs(), seconds=0.2)
    assert 16 / (time.monotonic() - began) < speed < 1e6


def test_steps_that_pay_penalties_count_as_often_as_they_come(discs, tiny, monkeypatch):
    now = [0.0]

    def step(self, real, labels, number, done=0):
        now[0] += 5.0 if self.penalised(number) else 1.0
        return {"g_gradient": real.sum()}

    monkeypatch.setattr(GAN, "train_step", step)
    monkeypatch.setattr(speed_module.time, "monotonic", lambda: now[0])
    config = tiny(r1=1, penalty_every=4, network=tiny().network.replace(architecture="residual"))
    assert measure(config, discs(), seconds=0.1) == pytest.approx(16 / 2)
    assert measure(tiny(), discs(), seconds=0.1) == pytest.approx(16)
