import json
import subprocess
import sys
from importlib.metadata import requires

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from synthetyk.cli import main
from synthetyk.core.errors import ArtifactError, ConfigError, RunError, SynthetykError
from synthetyk.evaluation.anomaly_scores import AnomalyScores

pytestmark = pytest.mark.xdist_group("finished run")


TINY = [part for name in ("gan_kimg=1", "classifier_steps=6", "features_steps=6") for part in ("--set", name)]


def call(*arguments):
    return CliRunner().invoke(main.app, [str(argument) for argument in arguments])


@pytest.fixture
def exits(monkeypatch, capsys):
    """Return a function that runs the whole command line and returns exit code, output and errors."""

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["synthetyk", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main.main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


def test_without_a_command_the_help_names_every_command(exits):
    _, out, err = exits()
    for name in ("run", "train", "evaluate", "generate", "study", "report", "data", "fingerprint", "plan"):
        assert f" {name} " in out + err


def test_the_version_is_printed(exits):
    code, out, _ = exits("--version")
    assert (code, out.split()[0]) == (0, "synthetyk")


def test_an_error_is_one_sentence_and_exit_code_1(exits, tmp_path):
    code, _, err = exits("run", tmp_path / "nowhere", "--output", tmp_path / "run")
    assert code == 1
    assert "There is nothing at" in err
    assert "Traceback" not in err


def test_wrong_usage_is_exit_code_2(exits):
    assert exits("run", "phantom", "--sed", "3")[0] == 2


def test_an_interrupt_is_exit_code_130_and_says_that_nothing_is_lost(exits, monkeypatch, tmp_path):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("synthetyk.cli.work.run_stages", stopped)
    code, _, err = exits("run", "phantom", "--output", tmp_path / "run")
    assert code == 130
    assert "the same command goes on" in err


def test_brackets_in_a_message_are_no_markup(exits, tmp_path):
    _, _, err = exits("run", tmp_path / "[bold]odd[/bold]", "--output", tmp_path / "run")
    assert "[bold]odd[/bold]" in err


def test_inspect_writes_fingerprint_splits_and_contact_sheet(tmp_path):
    result = call("data", "inspect", "phantom:n=40,size=32", "--output", tmp_path / "look")
    assert result.exit_code == 0, result.output
    assert "40 images" in result.output
    assert {path.name for path in (tmp_path / "look").iterdir()} == {
        *("fingerprint.json", "splits.csv", "contact_sheet.png")
    }


def test_brackets_in_the_name_of_a_class_are_no_markup(exits, tmp_path):
    for name in ("lesion[benign]", "[x]", "[bold]"):
        for number in range(4):
            path = tmp_path / "set" / name / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((4, 4), 10 * number, np.uint8)).save(path)
    _, out, _ = exits("data", "inspect", tmp_path / "set", "--output", tmp_path / "look")
    assert "lesion[benign]" in out and "[x]" in out and "[bold]" in out


def test_a_run_needs_a_data_set():
    assert isinstance(call("run").exception, ConfigError)


def test_resume_stands_alone(finished):
    assert isinstance(call("run", "phantom", "--resume", finished.path).exception, ConfigError)


def test_a_finished_run_is_resumed_without_doing_anything_again(finished):
    result = call("run", "--resume", finished.path)
    assert result.exit_code == 0, result.output
    assert result.output.count("done before") == 12
    assert "Does it help?" in result.output


def test_every_stage_has_a_command(finished):
    for name in (
        "fingerprint",
        "plan",
        "cache",
        "features",
        "train",
        "evaluate",
        "privacy",
        "generate",
        "study",
        "report",
    ):
        result = call(name, finished.path)
        assert result.exit_code == 0, result.output
        assert "done before" in result.output


def test_a_stage_of_no_run_says_how_to_begin_one(tmp_path):
    error = call("evaluate", tmp_path).exception
    assert isinstance(error, RunError)
    assert "synthetyk run DATASET" in str(error)


