import pytest

from synthetyk.cli.results import show_result

pytestmark = pytest.mark.xdist_group("finished run")


def test_the_answers_of_a_finished_run_are_printed(finished, capsys):
    show_result(finished)
    said = capsys.readouterr().out
    assert "Does it help?" in said
    assert str(finished.report) in said.replace("\n", "")


def test_answers_of_an_earlier_training_are_not_printed(copied, capsys):
    with (copied / "metrics.jsonl").open("a") as metrics:
        metrics.write('{"step": 1}\n')
    show_result(copied)
    said = capsys.readouterr().out
    assert "Does it help?" not in said and "May I share?" not in said
    assert "Look at:" in said
