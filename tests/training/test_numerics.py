import torch

from synthetyk.training.numerics import prepare_torch


def test_threads_are_fixed_and_denormals_flushed():
    before = torch.get_num_threads()
    try:
        prepare_torch(1)
        assert torch.get_num_threads() == 1
        assert torch.tensor(1e-30) * torch.tensor(1e-10) == 0
    finally:
        torch.set_num_threads(before)
