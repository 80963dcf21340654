"""What trackers hear of runs."""

import shutil
from contextlib import contextmanager

import pytest

from synthetyk.core.artifacts import read_json
from synthetyk.core.progress import silent
from synthetyk.pipeline import gans, trackers
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.results import FILES
from synthetyk.pipeline.runner import run_stages
from synthetyk.pipeline.stage import Stage
from synthetyk.pipeline.stages import up_to
from synthetyk.tracking.bookmark import Bookmark
from synthetyk.tracking.jsonl import read_jsonl
from synthetyk.tracking.mlflow import PARENT
from synthetyk.tracking.subject import Subject
from synthetyk.tracking.tracker import NullTracker

pytestmark = pytest.mark.xdist_group("finished run")


class Shown:
    """A display that shows nothing."""

    @contextmanager
    def stage(self, stage):
        yield silent

    def ended(self, outcome):
        pass


@pytest.fixture
def told(copied, monkeypatch, empty_store):
    """A finished run for which MLflow has been chosen, gone on with once."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    shutil.copy(empty_store, copied.path)
    copied.settings().model_copy(update={"trackers": ("mlflow",)}).save(copied.config)
    return copied


@pytest.fixture
def heard(monkeypatch):
    """How the trackers of a run ended; one that is called ``away`` cannot be opened."""
    ends = []

    class Heard(NullTracker):
        def close(self, ended="finished"):
            ends.append(ended)

    def open_one(name, subject):
        if name == "away":
            raise ConnectionError("no server")
        return Heard()

    monkeypatch.setattr(trackers, "open_tracker", open_one)
    return ends


def mlflow_of(run, part=""):
    """Return the client of a run's store, and under which id MLflow knows the run or a part of it."""
    from mlflow.tracking import MlflowClient

    return MlflowClient(f"sqlite:///{run.path}/mlflow.db"), Bookmark(Subject(run=run.path, part=part), "mlflow").id


def test_to_choose_a_tracker_does_nothing_again_and_tells_it_the_results(told):
    outcomes = run_stages(told, up_to("report"), Shown())
    assert all(outcome.skipped for outcome in outcomes)
    client, run = mlflow_of(told)
    data, verdict = client.get_run(run).data, read_json(told / "study/study.json")["verdict"]
    assert data.metrics["study/difference"] == verdict["difference"]
    assert data.tags["event/0/study"] == verdict["sentence"]
    assert "evaluation/FD/learned" in data.metrics or "evaluation/precision/learned" in data.metrics
    assert data.params["seed"] == "0"


def test_a_gan_that_was_trained_before_is_told_of_once(told):
    for _ in range(2):
        run_stages(told, up_to("report"), Shown())
    client, gan = mlflow_of(told, "gan-0")
    ticks = [(line["step"], line["kimg"]) for line in read_jsonl(told / "metrics.jsonl") if "kimg" in line]
    assert [(each.step, each.value) for each in client.get_metric_history(gan, "kimg")] == ticks
    assert client.get_run(gan).info.status == "FINISHED"


def test_a_tracker_that_is_away_is_not_asked_for_what_it_missed(told, heard, caplog):
    told.settings().model_copy(update={"trackers": ("away", "mine")}).save(told.config)
    run_stages(told, up_to("report"), Shown())
    assert len(caplog.messages) == 1
    assert heard == ["finished", "finished"]  # of the GAN, and of the run


def test_the_files_that_answer_are_artifacts_of_the_run(told):
    run_stages(told, up_to("report"), Shown())
    client, run = mlflow_of(told)
    made = {(told / name).name for name in FILES.values() if (told / name).exists()}
    assert {file.path for file in client.list_artifacts(run)} == made
    assert {"report.html", "study.json", "evaluation.json"} <= made


def test_what_is_out_of_date_is_not_told(told):
    (told / "study/study.json").write_text((told / "study/study.json").read_text() + "\n")
    run_stages(told, [], Shown())
    client, run = mlflow_of(told)
    assert "event/0/study" not in client.get_run(run).data.tags
    assert "study.json" not in {file.path for file in client.list_artifacts(run)}


def test_a_gan_reports_every_line_of_its_metrics_below_the_run(told, monkeypatch):
    """Also those of before the tracker was chosen, here all up to the last checkpoint but one."""
    monkeypatch.setattr(gans, "TrainingDistance", lambda *_: lambda sampler: (0.0, 0.0))
    shutil.rmtree(max((told / "checkpoints").iterdir()))
    goes_on = Stage("again", "Goes on.", (), (), lambda run, progress: gans.train_gan(run, 0, progress))
    run_stages(told, [goes_on], Shown())
    client, gan = mlflow_of(told, "gan-0")
    ticks = [(line["step"], line["kimg"]) for line in read_jsonl(told / "metrics.jsonl") if "kimg" in line]
    assert [(each.step, each.value) for each in client.get_metric_history(gan, "kimg")] == ticks
    found = client.get_run(gan)
    assert (found.info.status, found.data.tags[PARENT]) == ("FINISHED", mlflow_of(told)[1])
    assert found.data.params["network.width"] == "8"
    assert [file.path for file in client.list_artifacts(gan)] == ["generator.json"]


@pytest.mark.parametrize(("error", "ended"), [(RuntimeError, "failed"), (KeyboardInterrupt, "killed")])
def test_the_trackers_of_a_run_are_told_what_ended_it(tmp_path, tiny_settings, heard, error, ended):
    def broken(run, progress):
        raise error

    run = begin_run(tmp_path / "run", tiny_settings().model_copy(update={"trackers": ("mine",)}))
    with pytest.raises(error):
        run_stages(run, [Stage("bad", "Fails.", (), (), broken)], Shown())
    assert heard == [ended]


def test_a_tracker_that_is_away_fails_no_run(tmp_path, tiny_settings, heard, caplog):
    run = begin_run(tmp_path / "run", tiny_settings().model_copy(update={"trackers": ("away", "mine")}))
    run_stages(run, [Stage("good", "Does nothing.", (), (), lambda run, progress: None)], Shown())
    assert heard == ["finished"]
    assert caplog.messages == ["The tracker away is left out from now on: ConnectionError: no server"]


def test_a_run_without_trackers_has_nobody_to_tell(tmp_path, tiny_settings):
    with trackers.run_tracker(begin_run(tmp_path / "run", tiny_settings())) as tracker:
        assert tracker is None
