import numpy as np
import pytest

from synthetyk.core.errors import RunError
from synthetyk.core.progress import silent
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.preparation import FINGERPRINT, PLAN
from synthetyk.pipeline.stage import run_stage


def write(path, first=0):
    images = np.random.default_rng(0).integers(0, 256, (120, 28, 28), dtype=np.uint8)
    images[0, 0, 0] = first
    np.savez(path, images=images, labels=np.arange(120) % 2)


@pytest.fixture
def run(tmp_path, tiny_settings):
    write(tmp_path / "data.npz")
    run = begin_run(tmp_path / "run", tiny_settings(str(tmp_path / "data.npz")))
    for stage in (FINGERPRINT, PLAN):
        run_stage(stage, run, silent)
    return run


def test_data_that_changed_are_looked_at_again_before_a_gan_is_trained(run, tmp_path):
    write(tmp_path / "data.npz", first=1)
    assert not run_stage(FINGERPRINT, run, silent).skipped


def test_data_that_changed_since_the_gan_was_begun_are_refused_and_once_put_back_the_run_goes_on(run, tmp_path):
    (run.path / "checkpoints").mkdir()
    before = run.fingerprint.read_bytes(), run.plan.read_bytes()
    write(tmp_path / "data.npz", first=1)
    with pytest.raises(RunError, match="has changed since the GAN of .* was begun"):
        run_stage(FINGERPRINT, run, silent)
    assert (run.fingerprint.read_bytes(), run.plan.read_bytes()) == before
    write(tmp_path / "data.npz")
    assert run_stage(FINGERPRINT, run, silent).skipped
    assert run_stage(PLAN, run, silent).skipped
