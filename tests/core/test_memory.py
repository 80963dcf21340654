import subprocess
import sys

import pytest

from synthetyk.core import memory
from synthetyk.core.memory import MemoryWatch, resident, risen

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only the system's own record is known")

SIZE = 200_000_000
CHILD = f"import time; held = b'x' * {SIZE}; print('ready', flush=True); time.sleep(60)"

PEAKS = f"""
import time
from synthetyk.core.memory import MemoryWatch

with MemoryWatch() as before:
    pass
with MemoryWatch() as during:
    held = b"x" * {SIZE}
    time.sleep(0.6)
    del held
with MemoryWatch() as after:
    pass
print(before.peak_mb, during.peak_mb, after.peak_mb)
"""


@pytest.fixture
def child():
    """A process that holds SIZE bytes."""
    process = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE)
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_memory_held_for_a_moment_is_part_of_the_peak_and_is_not_afterwards():
    """In a process of its own: in one that has run other tests, the system may keep what was freed."""
    said = subprocess.run([sys.executable, "-c", PEAKS], check=True, capture_output=True, text=True).stdout
    before, during, after = map(int, said.split())
    assert during > before + 150
    assert after < during - 150


def test_a_record_that_rises_by_a_few_pages_has_not_risen():
    assert not risen(10**9, 10**9 + 50 * memory.PAGE)
    assert risen(10**9, 10**9 + 5 * 10**6)


def test_what_other_processes_hold_meanwhile_counts(child):
    with MemoryWatch() as watch:
        pass
    child.kill()
    child.wait()
    with MemoryWatch() as alone:
        pass
    assert watch.peak_mb > alone.peak_mb + 150


def test_the_record_of_the_system_catches_a_peak_between_two_looks(monkeypatch):
    records = iter([10_000_000, 10**12])
    monkeypatch.setattr(memory, "_record", lambda: next(records))
    with MemoryWatch() as watch:
        pass
    assert watch.peak_mb == 10**6


def test_a_record_from_before_is_not_taken_for_the_peak(monkeypatch):
    monkeypatch.setattr(memory, "_record", lambda: 10**12)
    with MemoryWatch() as watch:
        pass
    assert 0 < watch.peak_mb < 10**5


def test_a_process_that_has_ended_holds_nothing(child):
    child.kill()
    child.wait()
    assert resident(child.pid) == 0
