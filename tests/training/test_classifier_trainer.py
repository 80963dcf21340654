import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from synthetyk.core.errors import ArtifactError, DivergedError, TrainingError
from synthetyk.training.classifier import ClassifierConfig, ValidationPoint
from synthetyk.training.classifier_trainer import (
    ClassifierTrainer,
    averaging,
    best_point,
    best_temperature,
    could_be_best,
    has_plateaued,
    judgeable_auc,
    learning_rate_at,
)
from synthetyk.training.encoder_start import EncoderStart
from synthetyk.training.labelled_images import ArrayImages

CONFIG = ClassifierConfig(width=8, steps=30, batch_size=16, evaluate_every=10)


def bars(count: int, seed: int, rare: int = 2) -> ArrayImages:
    """Upright against lying bars in noise; every `rare`-th image is upright."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 100, (count, 1, 16, 16), dtype=np.uint8)
    labels = (np.arange(count) % rare == 0).astype(np.int64)
    for image, label, place in zip(images, labels, rng.integers(2, 13, count), strict=True):
        image[0].T[place : place + 3] += 130
        if not label:
            image[0] = image[0].T.copy()
    return ArrayImages(images, labels, ("lying", "upright"))


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
    assert best == best_point(trained.curve, rarest=20)
    assert roc_auc_score(VAL.labels, trained.probabilities(VAL.images)[:, 1]) == pytest.approx(best.auc)


def test_progress_is_told_at_every_look() -> None:
    told: list[tuple[float, float]] = []
    ClassifierTrainer(CONFIG, TRAIN, VAL, progress=lambda done, total, message="": told.append((done, total))).fit()
    assert told == [(10, 30), (20, 30), (30, 30)]


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


def curve(*aucs: float | None) -> list[ValidationPoint]:
    return [ValidationPoint(step=i, loss=0, accuracy=0, auc=auc) for i, auc in enumerate(aucs)]


def test_a_flat_or_falling_curve_has_plateaued_and_a_rising_one_has_not() -> None:
    assert has_plateaued(curve(0.6, 0.8, 0.9, 0.9, 0.901, 0.9), rarest=1000)
    assert has_plateaued(curve(0.6, 0.9, 0.95, 0.95, 0.8, 0.8), rarest=1000)
    assert not has_plateaued(curve(0.6, 0.7, 0.75, 0.8, 0.82, 0.84), rarest=1000)
    assert not has_plateaued(curve(0.9, 0.9), rarest=1000)
    assert not has_plateaued(curve(None, None, None, None), rarest=1000)


def test_the_lowest_loss_is_kept_among_aucs_that_one_image_could_exchange() -> None:
    looks = [
        ValidationPoint(step=step, loss=loss, accuracy=0, auc=auc)
        for step, loss, auc in ((1, 0.1, 0.80), (2, 0.6, 0.95), (3, 0.3, 0.92), (4, 0.4, 0.94))
    ]
    assert best_point(looks, rarest=1000).step == 2
    assert best_point(looks, rarest=50).step == 4
    assert best_point(looks, rarest=25).step == 3
    assert best_point(looks, rarest=2).step == 1


def test_few_validation_images_widen_what_counts_as_a_plateau() -> None:
    rising = curve(0.6, 0.8, 0.9, 0.9, 0.91, 0.91)
    assert has_plateaued(rising, rarest=20)
    assert not has_plateaued(rising, rarest=40)


def test_the_rate_rises_for_a_tenth_of_the_steps_and_then_stays() -> None:
    rates = [learning_rate_at(step, ClassifierConfig(steps=100, learning_rate=2.0)) for step in range(100)]
    assert rates[:10] == pytest.approx([0.2 * n for n in range(1, 11)])
    assert set(rates[10:]) == {2.0}


def test_the_average_spans_a_ninth_of_the_steps_until_it_is_long_enough() -> None:
    assert averaging(0, 0.99) == pytest.approx(0.1)
    assert averaging(91, 0.99) == pytest.approx(1 - 9 / 101)
    assert averaging(10_000, 0.99) == 0.99


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


def test_only_looks_that_no_other_beats_can_be_the_best() -> None:
    rows = [(10, 0.9, 0.80), (20, 0.5, 0.85), (30, 0.4, 0.84), (40, 0.45, 0.83), (50, 0.4, 0.84)]
    curve = [ValidationPoint(step=step, loss=loss, accuracy=0.5, auc=auc) for step, loss, auc in rows]
    assert [point.step for point in could_be_best(curve)] == [20, 30, 50]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8), st.integers(1, 12))
def test_the_best_look_of_every_longer_curve_was_kept(pairs: list[tuple[int, int]], rarest: int) -> None:
    curve = [ValidationPoint(step=step, loss=loss, accuracy=0.5, auc=auc / 5) for step, (loss, auc) in enumerate(pairs)]
    best = best_point(curve, rarest)
    assert all(best in could_be_best(curve[:end]) for end in range(best.step + 1, len(curve) + 1))
