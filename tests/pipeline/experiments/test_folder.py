import pytest

from synthetyk.core.errors import ConfigError, RunError
from synthetyk.pipeline.experiments.folder import ExperimentsAsked, begin_experiments, check_folder_names, folder_name


def test_what_was_asked_for_is_kept(begun, quick):
    folder, wanted = begun(quick("one"), quick("two"))
    assert ExperimentsAsked.load(folder.config) == wanted


def test_others_may_be_asked_for_in_the_same_folder(begun, quick):
    begun(quick("one"))
    folder, _ = begun(quick("two"))
    assert list(ExperimentsAsked.load(folder.config).experiments) == ["two"]


def test_a_folder_with_something_else_is_refused(tmp_path, asked, quick):
    (tmp_path / "config.json").write_text('{"schema": "config/2"}')
    with pytest.raises(RunError, match="something else than experiments"):
        begin_experiments(tmp_path, asked(quick()))


def test_nothing_is_written_into_a_data_set(tmp_path, asked, quick):
    (tmp_path / "data").mkdir()
    with pytest.raises(RunError, match="lies in the data set"):
        begin_experiments(tmp_path / "data" / "out", asked(quick(data=str(tmp_path / "data"))))


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("mammograms", "mammograms"),
        ("grid encoder=edgenet, augmentation=true", "grid_encoder=edgenet_augmentation=true"),
        ("../../etc", "etc"),
        ("é", "experiment"),
    ],
)
def test_a_name_becomes_a_folder_of_plain_characters(name, folder):
    assert folder_name(name) == folder


def test_long_names_stay_apart():
    long = "x" * 300
    assert folder_name(long + "a") != folder_name(long + "b")
    assert len(folder_name(long)) < 120


def test_two_names_of_one_folder_are_refused():
    with pytest.raises(ConfigError, match="the same folder"):
        check_folder_names(["a b", "A_b"])
