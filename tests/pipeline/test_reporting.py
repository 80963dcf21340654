import pytest

from synthetyk.core.errors import DatasetError, RunLockedError, TrainingError
from synthetyk.core.progress import silent
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.lock import locked
from synthetyk.pipeline.reporting import answering, report_failure, up_to_date, write_report
from synthetyk.pipeline.run_folder import RunFolder
from synthetyk.pipeline.stage import Stage, StageRecord, record_path, run_stage
from synthetyk.pipeline.stages import BY_NAME, STAGES, up_to

pytestmark = pytest.mark.xdist_group("finished run")


def test_the_report_is_one_file_that_names_the_data_and_the_seed(finished):
    page = finished.report.read_text()
    assert "phantom" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page


def test_a_report_of_a_run_that_went_no_further_than_its_plan(copied):
    for name in ("evaluation.json", "privacy.json", "study/study.json", "metrics.jsonl", "nearest.png", "real.png"):
        (copied / name).unlink()
    for stage in ("train", "evaluate", "privacy", "generate", "study"):
        (copied / f"stages/{stage}.json").unlink()
    write_report(copied, STAGES)
    assert "was not run" in copied.report.read_text()


def test_a_report_without_a_plan_says_so(tmp_path, tiny_settings):
    run = begin_run(tmp_path / "run", tiny_settings())
    write_report(run, STAGES)
    assert "This run has no plan file" in run.report.read_text()


def test_a_finished_run_is_up_to_date(finished):
    assert up_to_date(finished, STAGES) == {stage.name for stage in up_to("report")}
    assert "Of an earlier training" not in finished.report.read_text()


def test_a_stage_that_nobody_asked_for_puts_nothing_out_of_date_but_an_outdated_one_does(copied):
    run_stage(BY_NAME["anomalies"], copied, silent)
    assert "report" not in up_to_date(copied, STAGES)
    run_stage(BY_NAME["report"], copied, silent)
    assert up_to_date(copied, STAGES) == set(BY_NAME)
    (copied / "anomalies.png").write_bytes(b"another")
    assert up_to_date(copied, STAGES) == set(BY_NAME) - {"anomalies", "report"}


def test_what_a_killed_training_leaves_behind_it_is_marked(copied):
    with (copied / "metrics.jsonl").open("a") as metrics:
        metrics.write('{"step": 1}\n')
    assert up_to_date(copied, STAGES) & set(BY_NAME) == {"fingerprint", "plan", "cache", "features"}
    write_report(copied, STAGES)
    page = copied.report.read_text()
    assert "Not known any more" in page
    assert "out of date" in page


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("compress", "A smaller model was left out. Not installed."),
        ("package", "A package was left out. Not installed."),
    ],
)
def test_what_lies_there_of_a_stage_that_has_nothing_to_do_any_more_is_not_shown(copied, stage, words):
    record = StageRecord.load(record_path(copied, stage))
    record.model_copy(update={"status": "not applicable", "reason": "Not installed."}).save(record_path(copied, stage))
    assert stage in up_to_date(copied, STAGES) and stage not in answering(copied, STAGES)
    write_report(copied, STAGES)
    assert words in copied.report.read_text()


def test_other_settings_put_a_stage_out_of_date_and_what_reads_it(copied):
    asked = copied.settings()
    asked.model_copy(update={"seed": 5}).save(copied.config)
    assert "study" not in up_to_date(copied, STAGES)


def test_a_report_does_not_need_the_data_any_more(copied):
    asked = copied.settings()
    asked.model_copy(update={"dataset": "/nowhere"}).save(copied.config)
    assert up_to_date(copied, STAGES) == {stage.name for stage in up_to("report")}


@pytest.fixture
def chain(tmp_path):
    """Three stages that hand a file on, all done, in their run folder."""

    def copy(source, target):
        return lambda run, progress: (run / target).write_text((run / source).read_text())

    (tmp_path / "0").write_text("1")
    stages = [Stage(str(n), "Copies.", (str(n - 1),), (str(n),), copy(str(n - 1), str(n))) for n in (1, 2, 3)]
    run = RunFolder(tmp_path)
    for stage in stages:
        run_stage(stage, run, silent)
    return run, stages


def test_stages_that_are_done_are_up_to_date(chain):
    assert up_to_date(*chain) == {"1", "2", "3"}


def test_a_stage_that_was_done_again_leaves_those_after_it_out_of_date(chain):
    run, stages = chain
    (run / "0").write_text("2")
    run_stage(stages[0], run, silent)
    assert up_to_date(run, stages) == {"1"}


def test_whoever_reads_what_an_outdated_stage_left_is_outdated(chain):
    run, stages = chain
    (run / "1").write_text("half")
    assert up_to_date(run, stages) == set()


def test_a_failed_stage_and_those_after_it_are_not_up_to_date(chain):
    assert up_to_date(*chain, failed="2") == {"1"}


def test_a_stage_without_a_record_is_not_up_to_date(chain):
    run, stages = chain
    (run / "stages/3.json").unlink()
    assert up_to_date(run, stages) == {"1", "2"}


@pytest.fixture
def begun(tmp_path, tiny_settings):
    """A run that knows its data."""
    run = begin_run(tmp_path / "run", tiny_settings("phantom:n=20,size=16"))
    run_stage(BY_NAME["fingerprint"], run, silent)
    return run


def test_the_report_of_a_failure_names_stage_and_reason(begun):
    report_failure(begun, STAGES, BY_NAME["plan"], TrainingError("The losses went astray", action="Lower the rate"))
    page = begun.report.read_text()
    assert "No: the stage &#39;plan&#39; failed" in page
    assert "The losses went astray. Lower the rate." in page
    assert "20 images" in page


@pytest.mark.parametrize(
    "error",
    [DatasetError("Line 3 means several files: Doe_Jane.png"), FileNotFoundError(2, "No such file", "Doe_Jane")],
)
def test_the_report_of_a_failure_names_no_file(begun, error):
    report_failure(begun, STAGES, BY_NAME["cache"], error)
    page = begun.report.read_text()
    assert "No: the stage &#39;cache&#39; failed" in page
    assert "Doe" not in page


def test_an_error_that_is_none_of_ours_is_named(begun):
    report_failure(begun, STAGES, BY_NAME["cache"], ZeroDivisionError("division by zero"))
    assert "ZeroDivisionError: division by zero" in begun.report.read_text()


def test_the_report_of_a_failure_leaves_another_process_alone(begun):
    with locked(begun.path), pytest.raises(RunLockedError):
        report_failure(begun, STAGES, BY_NAME["train"], TrainingError("Failed"))
    assert not begun.report.exists()
