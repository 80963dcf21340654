import pytest
import torch
from torch import nn

from synthetyk.training.ema import EMA, ema_decay


def test_half_life_is_when_a_step_counts_half():
    steps = 1000 * 5 // 50
    assert ema_decay(50, 5, step=10**6) ** steps == pytest.approx(0.5)


def test_half_life_is_a_twentieth_of_what_has_been_shown_at_first():
    assert ema_decay(50, 1000, step=200) ** (0.05 * 200) == pytest.approx(0.5)


@pytest.mark.parametrize(("half_life", "step"), [(0, 100), (5, 0)])
def test_without_half_life_or_at_the_first_step_the_average_is_the_network(half_life, step):
    assert ema_decay(64, half_life, step) == 0


def test_weights_and_running_statistics_are_averaged_and_the_counter_copied():
    network = nn.BatchNorm2d(3)
    ema = EMA(network)
    with torch.no_grad():
        network.weight.fill_(3)
    network.running_mean.fill_(4)
    network.num_batches_tracked.fill_(9)
    ema.update(network, 0.75)
    torch.testing.assert_close(ema.network.weight, torch.full((3,), 1.5))
    torch.testing.assert_close(ema.network.running_mean, torch.full((3,), 1.0))
    assert ema.network.num_batches_tracked == 9


def test_the_average_stays_in_evaluation_mode():
    assert not EMA(nn.BatchNorm2d(3).train()).network.training
