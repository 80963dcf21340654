"""The processes that train one GAN together, on one host or on several, as torchrun starts them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

Anything = TypeVar("Anything")
PATIENCE = timedelta(hours=12)  # followers wait this long while the first process decodes a data set


@dataclass(frozen=True)
class World:
    """Who trains along.

    Every process computes its own rows of the same global batch; gradients are summed, so that all of them end every
    step with the same weights.

    Attributes:
        rank: Number of this process; the first one, 0, alone writes files.
        size: Number of processes.
    """

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files and decides."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """Return which of `count` rows of a global batch are this process's own: neighbours, as equal as can be."""
        return slice(self.rank * count // self.size, (self.rank + 1) * count // self.size)

    def sum_gradients(self, network: nn.Module) -> None:
        """Sum every gradient of `network` over all processes, in one message; one that a process lacks counts as 0."""
        if self.size == 1:
            return
        gradients = []
        for parameter in network.parameters():
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            gradients.append(parameter.grad)
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        for gradient, part in zip(gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum of `values` over all processes."""
        if self.size > 1:
            values = values.clone()
            dist.all_reduce(values)
        return values

    def agree(self, value: Anything) -> Anything:
        """Return what the first process holds, in every process."""
        if self.size == 1:
            return value
        told = [value]
        dist.broadcast_object_list(told, src=0)
        return told[0]


ALONE = World()


def current_world() -> World:
    """Return this process's place among those that `join_world` joined."""
    return World(dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else ALONE


@contextmanager
def join_world() -> Iterator[World]:
    """Join the processes that torchrun started, or be alone; all leave together.

    Yields:
        This process's place: gloo joins processes on CPUs, nccl on GPUs.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ALONE
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    # Its functions hold the group that there is when they are imported, which an optimiser's first step does. A group
    # that is held is never destroyed, and its threads abort the process now and then as it ends.
    import_module("torch.distributed.nn")
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    try:
        yield current_world()
    finally:
        dist.destroy_process_group()
