"""``synthetyk experiments`` as people call it."""

import json
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from synthetyk.cli import main
from synthetyk.core.artifacts import read_json
from synthetyk.core.errors import ArtifactError, ConfigError, TrainingError
from synthetyk.evaluation.synthetic_set import Manifest
from synthetyk.pipeline.experiments.experiment import Experiment
from synthetyk.tracking.bookmark import Bookmark
from synthetyk.tracking.jsonl import read_jsonl
from synthetyk.tracking.mlflow import PARENT
from synthetyk.tracking.subject import Subject

PHANTOM = "phantom:n=120,size=28,balance=0.5/0.3/0.2"
# As the source prints it.
SOURCE = """
{"epochs": 20, "batch_size": 32, "learning_rate": 0.001, "num_workers": 4, "optimizer": "adam",
 "loss": "cross_entropy", "metrics": ["accuracy"], "encoder": "resnet50", "validation_split": 0.2, "shuffle": true,
 "verbose": 1, "augmentation": true,
 "callbacks": [{"class_name": "ModelCheckpoint", "config": {"filepath": "model.h5", "monitor": "val_loss",
   "save_best_only": true, "save_weights_only": false, "mode": "auto", "save_freq": "epoch"}}],
 "model_save_dir": "export_model"}
"""


@pytest.fixture
def call(tmp_path):
    """Return a function that runs experiments on phantom into a folder of the test's own."""

    def run(values, *arguments):
        path = tmp_path / "one.json"
        path.write_text(values if isinstance(values, str) else json.dumps(values))
        words = ["experiments", "run", path, "--data", PHANTOM, "--output", tmp_path / "out", *arguments]
        return CliRunner().invoke(main.app, [str(word) for word in words])

    return run


def test_the_sources_file_runs_as_it_stands(call, tmp_path):
    result = call(SOURCE, "--max-steps", 2, "--image-size", 32, "--no-compress")
    assert result.exit_code == 0, result.output
    assert "kept as safetensors, not as .h5" in result.output
    assert "Scores: means over the seeds" in result.output
    (one,) = read_json(tmp_path / "out/experiments.json")["experiments"]
    assert (tmp_path / "out" / one["folder"] / "model.safetensors").stat().st_size > 90e6
    (look,) = read_jsonl(tmp_path / "out/experiments/one/seed-0/metrics.jsonl")
    assert set(look) == {"step", "train_loss", "val_loss", "val_accuracy", "val_auc", "learning_rate"}


def test_mlflow_and_offline_wandb_hear_of_experiments_and_their_seeds(call, tmp_path, empty_store, monkeypatch):
    from mlflow.tracking import MlflowClient

    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "WANDB_MODE", "WANDB_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    values = {**json.loads(SOURCE), "encoder": "edgenet", "wandb": True, "model_name": "first", "num_workers": 1}
    (tmp_path / "out").mkdir()
    (tmp_path / "out/config.json").write_text('{"schema": "experiments_config/1", "experiments": {}}')
    (tmp_path / "out/mlflow.db").write_bytes(empty_store.read_bytes())
    result = call(values, "--max-steps", 2, "--tracker", "mlflow", "--seeds", 2, "--no-compress")
    assert result.exit_code == 0, result.output
    client = MlflowClient(f"sqlite:///{tmp_path}/out/mlflow.db")
    ids = [Bookmark(Subject(run=tmp_path / "out", part=part), "mlflow").id for part in ("", "first", "first/seed-1")]
    run, experiment, seed = map(client.get_run, ids)
    assert (experiment.data.tags[PARENT], seed.data.tags[PARENT]) == (run.info.run_id, experiment.info.run_id)
    assert experiment.data.metrics["test/auc"] > 0
    assert (experiment.data.params["encoder"], seed.data.params["seed"]) == ("edgenet", "1")
    assert "val_auc" in seed.data.metrics
    assert {each.path for each in client.list_artifacts(ids[0])} == {
        f"experiments.{e}" for e in ("json", "html", "png")
    }
    assert len(list((tmp_path / "out/wandb").glob("offline-run-*"))) == 4