def test_train_begins_a_run_by_itself_and_generate_works_on_it(tmp_path, tiny_settings):
    settings = [part for name, o in tiny_settings().overrides.items() for part in ("--set", f"{name}={o.value}")]
    trained = call("train", "phantom:n=160,size=28", "--output", tmp_path / "run", "--budget", "2min", *settings)
    assert trained.exit_code == 0, trained.output
    output = tmp_path / "set.npz"
    result = call("generate", tmp_path / "run", "--per-class", 7, "--format", "npz", "--output", output)
    assert result.exit_code == 0, result.output
    with np.load(output) as arrays:
        assert arrays["images"].shape == (21, 28, 28)
        assert np.bincount(arrays["labels"]).tolist() == [7, 7, 7]


def test_tuning_comes_before_the_training(tmp_path, monkeypatch):
    begun = []
    monkeypatch.setattr("synthetyk.cli.work.work", lambda _run, stages: begun.extend(stage.name for stage in stages))
    result = call("train", "phantom:n=160,size=28", "--output", tmp_path / "run", "--tune", "2")
    assert result.exit_code == 0, result.output
    assert begun == ["fingerprint", "plan", "cache", "features", "tune", "train"]


def test_several_processes_do_not_tune(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    error = call("train", "phantom:n=160,size=28", "--output", tmp_path / "run", "--tune", "2").exception
    assert isinstance(error, ConfigError)
    assert "Tune in one process first" in str(error)
    assert not (tmp_path / "run").exists()


def test_balance_asks_for_what_each_class_lacks(finished, tmp_path):
    result = call("generate", finished.path, "--balance", "--output", tmp_path / "more")
    assert result.exit_code == 0, result.output
    counts = json.loads((tmp_path / "more/manifest.json").read_text())["counts"]
    assert counts["normal"] == 0 < counts["benign"] < counts["malignant"]


@pytest.mark.parametrize(
    "arguments", [["--per-class", "3"], ["--output", "x"], ["--output", "x", "--per-class", "3", "--balance"]]
)
def test_generate_asks_for_what_is_not_clear(finished, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert isinstance(call("generate", finished.path, *arguments).exception, ConfigError)


def test_anomalies_are_looked_for_on_request_and_come_into_the_report(copied):
    assert "Images, what was drawn of them" not in copied.report.read_text()
    result = call("anomalies", copied.path)
    assert result.exit_code == 0, result.output
    assert "against normal: AUROC" in result.output
    assert "Images, what was drawn of them" in copied.report.read_text()
    assert call("anomalies", copied.path).output.count("done before") == 3


def test_anomalies_of_other_images_are_scored_and_lie_where_it_is_said(copied, tmp_path):
    np.savez(tmp_path / "new.npz", images=np.random.default_rng(0).integers(0, 256, (5, 30, 20), dtype=np.uint8))
    result = call("anomalies", copied.path, "--images", tmp_path / "new.npz")
    assert result.exit_code == 0, result.output
    assert "of 5 images lie above" in " ".join(result.output.split())
    assert len(AnomalyScores.load(copied / "judged/new/scores.json").images) == 5
    again = call("anomalies", copied.path, "--images", tmp_path / "new.npz", "--output", tmp_path / "out")
    assert again.output.count("done before") == 3
    assert (tmp_path / "out" / "strange.png").exists()


def test_an_output_of_anomalies_without_images_is_refused(copied, tmp_path):
    assert isinstance(call("anomalies", copied.path, "--output", tmp_path).exception, ConfigError)


def test_the_normal_class_can_be_named_and_is_remembered(copied):
    result = call("anomalies", copied.path, "--normal", "benign")
    assert "against benign: AUROC" in result.output
    assert copied.settings().classes["benign"].normal
    assert "done before" in call("anomalies", copied.path).output


def test_a_normal_class_that_is_not_there_is_refused_and_forgotten(copied):
    error = call("anomalies", copied.path, "--normal", "normel").exception
    assert isinstance(error, ConfigError)
    assert "Did you mean 'normal'" in str(error)
    assert copied.settings().classes == {}


def test_what_classes_are_can_be_said_in_a_file(copied, tmp_path):
    (tmp_path / "said.json").write_text('{"benign": {"title": "Benign nodule", "order": 7}}')
    result = call("run", "--resume", copied.path, "--classes", tmp_path / "said.json")
    assert result.exit_code == 0, result.output
    assert json.loads((copied / "classes.json").read_text())["classes"][0]["title"] == "Benign nodule"
    assert "Benign nodule" in copied.report.read_text()
    assert result.output.count("done before") == 9


def test_a_study_can_begin_with_an_autoencoder_on_a_run_that_exists(copied):
    steps = ("--set", "classifier_pretrain_steps=4")
    result = call("run", "--resume", copied.path, "--pretrain", "mask", *steps)
    assert result.exit_code == 0, result.output
    assert result.output.count("done before") == 7
    assert (copied / "study/start.safetensors").exists()
    assert "began with an autoencoder (mask)" in copied.report.read_text()


def test_weights_that_do_not_fit_are_found_before_anything_is_trained(tmp_path):
    np.savez(tmp_path / "odd.npz", **{"conv1.weight": np.zeros((64, 3, 7, 7), dtype=np.float32)})
    command = ("run", "phantom:n=100,size=28", "--output", tmp_path / "run", "--encoder", "resnet18")
    error = call(*command, "--encoder-weights", tmp_path / "odd.npz", *TINY).exception
    assert isinstance(error, ArtifactError)
    assert "odd.npz does not fit: body" in str(error)
    assert not (tmp_path / "run/cache").exists()


def test_a_study_at_another_fraction_runs_in_a_folder_of_its_own(copied):
    result = call("study", copied.path, "--fraction", "0.85")
    assert result.exit_code == 0, result.output
    assert (copied / "fractions/0.85/study/study.json").exists()


def test_a_second_process_is_refused(finished):
    from synthetyk.pipeline.lock import locked

    with locked(finished.path):
        error = call("report", finished.path).exception
    assert isinstance(error, SynthetykError)
    assert "in use by process" in str(error)


def test_a_slip_in_a_setting_costs_nothing(tmp_path):
    wrong = call("run", "phantom", "--output", tmp_path / "run", "--set", "gan_kimgs=5")
    assert isinstance(wrong.exception, ConfigError)
    assert not (tmp_path / "run").exists()


def test_what_a_run_keeps_cannot_be_given_again(finished):
    assert isinstance(call("run", "--resume", finished.path, "--seed", "3").exception, ConfigError)
    assert isinstance(call("train", finished.path, "--budget", "3min").exception, ConfigError)


def test_a_value_can_be_fixed_on_a_run_that_exists(copied):
    result = call("run", "--resume", copied.path, "--set", "study_resamples=150")
    assert result.exit_code == 0, result.output
    assert result.output.count("done before") == 7


@pytest.mark.parametrize("arguments", [["--seed", "3"], ["--format", "npz"], ["--overwrite"]])
def test_options_of_generate_without_an_output_are_not_swallowed(finished, arguments):
    assert isinstance(call("generate", finished.path, *arguments).exception, ConfigError)


def test_a_name_that_ends_in_npz_is_one_file(finished, tmp_path):
    assert call("generate", finished.path, "--per-class", 2, "--output", tmp_path / "a.npz").exit_code == 0
    assert (tmp_path / "a.npz").is_file()
    mixed = call("generate", finished.path, "--per-class", 2, "--format", "png", "--output", tmp_path / "b.npz")
    assert isinstance(mixed.exception, ConfigError)


def test_the_built_in_set_is_found_beside_a_folder_of_its_name(tmp_path, monkeypatch):
    (tmp_path / "phantom").mkdir()
    monkeypatch.chdir(tmp_path)
    assert call("data", "inspect", "phantom:n=40,size=32", "--output", "look").exit_code == 0


def test_a_data_set_is_not_written_into(tmp_path):
    assert isinstance(call("data", "inspect", tmp_path, "--output", tmp_path / "look").exception, RunError)


def test_a_file_where_a_folder_should_be_is_one_sentence(exits, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = exits("data", "inspect", "phantom:n=40,size=32", "--output", tmp_path / "file")
    assert code == 1
    assert "is a file. Expected a folder" in err


def test_a_data_set_that_cannot_be_used_leaves_no_folder(exits, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = exits("data", "inspect", tmp_path / "empty", "--output", tmp_path / "look")
    assert (code, "There is no image in" in err) == (1, True)
    assert not (tmp_path / "look").exists()


def test_inspect_says_when_there_will_be_no_study(tmp_path):
    shown = [
        call("data", "inspect", f"phantom:n=20,size=16,balance={balance}", "--output", tmp_path / "look").output
        for balance in ("1/0/0", "1/1/0")
    ]
    assert ["leaves the study out" in output for output in shown] == [True, False]


def test_a_run_without_a_generator_says_how_to_train_one(tmp_path, tiny_settings):
    from synthetyk.pipeline.begin import begin_run

    run = begin_run(tmp_path / "run", tiny_settings())
    error = call("generate", run.path, "--per-class", 3, "--output", tmp_path / "more").exception
    assert isinstance(error, RunError)
    assert f"synthetyk train {run.path}" in str(error)


def test_an_unknown_tracker_is_refused_before_anything_is_written(exits, tmp_path):
    code, _, err = exits("train", "phantom", "--output", tmp_path / "run", "--tracker", "mlfow")
    assert code == 1
    assert "no tracker called 'mlfow'" in err and "Did you mean 'mlflow'" in err
    assert not (tmp_path / "run").exists()


def test_the_choice_of_trackers_is_kept_until_another_is_made(copied, monkeypatch):
    monkeypatch.setattr("synthetyk.cli.work.run_stages", lambda *_: [])
    kept = []
    for option in (("--tracker", "mlflow,wandb"), (), ("--tracker", "wandb"), ("--tracker", "jsonl")):
        call("run", "--resume", copied.path, *option)
        kept.append(copied.settings().trackers)
    assert kept == [("mlflow", "wandb"), ("mlflow", "wandb"), ("wandb",), ()]


WITHOUT = "import sys; sys.modules.update(dict.fromkeys({modules})); from synthetyk.cli.main import main; main()"


def without_torch(*arguments):
    """Run the command line in a process of its own where nothing of the extra "train" can be imported."""
    code = WITHOUT.format(modules=main.EXTRA)
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_and_data_sets_need_no_torch(tmp_path):
    assert " evaluate " in without_torch("--help").stdout
    done = without_torch("data", "inspect", "phantom:n=20,size=16", "--output", tmp_path / "look")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "look/contact_sheet.png").exists()


def test_what_needs_torch_says_so_in_words(tmp_path):
    done = without_torch("run", "phantom", "--output", tmp_path / "run")
    assert done.returncode == 1
    assert "is not installed" in done.stderr and "pip install 'synthetyk[train]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_module_that_no_extra_brings_is_an_error_of_ours(monkeypatch, tmp_path):
    def broken():
        raise ModuleNotFoundError("No module named 'synthetyk.oops'", name="synthetyk.oops")

    monkeypatch.setattr(main, "app", broken)
    with pytest.raises(ModuleNotFoundError):
        main.main()


def test_the_extra_that_is_advised_brings_what_was_missing():
    wanted = {need.partition(">")[0] for need in requires("synthetyk") or () if 'extra == "train"' in need}
    assert wanted == set(main.EXTRA)
