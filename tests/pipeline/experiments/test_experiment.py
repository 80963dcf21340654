import json

import pytest

from synthetyk.core.errors import ArtifactError, ConfigError
from synthetyk.evaluation.experiments.effects import said
from synthetyk.pipeline.experiments.experiment import Experiment, grid, read_experiments

# As the source prints it.
SOURCE = """
{"epochs": 20, "batch_size": 32, "learning_rate": 0.001, "num_workers": 4, "optimizer": "adam",
 "loss": "cross_entropy", "metrics": ["accuracy"], "encoder": "resnet50", "validation_split": 0.2, "shuffle": true,
 "verbose": 1, "augmentation": true,
 "callbacks": [{"class_name": "ModelCheckpoint", "config": {"filepath": "model.h5", "monitor": "val_loss",
   "save_best_only": true, "save_weights_only": false, "mode": "auto", "save_freq": "epoch"}}],
 "model_save_dir": "export_model"}
"""


def test_the_sources_file_is_accepted_as_it_stands(write):
    experiments = read_experiments([write("mammograms.json", SOURCE)])
    assert list(experiments) == ["mammograms"]
    found = experiments["mammograms"]
    assert (found.epochs, found.batch_size, found.learning_rate, found.encoder) == (20, 32, 1e-3, "resnet50")
    assert found.callbacks[0].config.filepath == "model.h5"
    assert found.augmentation


@pytest.mark.parametrize("wandb", [True, False, {"project": "mammograms"}])
def test_wandb_and_a_models_name_are_accepted_too(write, wandb):
    path = write("one.json", {**json.loads(SOURCE), "wandb": wandb, "model_name": "first"})
    found = read_experiments([path])["first"]
    assert found.trackers == (("wandb",) if wandb else ())
    assert not isinstance(wandb, dict) or found.wandb.project == wandb["project"]


def test_what_a_file_does_not_say_the_defaults_say(write):
    defaults = write("defaults.json", {"epochs": 3, "optimizer": "sgd"})
    found = read_experiments([write("one.json", {"epochs": 5})], defaults)["one"]
    assert (found.epochs, found.optimizer, found.batch_size) == (5, "sgd", 32)


def test_lists_are_a_grid_and_name_what_they_vary(write):
    path = write("grid.json", {"encoder": ["edgenet", "resnet18"], "augmentation": [True, False], "epochs": 2})
    experiments = read_experiments([path])
    assert list(experiments) == [
        f"grid encoder={encoder}, augmentation={yes}"
        for encoder in ("edgenet", "resnet18")
        for yes in ("true", "false")
    ]
    assert experiments["grid encoder=resnet18, augmentation=false"].encoder == "resnet18"
    assert all(experiment.epochs == 2 for experiment in experiments.values())


def test_what_a_grid_varies_is_said_in_short():
    values = {"synthetic": ["", "/data/runs/mine/synthetic/0"], "learning_rate": [1e-05]}
    assert [named for named, _ in grid(values)] == [
        f"synthetic={words}, learning_rate=1e-05" for words in ("none", "synthetic/0")
    ]


def test_a_key_that_is_a_list_itself_varies_by_lists_of_lists():
    assert [named for named, _ in grid({"metrics": ["accuracy", "auc"]})] == [""]
    assert [named for named, _ in grid({"metrics": [["accuracy"], ["accuracy", "auc"]]})] == [
        "metrics=accuracy",
        "metrics=accuracy+auc",
    ]
    stopping = {"class_name": "EarlyStopping", "config": {"patience": 3}}
    assert [named for named, _ in grid({"callbacks": [[], [stopping]]})] == [
        "callbacks=none",
        "callbacks=EarlyStopping(patience=3)",
    ]


def test_several_trackers_are_no_grid(write):
    assert read_experiments([write("one.json", {"tracker": ["mlflow", "wandb"]})])["one"].trackers == (
        "mlflow",
        "wandb",
    )
    assert read_experiments([write("two.json", {"tracker": "mlflow, wandb"})])["two"].tracker == ("mlflow", "wandb")


