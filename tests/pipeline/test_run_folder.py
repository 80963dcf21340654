import pytest

from synthetyk.core.errors import RunError
from synthetyk.pipeline.run_folder import begin_run, is_run, open_run
from synthetyk.pipeline.settings import RunSettings, merge_overrides


def test_a_run_goes_on_with_the_same_settings(tmp_path):
    settings = RunSettings(dataset="phantom", seed=3)
    begin_run(tmp_path / "run", settings)
    assert begin_run(tmp_path / "run", settings).settings().seed == 3


def test_other_settings_are_refused_by_name_once_there_is_a_plan(tmp_path):
    (begin_run(tmp_path, RunSettings(dataset="phantom", seed=3)) / "plan.json").touch()
    with pytest.raises(RunError, match="seed was 3, now 4"):
        begin_run(tmp_path, RunSettings(dataset="phantom", seed=4))


def test_a_folder_with_other_files_is_not_taken(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RunError, match="holds files but no run"):
        begin_run(tmp_path, RunSettings(dataset="phantom"))
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_file_is_not_taken_for_a_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="is a file"):
        begin_run(tmp_path / "file", RunSettings(dataset="phantom"))


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_opening_what_is_no_run_says_how_to_begin_one(tmp_path, name):
    with pytest.raises(RunError, match="synthetyk run DATASET"):
        open_run(tmp_path / name)


def test_later_seeds_lie_in_folders_of_their_own(tmp_path):
    run = begin_run(tmp_path, RunSettings(dataset="phantom"))
    assert run.replica(0) == run.path
    assert run.replica(1) == run.path / "replicas" / "1"


def test_before_there_is_a_plan_a_slip_can_be_mended(tmp_path):
    begin_run(tmp_path, RunSettings(dataset="phantm", seed=3))
    assert begin_run(tmp_path, RunSettings(dataset="phantom", seed=3)).settings().dataset == "phantom"


def test_what_the_user_fixes_may_change_later(tmp_path):
    (begin_run(tmp_path, RunSettings(dataset="phantom")) / "plan.json").touch()
    fixed = RunSettings(dataset="phantom", overrides=merge_overrides(None, ["study_seeds=7"]))
    assert begin_run(tmp_path, fixed).settings().overrides["study_seeds"].value == 7


@pytest.mark.parametrize("inside", ["", "runs/new"])
def test_a_run_does_not_write_into_its_data_set(tmp_path, inside):
    with pytest.raises(RunError, match="lies in the data set"):
        begin_run(tmp_path / inside, RunSettings(dataset=str(tmp_path)))


def test_any_other_config_file_makes_no_run(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    assert not is_run(tmp_path)


def test_who_is_told_may_change_later(tmp_path):
    (begin_run(tmp_path, RunSettings(dataset="phantom")) / "plan.json").touch()
    assert begin_run(tmp_path, RunSettings(dataset="phantom", trackers=("mlflow",))).settings().trackers == ("mlflow",)
