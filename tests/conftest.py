"""Shared by all tests: one thread, real data by path, nothing written outside the test's own folder."""

import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two test processes on two cores

import pytest


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Return a function from a name in SYNTHETYK_DATA to its path; the test is skipped by name if it is absent."""

    def find(name: str) -> Path:
        root = os.environ.get("SYNTHETYK_DATA")
        path = Path(root, name) if root else None
        if path is None or not path.exists():
            pytest.skip(f"needs {name} in the folder that SYNTHETYK_DATA names")
        return path

    return find
