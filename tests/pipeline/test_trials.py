import pytest

from synthetyk.core.errors import TrainingError
from synthetyk.core.progress import silent
from synthetyk.data.cache import open_cache
from synthetyk.pipeline import trials
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.configs import gan_config
from synthetyk.pipeline.plan import Plan
from synthetyk.pipeline.stage import run_stage
from synthetyk.pipeline.stages import up_to


@pytest.fixture(scope="module")
def run(tmp_path_factory, tiny_settings):
    """A run that is about to train."""
    settings = tiny_settings("phantom:n=150,size=28,balance=0.5/0.3/0.2", "gan_kimg=0.256")
    run = begin_run(tmp_path_factory.mktemp("trials") / "run", settings)
    for stage in up_to("features"):
        run_stage(stage, run, silent)
    return run


@pytest.fixture(scope="module")
def config(run):
    classes = len(open_cache(run.cache).class_names)
    return gan_config(Plan.load(run.plan).values, classes=classes, seed=3).replace(max_rollbacks=0)


def nothing(_kimg):
    pass


def test_a_trial_that_diverges_has_no_scores(run, config):
    broken = trials.Stretch(7, config.replace(learning_rate_g=1e30, learning_rate_d=1e30), 0.256)
    look = broken.do(trials.Bench(run.path, 1, 0), nothing)
    assert (look.scores, look.measured_on) == ({}, "validation")


def test_workers_answer_as_this_process_would(run, config):
    told = []
    stretch = trials.Stretch(1, config, 0.064)
    with trials.Crew(run, 2, 1, 0) as crew:
        speeds = [speed for _, speed in crew.do([trials.Pace(config, 0.0)] * 3, lambda _job, _kimg: None)]
        [(job, look)] = crew.do([stretch], lambda job, kimg: told.append((job, kimg)))
    assert len(speeds) == 3 and min(speeds) > 0
    assert (job, told) == (stretch, [(stretch, 0.032), (stretch, 0.064)])
    assert look == trials.Stretch(2, config, 0.064).do(trials.Bench(run.path, 1, 0), nothing)


def test_the_failure_of_a_trial_arrives_with_its_words():
    class Failed:
        def recv(self):
            return TrainingError("There are only 3 images")

    with pytest.raises(TrainingError, match="only 3 images"):
        trials._receive(Failed())


def test_a_worker_that_was_killed_is_said_to_be():
    class Closed:
        def recv(self):
            raise EOFError

    with pytest.raises(TrainingError, match="process that tried settings was killed"):
        trials._receive(Closed())
