from dataclasses import replace

import pytest

from synthetyk.report.answers import failures, helps, precise, shareable
from synthetyk.report.inputs import ReportInputs, StageLine


def with_stages(inputs: ReportInputs, *lines: StageLine) -> ReportInputs:
    return replace(inputs, stages=lines)


@pytest.mark.parametrize("status", ["out of date", "failed", "not finished", "not applicable"])
def test_an_answer_of_an_earlier_training_is_taken_back(inputs: ReportInputs, status: str) -> None:
    old = with_stages(inputs, StageLine("study", status, 0.0), StageLine("privacy", "done", 1.0))
    answer = helps(old)
    assert (answer.word, answer.tone) == ("Not known any more", "unsure")
    assert "'study' must be done again" in answer.sentence
    assert answer.carries == (f"Before: {inputs.study.verdict.sentence}",)
    assert shareable(old) == shareable(inputs)


def test_nothing_is_called_safe_by_an_audit_of_an_earlier_generator(inputs: ReportInputs) -> None:
    answer = shareable(with_stages(inputs, StageLine("privacy", "out of date", 0.0)))
    assert (answer.word, answer.tone) == ("Not known any more", "unsure")
    assert "'privacy' must be done again" in answer.sentence


def test_a_run_that_ended_well_failed_nowhere(inputs: ReportInputs) -> None:
    assert failures(inputs) == []


def test_a_failure_tells_the_stage_and_its_message(inputs: ReportInputs) -> None:
    (answer,) = failures(with_stages(inputs, StageLine("train", "failed", 0.0, reason="Too few images.")))
    assert (answer.word, answer.sentence, answer.tone) == ("No: the stage 'train' failed", "Too few images.", "bad")


def test_the_answer_on_precision_says_what_it_rests_on_and_what_to_use(
    inputs: ReportInputs, bare: ReportInputs
) -> None:
    (answer,) = precise(inputs)
    assert answer.question == "Does reducing float precision hurt the detection of normal, benign and malignant?"
    assert (answer.word, answer.tone) == ("No", "good")
    assert "int8 changes the AUC by −0.0012 (−0.0028 to +0.0004)" in answer.sentence
    assert "135 test images of 68" in answer.carries[0]
    assert "classifier-int8.onnx" in answer.carries[1]
    assert precise(bare) == []


def test_an_answer_on_precision_of_an_earlier_classifier_is_taken_back(inputs: ReportInputs) -> None:
    (answer,) = precise(with_stages(inputs, StageLine("compress", "out of date", 0.0)))
    assert answer.word == "Not known any more"
