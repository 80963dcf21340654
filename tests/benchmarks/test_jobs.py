import json
import sys

import pytest
from benchmarks.jobs import Job, codes, ordered, run_jobs

CODE = """
import os
from pathlib import Path

def note(work, folder, *, word, fail=False):
    with (work / "log").open("a") as log:
        log.write(word + "\\n")
    if fail:
        raise ValueError("as asked")
    return {"word": word, "process": os.getpid()}

def die(work, folder):
    os._exit(9)
"""


@pytest.fixture(autouse=True)
def calls(tmp_path, monkeypatch):
    (tmp_path / "noting_calls.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)


def job(name, *after, **arguments):
    return Job(name, "noting_calls:note", {"word": name, **arguments}, after)


def log(work):
    return (work / "log").read_text().split() if (work / "log").exists() else []


def test_jobs_come_after_those_they_follow_and_run_once_in_processes_of_their_own(tmp_path):
    first = job("first")
    second, third = job("second", first), job("third", first)
    assert [one.name for one in ordered([second, third])] == ["first", "second", "third"]
    assert run_jobs([second, third], tmp_path, workers=1) == []
    assert log(tmp_path) == ["first", "second", "third"]
    assert len({one.result(tmp_path)["process"] for one in (first, second, third)}) == 3
    assert len(codes([second, third], tmp_path)) == 1


def test_what_is_done_is_not_done_again(tmp_path):
    jobs = [job("a"), job("b")]
    run_jobs(jobs[:1], tmp_path, workers=1)
    for _ in range(2):
        assert run_jobs(jobs, tmp_path, workers=1) == []
    assert log(tmp_path) == ["a", "b"]


def test_a_job_with_other_arguments_and_what_follows_it_are_done_again(tmp_path):
    run_jobs([job("c"), job("b", job("a"))], tmp_path, workers=1)
    again = job("a", word="other")
    assert again.result(tmp_path) is None
    run_jobs([job("c"), job("b", again)], tmp_path, workers=1)
    assert log(tmp_path) == ["c", "a", "b", "other", "b"]


def test_a_half_written_folder_counts_for_nothing(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "something").touch()
    assert job("a").result(tmp_path) is None


def test_a_failure_stops_what_follows_it_and_nothing_else(tmp_path, capfd):
    bad = job("bad", fail=True)
    assert run_jobs([bad, job("after", bad), job("other")], tmp_path, workers=1) == ["bad", "after"]
    assert log(tmp_path) == ["bad", "other"]
    assert "as asked" in capfd.readouterr().out
    assert bad.result(tmp_path) is None


def test_a_process_that_dies_is_a_failure(tmp_path):
    assert run_jobs([Job("gone", "noting_calls:die")], tmp_path, workers=1) == ["gone"]


def test_two_run_side_by_side(tmp_path):
    assert run_jobs([job("a"), job("b"), job("c")], tmp_path, workers=2) == []
    assert sorted(log(tmp_path)) == ["a", "b", "c"]


def test_the_record_says_with_what_and_how_long(tmp_path):
    run_jobs([job("a")], tmp_path, workers=1)
    record = json.loads((tmp_path / "a" / "job.json").read_text())
    assert record["arguments"] == {"word": "a"}
    assert set(record) == {"call", "arguments", "after", "code", "date", "processor", "wall_seconds", "result"}
    assert sys.modules.get("noting_calls") is None