def test_a_grid_over_what_the_command_line_says_is_refused(write):
    path = write("one.json", {"seeds": [1, 5], "epochs": [1, 2]})
    with pytest.raises(ConfigError, match="varies seeds, which the command line says too"):
        read_experiments([path], given=["data", "seeds"])
    assert len(read_experiments([path], given=["data"])) == 4


def test_a_file_may_name_its_schema(write):
    assert list(read_experiments([write("one.json", {"$schema": "experiment.schema.json", "epochs": 1})])) == ["one"]


def test_an_empty_grid_is_refused(write):
    with pytest.raises(ConfigError, match="The list of encoder is empty"):
        read_experiments([write("one.json", {"encoder": []})])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"epoch": 3}, r"one\.json has an unknown key 'epoch'.*Did you mean 'epochs'"),
        ({"learning_rte": 3}, "Did you mean 'learning_rate'"),
        ({"epochs": "many"}, "epochs is 'many'"),
        ({"optimizer": "adamm"}, "optimizer is 'adamm'.*'adam'"),
        ({"callbacks": [{"class_name": "ModelCheckpoint", "config": {"moniter": 1}}]}, "Did you mean 'monitor'"),
        ({"callbacks": [{"class_name": "EarlyStoping"}]}, "EarlyStoping.*EarlyStopping"),
        ({"callbacks": [{"class_name": "EarlyStopping"}] * 2}, "one EarlyStopping at most"),
        (
            {"callbacks": [{"class_name": "EarlyStopping", "config": {"mode": "max"}}]},
            "mode 'min' or 'auto' for val_loss",
        ),
        ({"callbacks": [{"class_name": "ModelCheckpoint", "config": {"filepath": "{lr}.h5"}}]}, "braces around epoch"),
        ({"wandb": {"projct": "a"}}, "Did you mean 'project'"),
        ({"model_save_dir": "../elsewhere"}, "a folder within the experiment's"),
        ({"model_save_dir": "/elsewhere"}, "a folder within the experiment's"),
        ({"model_save_dir": "Compressed"}, "another folder than compressed, stages"),
        ({"model_save_dir": "stages/model"}, "another folder than compressed, stages"),
        ({"model_save_dir": "seed-1"}, "a folder within the experiment's"),
        ({"weight_decay": 0.1, "optimizer": "adam"}, "weight_decay with adamw or sgd only, not with adam"),
        ({"image_size": 7}, "an image_size of 0, or of 8 at least"),
        ({"weights": "a.pth", "pretrain": "mask"}, "weights or pretrain, not both"),
    ],
)
def test_what_is_mistyped_is_refused_with_the_nearest_right_one(write, values, words):
    with pytest.raises(ConfigError, match=words):
        read_experiments([write("one.json", values)])


@pytest.mark.parametrize("text", ["[1, 2]", "{", ""])
def test_a_file_that_is_no_json_object_is_refused(write, text):
    with pytest.raises(ArtifactError, match=r"one\.json"):
        read_experiments([write("one.json", text)])


def test_two_experiments_of_one_name_are_refused(write):
    paths = [write("a.json", {"model_name": "same"}), write("b.json", {"model_name": "same"})]
    with pytest.raises(ConfigError, match="Two experiments are called 'same'"):
        read_experiments(paths)


@pytest.mark.parametrize("name", ["categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy"])
def test_keras_names_of_the_same_loss_mean_it(name):
    assert Experiment(loss=name).loss == "cross_entropy"


def test_keras_short_names_of_metrics_mean_them():
    assert Experiment(metrics=["acc", "AUC"]).metrics == ("accuracy", "auc")


def test_every_key_is_described():
    doc = Experiment.__doc__
    assert all(f"        {name}: " in doc for name in Experiment.model_fields)


def test_callbacks_that_differ_in_their_settings_alone_make_a_grid(write):
    each = [[{"class_name": "EarlyStopping", "config": {"patience": patience}}] for patience in (3, 5)]
    found = read_experiments([write("one.json", {"callbacks": each})])
    assert list(found) == [f"one callbacks=EarlyStopping(patience={patience})" for patience in (3, 5)]
    deciding = [one.deciding["callbacks"] for one in found.values()]
    assert [said(callbacks) for callbacks in deciding] == ["EarlyStopping(patience=3)", "EarlyStopping(patience=5)"]
