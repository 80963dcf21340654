import pytest

from synthetyk.cli.results import display_of, show_result
from synthetyk.core.progress import silent
from synthetyk.evaluation.evaluate import Evaluation
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.stage import StageRecord, record_path, run_stage
from synthetyk.pipeline.stages import BY_NAME

pytestmark = pytest.mark.xdist_group("finished run")


def test_the_answers_of_a_finished_run_are_printed(finished, capsys):
    show_result(finished)
    said = capsys.readouterr().out
    assert "Does it help?" in said
    assert "Fewer bits?" in said
    assert str(finished.report) in said.replace("\n", "")


def test_answers_of_an_earlier_training_are_not_printed(copied, capsys):
    with (copied / "metrics.jsonl").open("a") as metrics:
        metrics.write('{"step": 1}\n')
    show_result(copied)
    said = capsys.readouterr().out
    assert "Does it help?" not in said and "May I share?" not in said
    assert "Look at:" in said


def test_the_notes_of_the_fingerprint_are_told(tmp_path, capsys, tiny_settings):
    run = begin_run(tmp_path / "run", tiny_settings("phantom:n=6,size=16,patients=1"))
    run_stage(BY_NAME["fingerprint"], run, silent)
    display_of(run).headline(BY_NAME["fingerprint"])
    assert "There is no image in val and test" in capsys.readouterr().out


def test_blurred_images_are_told_when_they_are_evaluated(copied, capsys):
    found = Evaluation.load(copied / "evaluation.json")
    finest, *others = found.sharpness.octaves
    octaves = (finest.replace(value=0.2, floor=1.0, floor_std=0.02), *others)
    blurred = found.sharpness.replace(octaves=octaves)
    found.model_copy(update={"sharpness": blurred}).save(copied / "evaluation.json")
    display_of(copied).headline(BY_NAME["evaluate"])
    assert "The images are blurred: detail of 2 pixels" in capsys.readouterr().out


def test_what_lies_there_of_a_stage_that_has_nothing_to_do_any_more_is_not_printed(copied, capsys):
    record = StageRecord.load(record_path(copied, "compress"))
    record.model_copy(update={"status": "not applicable", "reason": "None."}).save(record_path(copied, "compress"))
    show_result(copied)
    said = capsys.readouterr().out
    assert "Does it help?" in said and "Fewer bits?" not in said
