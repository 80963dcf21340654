"""What this machine lends to a run."""

import os
from pathlib import Path

import torch


def usable_threads() -> int:
    """Return the CPU threads that this process may use.

    Its affinity, a container's quota where there is one, shared with the processes that torchrun started beside it.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = min(affinity, _quota(Path("/sys/fs/cgroup/cpu.max")) or affinity)
    return max(1, threads // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


def has_gpu() -> bool:
    """Tell whether there is a GPU that torch can use."""
    return torch.cuda.is_available()


def _quota(path: Path) -> int | None:
    """Return a cgroup v2 quota in whole CPUs, rounded up; None without one."""
    try:
        quota, period = path.read_text().split()
        return -(-int(quota) // int(period))
    except (OSError, ValueError):
        return None
