"""What this machine lends to a run."""

import os
from pathlib import Path


def usable_threads() -> int:
    """Return the CPU threads that this process may use: its affinity, and a container's quota where there is one."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(affinity, _quota(Path("/sys/fs/cgroup/cpu.max")) or affinity))


def _quota(path: Path) -> int | None:
    """Return a cgroup v2 quota in whole CPUs, rounded up; None without one."""
    try:
        quota, period = path.read_text().split()
        return -(-int(quota) // int(period))
    except (OSError, ValueError):
        return None
