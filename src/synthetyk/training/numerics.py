"""How torch computes on this machine, set once before the first heavy operation."""

import torch


def prepare_torch(threads: int) -> None:
    """Fix the number of threads, on which the last bit of a sum depends, and flush denormals, which are slow.

    Torch's worker threads inherit the flushing from the thread that starts them, so this has to run before the first
    operation that is large enough to be shared out.
    """
    torch.set_flush_denormal(True)
    torch.set_num_threads(threads)
