from dataclasses import replace

import pytest

from synthetyk.report.answers import failures, helps, shareable
from synthetyk.report.inputs import ReportInputs, StageLine


def with_stages(inputs: ReportInputs, *lines: StageLine) -> ReportInputs:
    return replace(inputs, stages=lines)


@pytest.mark.parametrize("status", ["out of date", "failed", "not finished"])
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
