"""Magnitude pruning: the smallest weights of a network become 0; its tensors stay as large as they were."""

import torch
from torch import Tensor, nn

from synthetyk.models.image_classifier import ImageClassifier

Masks = dict[str, Tensor]


@torch.no_grad()
def magnitude_masks(network: ImageClassifier, sparsity: float) -> Masks:
    """Return which weights stay, by the name of their tensor: the largest of the whole network, wherever they are.

    Global and unstructured (Han et al., "Learning both weights and connections for efficient neural networks", NeurIPS
    2015, section 3). Biases, normalisation and the head are never pruned: they are few.

    Args:
        network: The classifier.
        sparsity: Share of the convolutions' weights that become 0, from 0 up to 1.
    """
    kernels = {
        f"encoder.{name}.weight": module.weight
        for name, module in network.encoder.named_modules()
        if isinstance(module, nn.Conv2d)
    }
    every = torch.cat([weight.abs().flatten() for weight in kernels.values()])
    pruned = int(sparsity * len(every))
    if not pruned:
        return {name: torch.ones_like(weight) for name, weight in kernels.items()}
    threshold = every.kthvalue(pruned).values
    return {name: (weight.abs() > threshold).to(weight.dtype) for name, weight in kernels.items()}


@torch.no_grad()
def apply_masks(network: nn.Module, masks: Masks) -> None:
    """Set the weights to 0 that the masks leave out."""
    parameters = dict(network.named_parameters())
    for name, mask in masks.items():
        parameters[name].mul_(mask)
