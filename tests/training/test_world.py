import pytest
import torch
from torch import nn

from synthetyk.training.world import ALONE, World, join_world


@pytest.mark.parametrize(("count", "size"), [(8, 2), (9, 2), (10, 3), (2, 3)])
def test_shares_are_neighbours_that_make_up_the_whole(count, size):
    shares = [World(rank, size).share(count) for rank in range(size)]
    assert [row for share in shares for row in range(share.start, share.stop)] == list(range(count))
    lengths = [share.stop - share.start for share in shares]
    assert max(lengths) - min(lengths) <= 1


def test_alone_nothing_is_summed_and_everything_agreed():
    layer = nn.Linear(2, 1)
    layer(torch.ones(1, 2)).sum().backward()
    before = layer.weight.grad.clone()
    ALONE.sum_gradients(layer)
    assert torch.equal(layer.weight.grad, before)
    assert ALONE.sum(torch.tensor([3.0])).item() == 3
    assert ALONE.agree("said") == "said"


def test_a_gradient_that_a_process_lacks_counts_as_nothing_and_keeps_the_others_in_place(monkeypatch):
    network = nn.Sequential(nn.Linear(2, 1), nn.Linear(2, 1))
    network[1](torch.ones(1, 2)).sum().backward()
    sent = []
    monkeypatch.setattr("torch.distributed.all_reduce", lambda flat: sent.append(flat.clone()) or flat.add_(1))
    World(0, 2).sum_gradients(network)
    assert sent[0].tolist() == [0, 0, 0, 1, 1, 1]
    assert network[0].weight.grad.tolist() == [[1, 1]]
    assert network[1].weight.grad.tolist() == [[2, 2]]


def test_outside_torchrun_a_process_is_alone(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with join_world() as world:
        assert world is ALONE
        assert world.leads
