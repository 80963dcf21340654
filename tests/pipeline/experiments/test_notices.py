import pytest

from synthetyk.pipeline.experiments.notices import notices


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"flips": True}, "flips has no effect without augmentation."),
        ({"weights_convention": "caffe"}, "weights_convention has no effect without weights."),
        ({"wandb": {"name": "mine", "tags": ["a"]}}, "passed over: name of wandb, tags of wandb."),
        (
            {"callbacks": [{"class_name": "EarlyStopping", "config": {"baseline": 0.5}}]},
            "passed over: baseline of EarlyStopping.",
        ),
        (
            {"callbacks": [{"class_name": "ModelCheckpoint", "config": {"initial_value_threshold": 0.5}}]},
            "passed over: initial_value_threshold of ModelCheckpoint.",
        ),
    ],
)
def test_what_has_no_effect_is_said(asked, quick, settings, words):
    assert notices(asked(quick("one", **settings))) == [f"one: {words}"]


@pytest.mark.parametrize("settings", [{}, {"flips": True, "augmentation": True}, {"flips": True, "pretrain": "mask"}])
def test_nothing_is_said_of_what_has_an_effect(asked, quick, settings):
    assert notices(asked(quick("one", **settings))) == []