def test_a_tracker_that_is_chosen_later_is_told_what_it_missed(call, tmp_path, empty_store, monkeypatch):
    from mlflow.tracking import MlflowClient

    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    values = {"max_steps": 2, "model_name": "first"}
    call(values, "--no-compress")
    (tmp_path / "out/mlflow.db").write_bytes(empty_store.read_bytes())
    assert "1 of 1 trainings were done before" in call(values, "--no-compress", "--tracker", "mlflow").output
    seed = Bookmark(Subject(run=tmp_path / "out", part="first/seed-0"), "mlflow").id
    told = MlflowClient(f"sqlite:///{tmp_path}/out/mlflow.db").get_run(seed)
    *_, last = read_jsonl(tmp_path / "out/experiments/first/seed-0/metrics.jsonl")
    assert told.data.metrics["val_auc"] == last["val_auc"]
    assert told.info.status == "FINISHED"


def test_the_command_line_goes_before_the_file(call, tmp_path):
    values = {"data": "elsewhere", "image_size": 99, "max_steps": 99, "seeds": 9, "num_workers": 1}
    result = call(values, "--image-size", 24, "--max-steps", 1, "--seeds", 2, "--no-compress")
    assert result.exit_code == 0, result.output
    (one,) = read_json(tmp_path / "out/experiments.json")["experiments"]
    assert (one["seeds"], one["steps"], one["settings"]["compress"]) == ([0, 1], [1, 1], False)
    assert one["settings"]["data"] == PHANTOM
    assert read_json(next((tmp_path / "out/data").glob("*/cache/cache.json")))["size"] == [24, 24]


def test_what_each_setting_changes_is_told_and_what_is_done_is_not_done_again(call):
    values = {"augmentation": [False, True], "max_steps": 1, "num_workers": 1, "verbose": 2}
    result = call(values, "--no-compress")
    assert "augmentation: off → on" in result.output
    assert "one augmentation=true, seed 0: validation loss" in result.output
    assert "2 of 2 trainings were done before" in call(values, "--no-compress").output


def test_quiet_experiments_say_one_line_each(call):
    result = call({"max_steps": 1, "verbose": 0}, "--no-compress")
    assert "one, seed 0: trained" in result.output
    assert "step" not in result.output


def test_a_failure_is_an_error_after_the_table_of_the_others(call, tmp_path):
    (tmp_path / "set").mkdir()
    np.savez(tmp_path / "set/images.npz", images=np.zeros((2, 28, 28), dtype=np.uint8), labels=np.arange(2))
    Manifest(
        created_by="a test",
        model_sha256="",
        seed=0,
        format="npz",
        count=2,
        counts={},
        class_names=("cat", "dog"),
        image_shape=(1, 28, 28),
        files="files.jsonl",
        files_sha256="",
    ).save(tmp_path / "set/manifest.json")
    values = {"encoder": ["edgenet", "densenet121"], "synthetic": str(tmp_path / "set"), "max_steps": 1}
    result = call(values, "--no-compress")
    assert isinstance(result.exception, TrainingError)
    assert str(result.exception).startswith("2 of 2 experiments failed: one encoder=edgenet: ")
    assert (tmp_path / "out/experiments.html").exists()


def test_what_a_file_gets_wrong_is_said_before_anything_is_written(call, tmp_path):
    result = call({"epoch": 3})
    assert isinstance(result.exception, ConfigError)
    assert "Did you mean 'epochs'" in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_a_missing_file_is_named():
    result = CliRunner().invoke(main.app, ["experiments", "run", "nowhere.json", "--data", "phantom"])
    assert isinstance(result.exception, ArtifactError)
    assert "nowhere.json" in str(result.exception)


def test_the_folder_is_called_after_the_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.json").write_text(json.dumps({"max_steps": 1}))
    result = CliRunner().invoke(main.app, ["experiments", "run", "one.json", "--data", PHANTOM, "--no-compress"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "runs/experiments-phantom/experiments.json").exists()


def test_the_schema_is_printed_without_loading_torch():
    code = "import sys; from synthetyk.cli.main import main; sys.argv = ['synthetyk', 'experiments', 'schema']; main()"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert set(json.loads(printed)["properties"]) == {"$schema", *Experiment.model_fields}
