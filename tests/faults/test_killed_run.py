"""Kill -9 a run at random moments: going on ends with the same result as a run that was never killed."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from synthetyk.core.artifacts import sha256_tree
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.run_folder import RunFolder

KILLS = int(os.environ.get("SYNTHETYK_KILLS", "3"))
RESULTS = (
    *("fingerprint.json", "splits.csv", "plan.json", "cache", "features", "generator.safetensors", "generator.json"),
    *("metrics.jsonl", "evaluation.json", "privacy.json", "synthetic", "study/study.json", "study/classifier"),
)


def go_on(run: RunFolder) -> subprocess.Popen:
    command = [sys.executable, "-m", "synthetyk", "run", "--resume", str(run.path)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def finish(run: RunFolder) -> float:
    began = time.monotonic()
    process = go_on(run)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors.decode()
    return time.monotonic() - began


@pytest.fixture(scope="module")
def settings(tiny_settings):
    """With checkpoints often, and classifiers trained side by side."""
    return tiny_settings("phantom:n=200,size=28", "gan_checkpoint_kimg=0.2", "study_workers=2", "gan_kimg=4")


def test_a_killed_run_goes_on_and_ends_with_the_same_result(tmp_path, settings):
    whole = begin_run(tmp_path / "whole", settings)
    seconds = finish(whole)
    killed = begin_run(tmp_path / "killed", settings)
    moments = random.Random(0)
    for _ in range(KILLS):
        process = go_on(killed)
        try:
            process.wait(timeout=moments.uniform(0.15, 0.7) * seconds)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)  # the parent alone: its workers have to notice
        process.communicate()
    finish(killed)
    for name in RESULTS:
        assert sha256_tree([killed / name]) == sha256_tree([whole / name]), f"{name} differs"
