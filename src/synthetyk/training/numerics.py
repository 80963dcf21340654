"""How torch computes on this machine, set once before the first heavy operation."""

import torch


def prepare_torch(threads: int) -> None:
    """Fix the number of threads, on which the last bit of a sum depends, and flush denormals, which are slow.

    Torch's worker threads inherit the flushing from the thread that starts them, so this has to run before the first
    operation that is large enough to be shared out. On a GPU fp32 is computed as TF32, as its tensor cores do.
    """
    torch.set_flush_denormal(True)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True  # every step has the same shapes, so the fastest kernel is worth searching
    torch.set_num_threads(threads)
