"""What MLflow shows of a run, read back from its sqlite file."""

import pytest

from synthetyk.core.errors import ConfigError
from synthetyk.tracking import mlflow as module
from synthetyk.tracking.bookmark import Bookmark
from synthetyk.tracking.mlflow import PARENT, MlflowTracker
from synthetyk.tracking.subject import Subject


def whole(run):
    return Subject(run=run, settings={"dataset": "phantom", "seed": 3})


def gan(run, index=0):
    metrics = run / f"{index}.jsonl"
    return Subject(run=run, part=f"gan-{index}", settings={"network": {"width": 8}}, metrics=metrics)


def run_of(client, subject):
    return client(subject.run).get_run(Bookmark(subject, "mlflow").id)


def test_each_gan_is_nested_in_the_run(own_store, client):
    trackers = [MlflowTracker.open(subject) for subject in (whole(own_store), gan(own_store, 0), gan(own_store, 1))]
    for tracker in reversed(trackers):
        tracker.close()
    parent = run_of(client, whole(own_store)).info.run_id
    assert [run_of(client, gan(own_store, index)).data.tags[PARENT] for index in range(2)] == [parent, parent]
    assert run_of(client, gan(own_store, 1)).info.run_name == "a run/gan-1"


def test_a_seed_is_nested_in_its_experiment_and_that_in_the_run(own_store, client):
    seed = Subject(run=own_store, part="resnet/seed-0", metrics=own_store / "seed.jsonl")
    subjects = [whole(own_store), seed.whole, seed]
    trackers = [MlflowTracker.open(subject) for subject in subjects]
    trackers[1].close("killed")  # the seed is left open by a kill
    run, experiment, training = (run_of(client, subject) for subject in subjects)
    assert (experiment.data.tags[PARENT], training.data.tags[PARENT]) == (run.info.run_id, experiment.info.run_id)
    assert training.info.status == "KILLED"
    assert (training.info.run_name, experiment.info.run_name) == ("a run/resnet/seed-0", "a run/resnet")


def test_a_gan_without_a_run_stands_alone(own_store, client):
    MlflowTracker.open(gan(own_store)).close()
    assert PARENT not in run_of(client, gan(own_store)).data.tags


def test_settings_are_params(own_store, client):
    MlflowTracker.open(gan(own_store)).close()
    assert run_of(client, gan(own_store)).data.params == {"network.width": "8"}


def test_a_training_with_other_settings_is_another_run(own_store, client):
    first, other = gan(own_store), gan(own_store).model_copy(update={"settings": {"network": {"width": 16}}})
    for subject in (first, first, other):
        MlflowTracker.open(subject).close()
    assert run_of(client, other).data.params == {"network.width": "16"}
    assert Bookmark(first, "mlflow").id is None


@pytest.mark.parametrize("ended", ["finished", "failed", "killed"])
def test_the_status_says_how_it_ended(one_store, tmp_path, client, ended):
    MlflowTracker.open(gan(tmp_path)).close(ended)
    assert run_of(client, gan(tmp_path)).info.status == ended.upper()


def test_what_goes_on_is_the_same_run_and_runs_again(one_store, tmp_path, client):
    MlflowTracker.open(gan(tmp_path)).close("killed")
    before = run_of(client, gan(tmp_path)).info.run_id
    tracker = MlflowTracker.open(gan(tmp_path))
    now = run_of(client, gan(tmp_path)).info
    tracker.close()
    assert (now.run_id, now.status) == (before, "RUNNING")


def test_a_run_that_was_deleted_in_mlflow_is_begun_again(one_store, tmp_path, client):
    MlflowTracker.open(gan(tmp_path)).close()
    before = run_of(client, gan(tmp_path)).info.run_id
    client(tmp_path).delete_run(before)
    MlflowTracker.open(gan(tmp_path)).close()
    assert run_of(client, gan(tmp_path)).info.run_id != before


def test_a_store_that_does_not_know_the_run_begins_it_again(own_store, one_store, client, monkeypatch):
    MlflowTracker.open(gan(own_store)).close()
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    MlflowTracker.open(gan(own_store)).close()
    assert run_of(client, gan(own_store)).info.status == "FINISHED"


