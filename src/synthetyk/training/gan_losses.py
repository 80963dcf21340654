"""The losses of a GAN on logits (Goodfellow et al., "Generative adversarial nets", NeurIPS 2014, section 3)."""

import torch.nn.functional as F
from torch import Tensor


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Binary cross-entropy of calling ``real`` logits ``(N,)`` real and ``fake`` logits ``(M,)`` false; a scalar."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def generator_loss(fake: Tensor) -> Tensor:
    """Non-saturating loss: binary cross-entropy of calling ``fake`` logits ``(N,)`` real; a scalar."""
    return F.softplus(-fake).mean()
