import pytest

from synthetyk.core.errors import RunError, RunLockedError
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.lock import locked
from synthetyk.pipeline.run_folder import open_run
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


def test_who_is_told_may_change_later(tmp_path):
    (begin_run(tmp_path, RunSettings(dataset="phantom")) / "plan.json").touch()
    assert begin_run(tmp_path, RunSettings(dataset="phantom", trackers=("mlflow",))).settings().trackers == ("mlflow",)


def test_a_run_that_is_in_use_keeps_its_settings(tmp_path):
    begin_run(tmp_path, RunSettings(dataset="phantom", trackers=("mlflow",)))
    with locked(tmp_path), pytest.raises(RunLockedError, match="in use"):
        begin_run(tmp_path, RunSettings(dataset="phantom"))
    assert open_run(tmp_path).settings().trackers == ("mlflow",)


@pytest.mark.xdist_group("finished run")
def test_a_trained_gan_keeps_the_values_that_it_was_begun_with(copied):
    before = copied.config.read_bytes()
    asked = copied.settings()
    other = merge_overrides(None, ["gan_width=72", "resolution=32"])
    with pytest.raises(RunError, match=r"begun with resolution 28, not 32, gan_width \d+, not 72"):
        begin_run(copied.path, asked.model_copy(update={"overrides": asked.overrides | other}))
    assert copied.config.read_bytes() == before
    more = merge_overrides(None, ["gan_seeds=2"])
    begin_run(copied.path, asked.model_copy(update={"overrides": asked.overrides | more}))
