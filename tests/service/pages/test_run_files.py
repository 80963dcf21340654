import json
from typing import get_args

import pytest
from pydantic import BaseModel

from synthetyk.compression.report import ClassifierPart, ClassifierRow, CompressionReport, GeneratorPart, GeneratorRow
from synthetyk.evaluation.experiments.report import ExperimentsReport
from synthetyk.evaluation.privacy import Privacy as PrivacyReport
from synthetyk.evaluation.study.report import StudyReport
from synthetyk.pipeline.plan import Plan as WholePlan
from synthetyk.pipeline.settings import RunSettings
from synthetyk.pipeline.stage import StageRecord
from synthetyk.pipeline.stages import STAGES as REAL_STAGES
from synthetyk.pipeline.stages import up_to
from synthetyk.report import answers
from synthetyk.service.pages import run_files, run_tables
from synthetyk.service.pages.run_files import LAST, STAGES, Study, read


def missing(part, whole, optional=()):
    """Name the fields that we read and nobody writes, also further down."""
    names = [name for name in part.model_fields if name not in whole.model_fields and name not in optional]
    for name in set(part.model_fields) & set(whole.model_fields):
        ours, theirs = (_models(each.model_fields[name].annotation) for each in (part, whole))
        if ours and theirs and (ours[0], theirs[0]) != (part, whole):
            names += [f"{name}.{each}" for each in missing(ours[0], theirs[0], ("test", "distance"))]
    return names


def _models(annotation):
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for each in get_args(annotation) for model in _models(each)]


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        (run_files.Settings, RunSettings),
        (run_files.StageEnd, StageRecord),
        (run_files.Plan, WholePlan),
        (run_files.Study, StudyReport),
        (run_files.Privacy, PrivacyReport),
        (run_files.Compression, CompressionReport),
        (run_files.Experiments, ExperimentsReport),
    ],
)
def test_what_the_pages_read_is_what_runs_write(part, whole):
    assert missing(part, whole) == []


def test_rows_of_classifiers_and_generators_have_what_the_pages_show_of_them():
    assert missing(run_files.SmallerClassifiers, ClassifierPart) == []
    assert missing(run_files.SmallerGenerators, GeneratorPart) == []
    assert {"test"} <= set(ClassifierRow.model_fields)
    assert {"distance"} <= set(GeneratorRow.model_fields)


def test_the_stages_are_those_of_a_run():
    assert [stage.name for stage in up_to("report")] == list(STAGES)
    assert set(LAST.values()) <= {stage.name for stage in REAL_STAGES}
    assert [stage.name for stage in up_to("train")] == list(STAGES[: STAGES.index("train") + 1])


def test_verdicts_have_the_words_of_the_report():
    for ours, theirs in (
        (run_tables.HELPS, answers.HELP_WORDS),
        (run_tables.SHARES, answers.SHARE_WORDS),
        (run_tables.PRECISION, answers.PRECISION_WORDS),
    ):
        assert {name: word for name, (word, _) in ours.items()} == {name: word for name, (word, _) in theirs.items()}


def test_what_is_absent_damaged_or_something_else_is_none(tmp_path):
    path = tmp_path / "study.json"
    assert read(Study, path) is None
    for text in ("{", "[]", '{"verdict": 3}', json.dumps({"verdict": {"outcome": "helps"}, "arms": []})):
        path.write_text(text)
        assert read(Study, path) is None


def test_keys_that_are_not_shown_are_passed_over(tmp_path):
    path = tmp_path / "study.json"
    path.write_text(
        json.dumps({"schema": "study/9", "verdict": {"outcome": "helps", "sentence": "Yes.", "new": 1}, "arms": []})
    )
    assert read(Study, path).verdict.sentence == "Yes."
