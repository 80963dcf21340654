import pytest

from synthetyk.pipeline.reporting import write_report
from synthetyk.pipeline.run_folder import begin_run
from synthetyk.pipeline.stages import STAGES

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


def test_a_report_needs_a_plan(tmp_path, tiny_settings):
    run = begin_run(tmp_path / "run", tiny_settings())
    with pytest.raises(Exception, match="plan.json is missing"):
        write_report(run, STAGES)
