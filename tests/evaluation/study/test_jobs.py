import numpy as np
import torch
from tests.training.bars import bars

from synthetyk.evaluation.study.jobs import train_in_turn
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.classifier_trainer import ClassifierTrainer
from synthetyk.training.encoder_start import EncoderStart
from synthetyk.training.labelled_images import ArrayImages

CONFIG = ClassifierConfig(width=8, steps=7, batch_size=16, evaluate_every=2)
FIRST, SECOND, VAL = bars(60, 0), bars(60, 1), bars(40, 2)


def test_sets_in_turn_share_the_steps_and_the_encoder_goes_on() -> None:
    trained = train_in_turn(CONFIG, [FIRST, SECOND], VAL, None)
    before = ClassifierTrainer(CONFIG.replace(steps=3), FIRST, VAL).fit()
    start = EncoderStart(before.network.encoder.state_dict(), "the set before")
    after = ClassifierTrainer(CONFIG.replace(steps=4), SECOND, VAL, start=start).fit()
    assert np.array_equal(trained.probabilities(VAL.images), after.probabilities(VAL.images))
    assert [point.step for point in trained.curve] == [5, 7]
    assert trained.best_step == after.best_step + 3
    assert trained.config == CONFIG


def test_a_start_is_the_first_sets_and_frozen_no_more_in_the_second() -> None:
    state = ClassifierTrainer(CONFIG.replace(seed=9), FIRST, VAL).network.encoder.state_dict()
    frozen = CONFIG.replace(frozen_steps=7, ema_decay=0.0)
    trained = train_in_turn(frozen, [FIRST, SECOND], VAL, EncoderStart(state, "another"))
    begun = train_in_turn(frozen, [FIRST], VAL, EncoderStart(state, "another"))
    weight = "stem.0.weight"
    assert torch.equal(begun.network.encoder.state_dict()[weight], state[weight])
    assert not torch.equal(trained.network.encoder.state_dict()[weight], state[weight])


def test_one_set_alone_is_trained_on_as_ever() -> None:
    whole = ArrayImages(FIRST.images, FIRST.labels, FIRST.class_names)
    alone, ever = train_in_turn(CONFIG, [whole], VAL, None), ClassifierTrainer(CONFIG, whole, VAL).fit()
    assert np.array_equal(alone.probabilities(VAL.images), ever.probabilities(VAL.images))
