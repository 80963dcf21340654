import pytest

from synthetyk.core.errors import ArtifactError, RunError
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.run_folder import is_run, open_run, sha256_of_weights
from synthetyk.pipeline.settings import RunSettings


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_opening_what_is_no_run_says_how_to_begin_one(tmp_path, name):
    with pytest.raises(RunError, match="synthetyk run DATASET"):
        open_run(tmp_path / name)


def test_later_seeds_lie_in_folders_of_their_own(tmp_path):
    run = begin_run(tmp_path, RunSettings(dataset="phantom"))
    assert run.replica(0) == run.path
    assert run.replica(1) == run.path / "replicas" / "1"


def test_any_other_config_file_makes_no_run(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    assert not is_run(tmp_path)


def test_weights_that_are_gone_are_said_to_be(tmp_path):
    with pytest.raises(ArtifactError, match="not there any more.*--squeezenet FILE"):
        sha256_of_weights(str(tmp_path / "gone.npz"), "--squeezenet")
