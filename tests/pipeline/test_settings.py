import pytest

from synthetyk.core.errors import ConfigError
from synthetyk.pipeline.settings import RunSettings, merge_overrides, parse_budget


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10min", 600), ("10 min", 600), ("1h30min", 5400), ("45", 45), ("1.5h", 5400)]
)
def test_a_budget_is_a_duration(text, seconds):
    assert parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "10parsecs", "-5min", "0", "5 5", "10min!"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ConfigError, match="Expected a duration"):
        parse_budget(text)


def test_the_command_line_wins_over_the_config_file_and_both_are_remembered(tmp_path):
    file = tmp_path / "settings.json"
    file.write_text('{"gan_kimg": 5, "resolution": 32}')
    merged = merge_overrides(file, ["gan_kimg=7", "augment=translation"])
    assert (merged["gan_kimg"].value, merged["gan_kimg"].origin) == (7, "command line")
    assert (merged["resolution"].value, merged["resolution"].origin) == (32, "config file")
    assert merged["augment"].value == "translation"


def test_an_assignment_without_equals_is_refused():
    with pytest.raises(ConfigError, match="name=value"):
        merge_overrides(None, ["gan_kimg"])


def test_a_broken_config_file_is_the_users_to_mend(tmp_path):
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(ConfigError, match="config file cannot be used"):
        merge_overrides(tmp_path / "settings.json", [])


def test_settings_of_before_there_were_trackers_name_none(tmp_path):
    (tmp_path / "config.json").write_text('{"schema": "config/1", "dataset": "phantom"}')
    assert RunSettings.load(tmp_path / "config.json").trackers == ()
