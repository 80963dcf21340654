import subprocess
import sys

from tests.service.pages.conftest import until

from synthetyk.pipeline.lock import locked
from synthetyk.service.pages.run_lock import owner

HOLD = """
import sys, time
from pathlib import Path
from synthetyk.pipeline.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_nobody_owns_a_folder_without_a_lock(tmp_path):
    assert owner(tmp_path) is None


def test_the_process_that_holds_the_lock_is_the_owner_until_it_is_killed(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert owner(tmp_path) == process.pid
        process.kill()
    until(lambda: owner(tmp_path) is None)
    assert (tmp_path / "run.lock").read_text().strip() == str(process.pid)


def test_looking_takes_nothing_from_who_wants_the_lock(tmp_path):
    with locked(tmp_path):
        assert owner(tmp_path)
    assert owner(tmp_path) is None
    with locked(tmp_path):
        pass


def test_a_number_that_another_process_has_by_now_is_no_owner(tmp_path):
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as process:
        (tmp_path / "run.lock").write_text(f"{process.pid}\n")
        assert owner(tmp_path) is None
        process.kill()
