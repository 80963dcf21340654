import pytest

from synthetyk.core.errors import ConfigError, RunError
from synthetyk.pipeline.experiments.folder import begin_experiments, check_folder_names, folder_name


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
    ],
)
def test_a_name_becomes_a_folder_of_plain_characters(name, folder):
    assert folder_name(name) == folder


def test_names_of_which_characters_were_dropped_stay_apart():
    names = ["é", "ü", "a b", "a?b", "a*b"]
    assert len({folder_name(name) for name in names}) == len(names)
    assert all(folder_name(name).isascii() for name in names)


def test_long_names_stay_apart():
    long = "x" * 300
    assert folder_name(long + "a") != folder_name(long + "b")
    assert len(folder_name(long)) < 120


def test_two_names_of_one_folder_are_refused():
    with pytest.raises(ConfigError, match="the same folder"):
        check_folder_names(["a b", "A_b"])
