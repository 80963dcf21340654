import numpy as np
import pytest
import torch

from synthetyk.compression.sparsity import apply_masks, magnitude_masks


def kernels(network):
    return [p for name, p in network.encoder.named_parameters() if p.ndim == 4]


@pytest.mark.parametrize("sparsity", [0.3, 0.9])
def test_the_smallest_weights_of_the_whole_network_go(untrained, sparsity):
    network = untrained().network
    before = np.concatenate([kernel.detach().abs().numpy().ravel() for kernel in kernels(network)])
    apply_masks(network, magnitude_masks(network, sparsity))
    after = np.concatenate([kernel.detach().abs().numpy().ravel() for kernel in kernels(network)])
    assert (after == 0).mean() == pytest.approx(sparsity, abs=1e-3)
    assert before[after == 0].max() < after[after > 0].min()
    assert np.array_equal(after[after > 0], before[after > 0])


def test_head_and_normalisation_are_never_pruned(untrained):
    masks = magnitude_masks(untrained().network, 0.5)
    assert all(name.startswith("encoder.") and mask.ndim == 4 for name, mask in masks.items())


def test_nothing_to_prune_leaves_everything(untrained):
    masks = magnitude_masks(untrained().network, 1e-9)
    assert all(torch.equal(mask, torch.ones_like(mask)) for mask in masks.values())