def test_a_gan_whose_process_was_killed_ends_with_its_run(one_store, tmp_path, client):
    parent = MlflowTracker.open(whole(tmp_path))
    MlflowTracker.open(gan(tmp_path))
    parent.close("failed")
    assert run_of(client, gan(tmp_path)).info.status == "KILLED"


def test_values_go_out_together_and_never_in_the_midst_of_a_step(one_store, tmp_path, recorded_by_mlflow, monkeypatch):
    tracker = MlflowTracker.open(gan(tmp_path))
    tracker.log(1, {"loss": 1.0})
    monkeypatch.setattr(module, "EVERY", -1.0)
    tracker.log(1, {"score": 1.0})
    assert recorded_by_mlflow(gan(tmp_path)).values == {}
    tracker.log(2, {"loss": 2.0})
    assert set(recorded_by_mlflow(gan(tmp_path)).values) == {"loss", "score"}
    tracker.close()


def test_more_values_than_mlflow_takes_at_once_go_out_in_pieces(one_store, tmp_path, recorded_by_mlflow):
    tracker = MlflowTracker.open(gan(tmp_path))
    for step in range(1100):
        tracker.log(step, {"loss": step})
    tracker.close()
    assert len(recorded_by_mlflow(gan(tmp_path)).values["loss"]) == 1100


def test_what_went_out_before_going_back_is_told_from_what_came_after(one_store, tmp_path, recorded_by_mlflow):
    subject = gan(tmp_path)
    tracker = MlflowTracker.open(subject)
    tracker.log(1, {"loss": 1.0})
    tracker.log(2, {"loss": 2.0})
    tracker._deliver()
    tracker.rewind(1)
    tracker.log(2, {"loss": 20.0})
    tracker.close()
    assert recorded_by_mlflow(subject).values == {"loss": [(1, 1.0), (2, 2.0), (2, 20.0)], "attempt": [(2, 1.0)]}


def test_what_had_not_gone_out_yet_is_forgotten(one_store, tmp_path, recorded_by_mlflow):
    tracker = MlflowTracker.open(gan(tmp_path))
    tracker.log(1, {"loss": 1.0})
    tracker.log(2, {"loss": 2.0})
    tracker.rewind(1)
    tracker.close()
    assert recorded_by_mlflow(gan(tmp_path)).values == {"loss": [(1, 1.0)]}


def test_everything_lies_in_the_run_folder(own_store, tmp_path):
    (tmp_path / "report.html").write_text("<p>")
    tracker = MlflowTracker.open(whole(own_store))
    tracker.keep(tmp_path / "report.html")
    tracker.close()
    assert {path.name for path in own_store.iterdir()} == {"mlflow.db", "mlartifacts", "tracking"}
    assert {path.name for path in tmp_path.iterdir()} == {"a run", "report.html"}


def test_the_users_experiment_is_honoured(one_store, tmp_path, client, monkeypatch):
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "my thesis")
    MlflowTracker.open(gan(tmp_path)).close()
    experiment = client(tmp_path).get_experiment_by_name("my thesis")
    assert run_of(client, gan(tmp_path)).info.experiment_id == experiment.experiment_id


def test_an_experiment_that_another_process_makes_meanwhile_is_used(one_store, tmp_path, client, monkeypatch):
    from mlflow.tracking import MlflowClient

    MlflowTracker.open(gan(tmp_path, 0)).close()
    look, answers = MlflowClient.get_experiment_by_name, iter([None])
    monkeypatch.setattr(MlflowClient, "get_experiment_by_name", lambda *asked: next(answers, look(*asked)))
    MlflowTracker.open(gan(tmp_path, 1)).close()
    first, second = (run_of(client, gan(tmp_path, index)).info.experiment_id for index in (0, 1))
    assert first == second


@pytest.mark.parametrize("folder", ["mlruns", "file:///tmp/mlruns"])
def test_the_file_store_is_refused(tmp_path, monkeypatch, folder):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", folder)
    with pytest.raises(ConfigError, match="MLFLOW_TRACKING_URI is a folder"):
        MlflowTracker.open(gan(tmp_path))
