"""Structured pruning: whole channels are taken out of a network, whose tensors become smaller.

Where a network adds two maps their channels belong together, so channels come in *groups*: the convolutions that write
them, with their normalisation, and the layers that read them. The channels of a group that matter least go: those whose
weights have the smallest L1 norm (Li et al., "Pruning filters for efficient ConvNets", ICLR 2017, section 3.1), counted
after normalisation, which decides how loud a channel is.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import Tensor, nn

from synthetyk.core.errors import NotApplicableError
from synthetyk.models.edgenet import Block, EdgeNet
from synthetyk.models.encoders.resnet import ResNetEncoder
from synthetyk.models.image_classifier import ImageClassifier

MULTIPLE = 8  # kernels work on this many channels at a time: a ninth costs as much as sixteen


@dataclass(frozen=True)
class ChannelGroup:
    """Channels that can only go together.

    Attributes:
        writers: Convolutions that write them, each with its normalisation.
        readers: Layers that read them.
    """

    writers: list[tuple[nn.Conv2d, nn.BatchNorm2d]] = field(default_factory=list)
    readers: list[nn.Conv2d | nn.Linear] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many channels there are."""
        return self.writers[0][0].out_channels

    def importance(self) -> Tensor:
        """Return how much each channel matters, ``(size,)``."""
        norms = [
            conv.weight.abs().sum(dim=(1, 2, 3)) * norm.weight.abs() / (norm.running_var + norm.eps).sqrt()
            for conv, norm in self.writers
            if norm.running_var is not None
        ]
        return torch.stack(norms).sum(dim=0)

    def keep(self, channels: Tensor) -> None:
        """Take out all channels but these, int64 ``(n,)``."""
        for conv, norm in self.writers:
            conv.weight, conv.out_channels = nn.Parameter(conv.weight[channels]), len(channels)
            _keep_in_norm(norm, channels)
        for reader in self.readers:
            reader.weight = nn.Parameter(reader.weight[:, channels])
            name = "in_channels" if isinstance(reader, nn.Conv2d) else "in_features"
            setattr(reader, name, len(channels))


@torch.no_grad()
def with_fewer_channels(network: ImageClassifier, share: float) -> ImageClassifier:
    """Return a smaller copy of a classifier.

    Args:
        network: The classifier.
        share: Part of each group's channels that is kept, rounded to a multiple of 8 and at least 8.

    Raises:
        NotApplicableError: It is not defined which channels of this encoder belong together.
    """
    smaller = copy.deepcopy(network)
    for group in groups_of(smaller):
        count = max(MULTIPLE, round(share * group.size / MULTIPLE) * MULTIPLE)
        if count < group.size:
            group.keep(group.importance().topk(count).indices.sort().values)
    if isinstance(smaller.encoder, EdgeNet):
        smaller.encoder.dimension = smaller.head.in_features
    return smaller.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def groups_of(network: ImageClassifier) -> list[ChannelGroup]:
    """Return the groups of channels that can be taken out of a classifier.

    Raises:
        NotApplicableError: It is not defined which channels of this encoder belong together.
    """
    match network.encoder:
        case EdgeNet() as encoder:
            return _of_edgenet(encoder, network.head)
        case ResNetEncoder() as encoder:
            return list(_of_resnet(encoder))
    kind = type(network.encoder).__name__.removesuffix("Encoder")
    raise NotApplicableError(
        f"It is not defined which channels of {kind} can be taken out together",
        expected="EdgeNet or a ResNet",
        action="Distil it into EdgeNet instead",
    )


def _of_edgenet(encoder: EdgeNet, head: nn.Linear) -> list[ChannelGroup]:
    """Everything but the narrow beginning of the stem: within blocks, and along each row of shortcuts."""
    convolutions = list(_with_norms(encoder.stem))
    trunk = ChannelGroup([convolutions[-1]])
    groups = [trunk]
    for block in encoder.blocks.children():
        assert isinstance(block, Block)
        first, second = next(_with_norms(block.first)), next(_with_norms(block.second))
        groups.append(ChannelGroup([first], [second[0]]))
        trunk.readers.append(first[0])
        if isinstance(block.shortcut, nn.Sequential):
            shortcut = next(_with_norms(block.shortcut))
            trunk.readers.append(shortcut[0])
            trunk = ChannelGroup([second, shortcut])
            groups.append(trunk)
        else:
            trunk.writers.append(second)
    trunk.readers.append(head)
    return groups


def _of_resnet(encoder: ResNetEncoder) -> Iterator[ChannelGroup]:
    """What lies within blocks; what runs along the shortcuts stays."""
    for name, stage in encoder.body.named_children():
        for block in stage.children() if name.startswith("layer") else ():
            layers = [getattr(block, f"conv{n}", None) for n in (1, 2, 3)]
            inner = [layer for layer in layers if layer is not None]
            for number, (conv, after) in enumerate(pairwise(inner), 1):
                yield ChannelGroup([(conv, getattr(block, f"bn{number}"))], [after])


def _with_norms(layers: nn.Module) -> Iterator[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Yield each convolution of a sequence with the normalisation after it."""
    inside = list(layers.children())
    for conv, norm in pairwise(inside):
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            yield conv, norm


def _keep_in_norm(norm: nn.BatchNorm2d, channels: Tensor) -> None:
    norm.num_features = len(channels)
    for name in ("weight", "bias"):
        setattr(norm, name, nn.Parameter(getattr(norm, name)[channels]))
    for name in ("running_mean", "running_var"):
        setattr(norm, name, getattr(norm, name)[channels].clone())
