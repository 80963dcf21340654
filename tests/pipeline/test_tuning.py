import shutil
from functools import partial

import pytest

from synthetyk.core.errors import RunError
from synthetyk.core.progress import silent
from synthetyk.evaluation.candidate import CandidateConfig
from synthetyk.pipeline import trials, tuning
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.halving import TuningReport
from synthetyk.pipeline.plan import Plan
from synthetyk.pipeline.run_folder import RunFolder
from synthetyk.pipeline.settings import Override
from synthetyk.pipeline.stage import StageRecord, record_path, run_stage
from synthetyk.pipeline.stages import up_to


class KilledError(Exception):
    """Stands for whatever ends a tuning early."""


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """One worker, which is this process; speeds measured over the fewest steps, looks at few images."""
    looks = partial(CandidateConfig, generated=64, classifiers=1, classifier_steps=2, resamples=20)
    monkeypatch.setattr(tuning, "usable_threads", lambda: 1)
    monkeypatch.setattr(tuning, "PACE_SECONDS", 0.0)
    monkeypatch.setattr(trials, "CandidateConfig", looks)


@pytest.fixture(scope="module")
def begun(tmp_path_factory, tiny_settings):
    """A run that is about to train."""
    run = begin_run(tmp_path_factory.mktemp("tuning") / "run", _settings(tiny_settings))
    for stage in up_to("features"):
        run_stage(stage, run, silent)
    return run


def _settings(tiny_settings):
    """Return settings of a run whose width an earlier tuning found."""
    settings = tiny_settings("phantom:n=150,size=28,balance=0.5/0.3/0.2", "gan_kimg=0.256")
    width = {"gan_width": Override(value=8, origin="tuning")}
    return settings.model_copy(update={"overrides": settings.overrides | width})


@pytest.fixture
def run(begun, tmp_path):
    shutil.copytree(begun.path, tmp_path / "run")
    return RunFolder(tmp_path / "run")


def test_the_plan_holds_what_tuning_found_with_the_reason(run, tiny_settings):
    told = []
    outcome = run_stage(tuning.tuning_stage(1), run, lambda *said: told.append(said))
    report, plan = TuningReport.load(run.tuning), Plan.load(run.plan)
    assert [len(trial.looks) for trial in report.trials].count(2) == 2
    assert len(report.trials) == 4
    assert {name: getattr(plan.values, name) for name in report.result} == {
        name: override.value for name, override in report.result.items()
    }
    assert plan.origins["gan_learning_rate"] == "tuning"
    assert plan.reasons["gan_learning_rate"].startswith("tuning: ")
    assert plan.values.gan_kimg == 0.256  # the user fixed it
    assert not outcome.skipped
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert told[0][2] == "4 trials, rung 1 of 2"
    assert told[-1][0] == pytest.approx(told[-1][1])
    assert not run.trials.exists()
    begin_run(run.path, _settings(tiny_settings))  # the same command again
    assert run_stage(tuning.tuning_stage(1), run, silent).skipped
    assert Plan.load(run.plan) == plan
    assert run.settings().overrides["gan_augment"].origin == "tuning"


def test_a_tuning_that_was_killed_keeps_what_it_has(run, monkeypatch):
    made, work = [], tuning.Stretch.do

    def do(stretch, *rest):
        if made == [0, 1, 2]:
            made.append("killed")
            raise KilledError
        made.append(stretch.number)
        return work(stretch, *rest)

    monkeypatch.setattr(tuning.Stretch, "do", do)
    with pytest.raises(KilledError):
        tuning.tune(run, 1)
    before = TuningReport.load(run.tuning)
    tuning.tune(run, 1)
    after = TuningReport.load(run.tuning)
    assert made[:6] == [0, 1, 2, "killed", 3, 0]
    assert len(made) == 4 + 1 + 2
    assert after.speeds == before.speeds
    assert [trial.looks[0] for trial in after.trials[:3]] == [trial.looks[0] for trial in before.trials[:3]]


def test_what_the_user_fixed_is_never_tuned(run):
    asked = run.settings()
    fixed = asked.overrides["gan_kimg"].model_copy
    overrides = {
        "gan_learning_rate": fixed(update={"value": 3e-4}),
        "gan_augment": fixed(update={"value": "translation"}),
        "gan_width": fixed(update={"value": 8}),
    }
    begin_run(run.path, asked.model_copy(update={"overrides": asked.overrides | overrides}))
    run_stage(up_to("plan")[-1], run, silent)
    run_stage(tuning.tuning_stage(1), run, silent)
    record = StageRecord.load(record_path(run, "tune"))
    assert (record.status, record.reason) == ("not applicable", "Every value that tuning could try is fixed.")
    assert Plan.load(run.plan).origins["gan_width"] == "command line"


@pytest.mark.parametrize("folder", ["checkpoints", "replicas/1/checkpoints"])
def test_a_gan_in_training_is_not_thrown_away(run, folder):
    (run / folder / "0-00000040").mkdir(parents=True)
    with pytest.raises(RunError, match="whose training has begun"):
        run_stage(tuning.tuning_stage(1), run, silent)
    assert not run.tuning.exists()
