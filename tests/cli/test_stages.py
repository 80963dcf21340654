from synthetyk.cli.main import app
from synthetyk.cli.stages import SUMMARIES
from synthetyk.pipeline.stages import BY_NAME


def test_every_stage_has_a_command():
    assert {command.name for command in app.registered_commands} >= set(BY_NAME)


def test_the_commands_say_what_the_stages_say():
    assert {name: BY_NAME[name].summary for name in SUMMARIES} == SUMMARIES
