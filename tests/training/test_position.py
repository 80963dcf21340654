import pytest

from synthetyk.core.errors import DivergedError
from synthetyk.training.checkpoint import Checkpoint, CheckpointCard
from synthetyk.training.monitor import Finding
from synthetyk.training.position import Advice, Position, Return, answer, total_steps

GOOD = Checkpoint(CheckpointCard(step=20, attempt=0, good=True, state={}), {})


def finding(kind):
    return Finding(kind, "Seen", "Do this")


def test_the_steps_show_as_many_images_as_were_asked_for(tiny):
    assert total_steps(tiny(kimg=0.8)) == 50
    assert total_steps(tiny(kimg=0.81)) == 51


def test_what_can_be_mended_goes_back_to_the_good_checkpoint(tiny):
    assert answer(tiny(), Position(30), GOOD, [finding("collapse")]) == Return(GOOD, (finding("collapse"),), end=False)


def test_what_comes_too_late_is_told_with_the_reason(tiny):
    (told,) = answer(tiny(), Position(48), GOOD, [finding("collapse")]).findings
    assert told.action == "Too late to go back and train again. Do this"


@pytest.mark.parametrize(("kind", "kind_of_answer"), [("collapse", Advice), ("divergence", Return)])
def test_an_early_collapse_with_nothing_good_is_only_told(tiny, kind, kind_of_answer):
    assert isinstance(answer(tiny(), Position(10), None, [finding(kind)]), kind_of_answer)


def test_what_is_no_number_ends_with_the_good_checkpoint_when_nothing_is_left_to_try(tiny):
    assert answer(tiny(), Position(30, attempt=3), GOOD, [finding("nan")]).end


def test_what_is_no_number_and_never_was_good_is_an_error(tiny):
    with pytest.raises(DivergedError, match="After 0.5 kimg: Seen"):
        answer(tiny(max_rollbacks=0), Position(30), None, [finding("nan")])


def test_going_back_counts_the_undone_steps_and_ending_gives_up_the_rest():
    at = Position(30, attempt=1, lost=5)
    assert at.after(Return(GOOD, (), end=False), 100) == Position(20, attempt=2, lost=15)
    assert at.after(Return(GOOD, (), end=True), 100) == Position(20, attempt=2, lost=80)
    assert at.after(Return(None, (), end=False), 100) == Position(0, attempt=2, lost=35)
