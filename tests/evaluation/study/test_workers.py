import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from synthetyk.core.errors import TrainingError
from synthetyk.core.progress import silent
from synthetyk.data.dataset import Dataset
from synthetyk.evaluation.study.inputs import Inputs, SyntheticSet
from synthetyk.evaluation.study.jobs import Bench, Job, hash_inputs
from synthetyk.evaluation.study.report import StudyConfig
from synthetyk.evaluation.study.workers import run_jobs

Pair = tuple[SyntheticSet, SyntheticSet]
JOBS = [Job("real", 0, 0), Job("real+synthetic", 1, 0), Job("synthetic", 0, 1)]


@pytest.fixture
def inputs(bars: Dataset, synthetic: Pair) -> Inputs:
    return Inputs.of(bars, synthetic)


def bench_in(folder: Path, inputs: Inputs, config: StudyConfig) -> Bench:
    return Bench(folder / "jobs", 0, config.classifier, 0.5, hash_inputs(inputs))


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_several_processes_leave_the_same_files_as_one(inputs: Inputs, quick: StudyConfig, tmp_path: Path) -> None:
    told: list[float] = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        run_jobs(
            JOBS,
            bench_in(folder, inputs, quick),
            inputs,
            workers=workers,
            scratch=folder / "scratch",
            progress=lambda done, total, message="": told.append(done / total),
        )
    assert files(tmp_path / "1" / "jobs") == files(tmp_path / "2" / "jobs")
    assert told == [0, 1 / 3, 2 / 3, 1] * 2


def test_done_jobs_are_not_done_again_and_changed_inputs_are(
    inputs: Inputs, quick: StudyConfig, tmp_path: Path
) -> None:
    bench, trained = bench_in(tmp_path, inputs, quick), list[str]()

    def note(done: float, total: float, message: str = "") -> None:
        trained.append(message)

    for each in (bench, bench, replace(bench, data="other images")):
        run_jobs(JOBS[:1], each, inputs, workers=1, scratch=tmp_path, progress=note)
    assert trained == ["", "trained real-0-0", "", "", "trained real-0-0"]


def test_an_error_in_a_worker_reaches_the_caller_and_no_worker_stays(
    inputs: Inputs, quick: StudyConfig, tmp_path: Path
) -> None:
    wrong = replace(inputs.synthetic[0], images=inputs.synthetic[0].images[:, :, :8])
    broken = replace(inputs, synthetic=(wrong, wrong))
    jobs = [Job("real+synthetic", 0, number) for number in range(2)]
    with pytest.raises(TrainingError, match="the same shape"):
        run_jobs(jobs, bench_in(tmp_path, inputs, quick), broken, workers=2, scratch=tmp_path, progress=silent)
    assert not multiprocessing.active_children()


def test_a_killed_worker_is_reported(inputs: Inputs, quick: StudyConfig, tmp_path: Path) -> None:
    bench = _KillsWorkers(bench_in(tmp_path, inputs, quick))
    with pytest.raises(TrainingError, match="was killed"):
        run_jobs(JOBS, bench, inputs, workers=2, scratch=tmp_path, progress=silent)


class _KillsWorkers(Bench):
    """Its jobs end their own process, as the system does when memory runs out."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(**vars(bench))

    def run(self, job: Job, inputs: Inputs) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def test_predictions_are_kept_in_the_order_of_the_splits(inputs: Inputs, quick: StudyConfig, tmp_path: Path) -> None:
    bench = bench_in(tmp_path, inputs, quick)
    bench.run(JOBS[0], inputs)
    result, classifier = bench.result(JOBS[0]), bench.classifier_of(JOBS[0])
    assert np.array_equal(result.test, classifier.probabilities(inputs.test.all()))
    assert np.array_equal(result.val, classifier.probabilities(inputs.val.all()))
    assert result.about.counts == (60, 30)
    assert result.best.step == result.about.best_step


def test_every_image_and_label_changes_the_hash_of_the_inputs(inputs: Inputs) -> None:
    before = hash_inputs(inputs)
    images = inputs.train.images.copy()
    images[inputs.test.rows[-1], 0, 15, 15] ^= 1
    labels = inputs.synthetic[1].labels.copy()
    labels[5] ^= 1
    assert hash_inputs(replace(inputs, test=replace(inputs.test, images=images))) != before
    changed = replace(inputs.synthetic[1], labels=labels)
    assert hash_inputs(replace(inputs, synthetic=(inputs.synthetic[0], changed))) != before
    assert hash_inputs(inputs) == before
