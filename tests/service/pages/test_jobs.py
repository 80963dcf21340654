import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.service.pages.conftest import until

from synthetyk.core.errors import RunLockedError
from synthetyk.service.pages import jobs
from synthetyk.service.pages.jobs import Job, since_the_last_start, stop, tail

SLEEP = (sys.executable, "-S", "-c", "import time; print('begun', flush=True); time.sleep(60)")


@pytest.fixture
def job(runs_root):
    return Job(runs_root / "one", "run.log")


def test_a_job_is_running_until_it_ends(job):
    assert not job.running()
    assert job.process() is None
    job.start(["run", "phantom"], SLEEP)
    assert job.running()
    process = job.process()
    os.kill(process, signal.SIGKILL)
    until(lambda: not job.running())
    assert job.process() is None


def test_the_log_says_what_was_started_and_what_it_said(job):
    job.start(["run", "phantom"], SLEEP)
    until(lambda: "begun" in job.lines())
    first, process, *rest = job.lines()
    assert (first, rest) == ("$ synthetyk run phantom", ["begun"])
    assert process == f"[process {job.process()}]"


def test_it_is_not_started_twice(job):
    job.start([], SLEEP)
    with pytest.raises(RunLockedError, match="at work already"):
        job.start([], SLEEP)
    assert job.log.read_text().count("$ synthetyk") == 1


def test_who_looks_does_not_keep_others_from_looking(job):
    job.start([], (sys.executable, "-S", "-c", ""))
    until(lambda: not job.running())
    with job.log.open("rb") as file:
        assert jobs._free(file)
        assert not job.running()


def test_a_job_outlives_whoever_started_it_and_is_known_again(job):
    code = (
        "from pathlib import Path; from synthetyk.service.pages.jobs import Job;"
        f"Job(Path({str(job.folder)!r}), 'run.log').start([], {SLEEP!r})"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert job.running()
    stop(job.process())
    until(lambda: not job.running())


def test_it_has_a_session_of_its_own(job):
    job.start([], SLEEP)
    assert os.getsid(job.process()) == job.process() != os.getsid(0)


def test_a_job_that_has_ended_leaves_no_dead_process(job):
    job.start([], (sys.executable, "-S", "-c", ""))
    process = int(job.lines()[1].strip("[]").split()[1])
    until(lambda: not Path(f"/proc/{process}").exists())


def test_stopping_what_has_ended_is_no_error(job):
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    stop(process.pid)


def test_the_tail_of_a_log_has_whole_lines(tmp_path):
    log = tmp_path / "log"
    log.write_text("first\nsecond\nthird\n")
    assert tail(log) == ["first", "second", "third"]
    assert tail(log, most=9) == ["third"]
    assert tail(tmp_path / "absent") == []


def test_only_the_last_command_counts():
    assert since_the_last_start(["$ synthetyk a", "Error: x", "$ synthetyk b", "y"]) == ["$ synthetyk b", "y"]
    assert since_the_last_start(["y"]) == ["y"]


def test_what_is_said_to_the_service_alone_is_not_handed_on(job, monkeypatch):
    monkeypatch.setenv("SYNTHETYK_SESSION_SECRET", "secret")
    monkeypatch.setenv("SYNTHETYK_SERVE_STORE", "cassandra://user:secret@host/images")
    monkeypatch.setenv("SYNTHETYK_DATA", "shown")
    job.start([], (sys.executable, "-S", "-c", "import os; print(sorted(os.environ.items()))"))
    until(lambda: not job.running())
    assert "secret" not in job.log.read_text()
    assert "shown" in job.log.read_text()


def test_the_service_goes_first(job):
    job.start([], SLEEP)
    assert os.getpriority(os.PRIO_PROCESS, job.process()) == max(jobs.NICE, os.getpriority(os.PRIO_PROCESS, 0))
