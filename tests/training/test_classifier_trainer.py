from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss, roc_auc_score
from tests.training.bars import bars

from synthetyk.core.errors import ArtifactError, ConfigError, DivergedError, TrainingError
from synthetyk.tracking.jsonl import JsonlTracker, read_jsonl
from synthetyk.tracking.tracker import NullTracker
from synthetyk.training import labelled_images
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.classifier_optimizer import averaging, learning_rate_at
from synthetyk.training.classifier_trainer import (
    ClassifierTrainer,
    best_temperature,
    classification_loss,
    judgeable_auc,
)
from synthetyk.training.encoder_start import EncoderStart
from synthetyk.training.labelled_images import ArrayImages
from synthetyk.training.validation_curve import Patience, RateFall, kept_point

CONFIG = ClassifierConfig(width=8, steps=30, batch_size=16, evaluate_every=10)
TRAIN, VAL = bars(160, 0), bars(40, 1)


@pytest.mark.parametrize(
    "settings", [{}, {"balance": "weights"}, {"balance": "oversample", "augment": "classical"}, {"precision": "bf16"}]
)
def test_it_learns_what_can_be_learned(settings: dict[str, str]) -> None:
    trained = ClassifierTrainer(CONFIG.replace(steps=90, **settings), TRAIN, VAL).fit()
    assert roc_auc_score(VAL.labels, trained.probabilities(VAL.images)[:, 1]) > 0.95
    assert trained.class_names == ("lying", "upright")
    assert trained.shape == (1, 16, 16)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others() -> None:
    config = CONFIG.replace(augment="classical", steps=10)
    first, again, other = (
        ClassifierTrainer(config.replace(seed=seed), TRAIN, VAL).fit().probabilities(VAL.images) for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_returned_weights_are_the_best_looks_of_the_curve() -> None:
    trained = ClassifierTrainer(CONFIG, TRAIN, VAL).fit()
    assert [point.step for point in trained.curve] == [10, 20, 30]
    best = next(point for point in trained.curve if point.step == trained.best_step)
    assert best == kept_point(trained.curve, "best", rarest=20)
    assert roc_auc_score(VAL.labels, trained.probabilities(VAL.images)[:, 1]) == pytest.approx(best.auc)


def test_looks_take_some_of_many_validation_images_and_what_is_kept_is_judged_by_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(labelled_images, "LOOKED_AT", 30)
    trainer = ClassifierTrainer(CONFIG.replace(keep="last"), TRAIN, bars(90, 1, rare=3))
    trained, seen = trainer.fit(), trainer.looked_at
    assert (len(seen), trainer.rarest) == (29, 10)
    network = replace(trained, temperature=1.0)
    said = network.probabilities(seen.batch(np.arange(29)))
    assert trained.curve[-1].loss == pytest.approx(log_loss(seen.labels, said), abs=1e-5)
    logits = torch.from_numpy(network.probabilities(trainer.val.batch(np.arange(90)))).log()
    assert trained.temperature == best_temperature(logits, torch.from_numpy(trainer.val.labels))


def test_progress_is_told_at_every_step() -> None:
    told: list[tuple[float, float]] = []
    ClassifierTrainer(CONFIG, TRAIN, VAL, progress=lambda done, total, message="": told.append((done, total))).fit()
    assert told == [(step, 30) for step in range(31)]


def test_a_tracker_is_told_of_every_look(tmp_path: Path) -> None:
    tracker = JsonlTracker(tmp_path / "metrics.jsonl")
    config = CONFIG.replace(fall=RateFall(patience=Patience(looks=1, least=10), factor=0.5))
    trained = ClassifierTrainer(config, TRAIN, VAL, tracker=tracker).fit()
    lines = list(read_jsonl(tracker.path))
    assert [(line["step"], line["val_loss"], line["val_accuracy"], line["val_auc"]) for line in lines] == [
        (point.step, point.loss, point.accuracy, point.auc) for point in trained.curve
    ]
    assert [line["learning_rate"] for line in lines] == [CONFIG.learning_rate * part for part in (1, 1, 0.5)]
    assert lines[0]["train_loss"] > lines[-1]["train_loss"] > 0


def test_class_weights_make_a_rare_class_called_more_often() -> None:
    few, config = bars(80, 2, rare=10), CONFIG.replace(steps=12, learning_rate=5e-4)
    plain, weighed = (
        ClassifierTrainer(config.replace(balance=balance), few, VAL).fit().probabilities(VAL.images)[:, 1].mean()
        for balance in ("none", "weights")
    )
    assert weighed > plain


def test_oversampling_draws_classes_equally_often() -> None:
    few = bars(80, 2, rare=10)
    order = ClassifierTrainer(CONFIG.replace(balance="oversample"), few, VAL).order
    drawn = np.concatenate([few.labels[order.positions(step)] for step in range(10)])
    assert np.bincount(drawn).tolist() == [80, 80]


@pytest.mark.parametrize(
    ("train", "val", "message"),
    [
        (TRAIN, bars(0, 1), "no validation images"),
        (ArrayImages(TRAIN.images, np.zeros(160, dtype=np.int64), TRAIN.class_names), VAL, "fewer than two classes"),
        (ArrayImages(TRAIN.images, np.arange(160) % 2 - 1, TRAIN.class_names), VAL, "no label"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(train: ArrayImages, val: ArrayImages, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        ClassifierTrainer(CONFIG, train, val)


def test_a_divergence_is_told_and_not_trained_on() -> None:
    with pytest.raises(DivergedError, match="Lower its learning rate"):
        ClassifierTrainer(CONFIG.replace(learning_rate=1e30), TRAIN, VAL).fit()


def test_a_validation_split_of_one_class_has_no_auc_and_the_loss_chooses() -> None:
    one = ArrayImages(VAL.images[VAL.labels == 1], VAL.labels[VAL.labels == 1], VAL.class_names)
    trained = ClassifierTrainer(CONFIG, TRAIN, one).fit()
    assert {point.auc for point in trained.curve} == {None}
    losses = {point.loss: point.step for point in trained.curve}
    assert trained.best_step == losses[min(losses)]
    assert not trained.plateaued


def test_judgeable_auc_agrees_with_sklearn_and_leaves_absent_classes_out() -> None:
    rng = np.random.default_rng(0)
    p, labels = rng.dirichlet(np.ones(3), 60), rng.integers(0, 3, 60)
    assert judgeable_auc(p, labels) == pytest.approx(roc_auc_score(labels, p, multi_class="ovr"))
    two = labels > 0
    wanted = np.mean([roc_auc_score(labels[two] == k, p[two, k]) for k in (1, 2)])
    assert judgeable_auc(p[two], labels[two]) == pytest.approx(wanted)
    assert judgeable_auc(p, np.zeros(60, dtype=np.int64)) is None


def test_the_rate_rises_for_a_tenth_of_the_steps_and_then_stays() -> None:
    rates = [learning_rate_at(step, ClassifierConfig(steps=100, learning_rate=2.0)) for step in range(100)]
    assert rates[:10] == pytest.approx([0.2 * n for n in range(1, 11)])
    assert set(rates[10:]) == {2.0}


def test_the_average_spans_a_ninth_of_the_steps_until_it_is_long_enough() -> None:
    config = ClassifierConfig(ema_decay=0.99)
    assert averaging(0, config) == pytest.approx(0.1)
    assert averaging(91, config) == pytest.approx(1 - 9 / 101)
    assert averaging(10_000, config) == 0.99


def test_a_plain_average_weighs_every_step_of_the_last_quarter_alike() -> None:
    config = ClassifierConfig(steps=40, average="swa")
    assert averaging(29, config) == averaging(29, config.replace(average="ema"))
    average = 7.0
    for step in range(30, 40):
        kept = averaging(step, config)
        average = kept * average + (1 - kept) * step
    assert average == pytest.approx(np.mean(range(30, 40)))


def test_a_plain_average_knows_the_statistics_of_what_it_sees() -> None:
    trained = ClassifierTrainer(CONFIG.replace(average="swa", steps=40, evaluate_every=20), TRAIN, VAL).fit()
    seen: list[torch.Tensor] = []
    stem = trained.network.encoder.stem
    hook = stem[0].register_forward_hook(lambda _module, _shown, maps: seen.append(maps))
    trained.probabilities(TRAIN.images)
    hook.remove()
    maps = torch.cat(seen)
    torch.testing.assert_close(stem[1].running_mean, maps.mean(dim=(0, 2, 3)), rtol=0.1, atol=0.05)
    torch.testing.assert_close(stem[1].running_var, maps.var(dim=(0, 2, 3)), rtol=0.2, atol=0.05)
    assert trained.best_step == 40
    assert roc_auc_score(VAL.labels, trained.probabilities(VAL.images)[:, 1]) == pytest.approx(trained.curve[-1].auc)


def test_a_tracker_hears_of_a_plain_average_what_is_kept() -> None:
    told: dict[int, float] = {}

    class Ear(NullTracker):
        def log(self, step: int, values: Mapping[str, float]) -> None:
            told[step] = values["val_loss"]

    config = CONFIG.replace(average="swa", steps=12, evaluate_every=6)
    trained = ClassifierTrainer(config, TRAIN, VAL, tracker=Ear()).fit()
    assert told == {point.step: point.loss for point in trained.curve}


def test_a_plain_average_of_a_training_that_may_end_early_is_refused() -> None:
    with pytest.raises(ConfigError, match="average 'ema' where there is a stop"):
        CONFIG.replace(average="swa", stop=Patience())


@pytest.mark.parametrize(("noise", "used"), [(100, 0), (200, 4)])
def test_copies_are_averaged_over_only_where_that_lowers_the_validation_loss(noise: int, used: int) -> None:
    train, val = bars(80, 0, noise=noise), bars(40, 1, noise=noise)
    trained = ClassifierTrainer(CONFIG.replace(views=4, steps=80, augment="classical"), train, val).fit()
    losses = [log_loss(val.labels, replace(trained, views=n).probabilities(val.images)) for n in (0, 4)]
    assert trained.views_gain == pytest.approx(losses[0] - losses[1], abs=1e-5)
    assert (trained.views, trained.views_gain > 0) == (used, used > 0)
    assert ClassifierTrainer(CONFIG.replace(steps=5), TRAIN, VAL).fit().views_gain is None


def test_averaged_probabilities_do_not_depend_on_the_batch() -> None:
    trained = replace(ClassifierTrainer(CONFIG, TRAIN, VAL).fit(), views=3)
    together = trained.probabilities(VAL.images)
    alone = np.concatenate([trained.probabilities(VAL.images[n : n + 1]) for n in range(5)])
    assert alone == pytest.approx(together[:5], abs=1e-5)
    assert together.sum(axis=1) == pytest.approx(np.ones(40), abs=1e-5)
    assert not np.allclose(together, replace(trained, views=0).probabilities(VAL.images))
    assert trained.probabilities(VAL.images[:0]).shape == (0, 2)


def test_the_temperature_undoes_a_known_overconfidence() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(20_000, 2, generator=generator)
    labels = torch.multinomial(logits.softmax(dim=1), 1, generator=generator)[:, 0]
    assert best_temperature(2 * logits, labels) == pytest.approx(2, rel=0.1)


def head_and_encoder(trainer: ClassifierTrainer) -> list[dict[str, torch.Tensor]]:
    parts = trainer.network.head, trainer.network.encoder
    return [{name: value.clone() for name, value in part.state_dict().items()} for part in parts]


def test_a_frozen_encoder_stands_still_while_the_head_learns_and_learns_after_that() -> None:
    trainer = ClassifierTrainer(CONFIG.replace(frozen_steps=2), TRAIN, VAL)
    head, encoder = head_and_encoder(trainer)
    for step in range(2):
        trainer.train_step(step)
    learned, stood = head_and_encoder(trainer)
    assert not torch.equal(learned["weight"], head["weight"])
    assert all(torch.equal(stood[name], encoder[name]) for name in encoder)
    trainer.train_step(2)
    assert not torch.equal(head_and_encoder(trainer)[1]["stem.0.weight"], encoder["stem.0.weight"])


def test_an_encoder_learns_at_a_part_of_the_heads_rate() -> None:
    trainer = ClassifierTrainer(CONFIG.replace(encoder_rate=0.0), TRAIN, VAL)
    head, encoder = head_and_encoder(trainer)
    trainer.train_step(0)
    learned, stood = head_and_encoder(trainer)
    assert not torch.equal(learned["weight"], head["weight"])
    assert torch.equal(stood["stem.0.weight"], encoder["stem.0.weight"])


def test_an_encoder_begins_with_what_it_is_given() -> None:
    first = ClassifierTrainer(CONFIG.replace(seed=1), TRAIN, VAL).network.encoder.state_dict()
    second = ClassifierTrainer(CONFIG.replace(seed=2), TRAIN, VAL, start=EncoderStart(first, "the first"))
    assert torch.equal(second.network.encoder.state_dict()["stem.0.weight"], first["stem.0.weight"])
    assert torch.equal(second.average.network.encoder.state_dict()["stem.0.weight"], first["stem.0.weight"])


def test_what_does_not_fit_the_encoder_is_named() -> None:
    state = ClassifierTrainer(CONFIG.replace(width=16), TRAIN, VAL).network.encoder.state_dict()
    with pytest.raises(ArtifactError, match=r"the wide one does not fit.*has another shape"):
        ClassifierTrainer(CONFIG, TRAIN, VAL, start=EncoderStart(state, "the wide one"))


@pytest.mark.parametrize("encoder", ["squeezenet", "resnet18"])
def test_other_encoders_train_too(encoder: str) -> None:
    config = CONFIG.replace(encoder=encoder, steps=2, evaluate_every=1, learning_rate=1e-3)
    trained = ClassifierTrainer(config, TRAIN, VAL).fit()
    assert trained.probabilities(VAL.images).shape == (40, 2)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "nadam", "rmsprop", "sgd"])
def test_every_optimizer_learns(optimizer: str) -> None:
    rate = 0.1 if optimizer == "sgd" else 2e-3
    config = CONFIG.replace(optimizer=optimizer, learning_rate=rate, steps=60, evaluate_every=60)
    assert ClassifierTrainer(config, TRAIN, VAL).fit().curve[-1].auc > 0.9


def test_the_last_look_is_kept_if_asked_for() -> None:
    assert ClassifierTrainer(CONFIG.replace(keep="last"), TRAIN, VAL).fit().best_step == 30


def test_a_training_that_gets_no_better_ends_early() -> None:
    config = CONFIG.replace(learning_rate=1e-9, steps=200, stop=Patience(watched="accuracy", looks=2))
    assert [point.step for point in ClassifierTrainer(config, TRAIN, VAL).fit().curve] == [10, 20, 30]


def test_a_training_that_gets_no_better_goes_on_at_a_lower_rate() -> None:
    fall = RateFall(patience=Patience(watched="accuracy", looks=1), factor=0.5)
    trainer = ClassifierTrainer(CONFIG.replace(learning_rate=1e-9, fall=fall), TRAIN, VAL)
    trainer.fit()
    assert trainer.optimizer.param_groups[0]["lr"] == pytest.approx(0.5e-9)


def test_cross_entropy_is_torchs_and_an_easy_image_counts_less_in_the_focal_loss() -> None:
    random = torch.Generator().manual_seed(0)
    logits, labels = torch.randn(6, 3, generator=random), torch.tensor([0, 1, 2, 0, 1, 2])
    weights = torch.tensor([1.0, 2.0, 3.0])
    expected = torch.nn.functional.cross_entropy(logits, labels, weight=weights, label_smoothing=0.1)
    plain = classification_loss(logits, labels, CONFIG.replace(label_smoothing=0.1), weights)
    assert plain.item() == pytest.approx(expected.item())
    right = logits.softmax(dim=1)[torch.arange(6), labels]
    focal = classification_loss(logits, labels, CONFIG.replace(label_smoothing=0, loss="focal"), None)
    assert focal.item() == pytest.approx((-((1 - right) ** 2) * right.log()).mean().item())
