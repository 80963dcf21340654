import dataclasses
import json

import numpy as np
import pytest

from synthetyk.core.errors import MetricError
from synthetyk.evaluation.evaluate import Evaluation, EvaluationConfig, evaluate
from synthetyk.evaluation.scores import ScoreConfig

CONFIG = EvaluationConfig(scores=ScoreConfig(halvings=4, resamples=50))


@pytest.fixture(scope="module")
def judged(blobs, projection):
    """Return a function from a sampler to what the projection says of it."""

    def judge(sampler, config=CONFIG):
        return evaluate(blobs, sampler, [projection], config).results[0]

    return judge


def test_new_images_of_the_same_kind_score_near_the_floor(judged, fresh):
    overall = judged(fresh).overall
    for measure in (overall.frechet, overall.precision, overall.recall, overall.coverage, overall.inception):
        assert abs(measure.value - measure.floor) < 5 * measure.floor_std
    assert overall.kernel.low < overall.kernel.floor + 3 * overall.kernel.floor_std
    assert 0.9 < overall.ratio.value < 1.1
    assert not overall.void


def test_copies_of_training_images_are_void(judged, copied):
    overall = judged(copied).overall
    assert overall.ratio.value == 0
    assert overall.void
    assert "copies" in overall.void_reason
    assert overall.frechet.value < 2 * overall.frechet.floor  # which is why it has to be void


def test_a_collapsed_generator_reaches_few_real_images(judged, collapsed):
    overall = judged(collapsed).overall
    assert overall.recall.value < 0.1
    assert overall.coverage.value < 0.25
    assert overall.frechet.value > 10 * overall.frechet.floor
    assert overall.kernel.low > overall.kernel.floor + 5 * overall.kernel.floor_std


def test_noise_costs_precision_and_distance(judged, noised):
    overall = judged(noised).overall
    assert overall.precision.value < overall.precision.floor - 0.2
    assert overall.frechet.value > 5 * overall.frechet.floor


def test_detail_is_compared_too(blobs, projection, fresh, noised):
    sharp, rough = (evaluate(blobs, sampler, [projection], CONFIG).sharpness for sampler in (fresh, noised))
    assert sharp.count == 120
    assert sharp.blurred == sharp.noisy == ()
    assert len(rough.noisy) >= 1


def test_an_evaluation_of_before_detail_was_compared_is_read(blobs, projection, fresh, tmp_path):
    found = evaluate(blobs, fresh, [projection], CONFIG)
    old = found.model_dump(mode="json", exclude={"sharpness"}) | {"schema": "evaluation/1"}
    (tmp_path / "evaluation.json").write_text(json.dumps(old))
    assert Evaluation.load(tmp_path / "evaluation.json").sharpness is None


def test_every_class_is_scored_against_its_own_images(judged, fresh, stand_in):
    right = judged(fresh).classes[1]
    assert [scores.name for scores in judged(fresh).classes] == ["left", "right"]
    swapped = judged(stand_in(lambda label, indices: fresh.sample(1 - label, indices))).classes[1]
    assert right.frechet.value < 5 * right.frechet.floor
    assert swapped.frechet.value > 20 * swapped.frechet.floor


def test_counts_are_equal_and_half_the_training_split(judged, fresh):
    result = judged(fresh)
    assert result.overall.count == 120
    assert [scores.count for scores in result.classes] == [80, 40]


def test_caps_hold(judged, fresh):
    result = judged(fresh, CONFIG.replace(cap=50, class_cap=30))
    assert result.overall.count == 50
    assert [scores.count for scores in result.classes] == [30, 30]


def test_synthetic_images_come_in_the_proportions_of_the_training_split(blobs, projection, stand_in, fresh):
    asked = {}
    record = stand_in(lambda label, indices: (asked.update({label: len(indices)}), fresh.sample(label, indices))[1])
    evaluate(blobs, record, [projection], CONFIG.replace(class_cap=1, cap=90))
    assert asked == {0: 60, 1: 30}


def test_every_distance_carries_the_name_of_its_features(judged, fresh):
    overall = judged(fresh).overall
    assert overall.frechet.name == "FD[projection]"
    assert overall.kernel.name == overall.leads == "KD[projection]"
    assert overall.inception.name == "IS[projection]"
    assert overall.coverage.name == "coverage[projection]"
    assert "below 2048" in overall.leads_reason


def test_only_inception_may_be_called_fid(blobs, projection, fresh):
    inception = type("Renamed", (type(projection),), {"name": "inception_v3_fid"})()
    overall = evaluate(blobs, fresh, [inception], CONFIG).results[0].overall
    assert [overall.frechet.name, overall.kernel.name, overall.inception.name] == ["FID", "KID", "IS"]


def test_without_probabilities_there_is_no_inception_score(blobs, fresh, unclassifying):
    overall = evaluate(blobs, fresh, [unclassifying], CONFIG).results[0].overall
    assert overall.inception.value is None
    assert "classifies nothing" in overall.inception.reason
    assert overall.frechet.value is not None


def test_a_class_with_too_few_images_is_none_with_the_reason(make_blobs, projection, fresh):
    rare = make_blobs({"train": (120, 6), "val": (40, 4), "test": (4, 4)})
    result = evaluate(rare, fresh, [projection], CONFIG).results[0]
    overall, scores = result.overall, result.classes[1]
    assert scores.frechet.value is scores.kernel.value is scores.coverage.value is None
    assert "only 3 images on each side, 20 are needed" in scores.reason == scores.frechet.reason
    assert overall.frechet.value is not None


def test_a_class_of_one_image_is_none_with_the_reason(make_blobs, projection, fresh):
    rare = make_blobs({"train": (60, 1), "val": (30, 0), "test": (4, 4)})
    scores = evaluate(rare, fresh, [projection], CONFIG).results[0].classes[1]
    assert scores.count == 0
    assert "only 1 training images of this class" in scores.reason


def test_without_enough_held_out_images_there_is_no_ratio(make_blobs, projection, fresh):
    few = make_blobs({"train": (60, 60), "val": (3, 3), "test": (4, 4)})
    overall = evaluate(few, fresh, [projection], CONFIG).results[0].overall
    assert overall.ratio.value is None
    assert "only 6 usable validation images" in overall.ratio.reason
    assert not overall.void


def test_validation_images_with_a_copy_or_their_patient_in_train_are_left_out(blobs, projection, fresh):
    images, groups = blobs.images.copy(), blobs.groups.copy()
    val = np.flatnonzero(blobs.splits == "val")
    images[val[:30]] = blobs.train.all()[:30]
    groups[val[20:50]] = blobs.train.groups[0]
    known = dataclasses.replace(blobs, images=images, groups=groups)
    without = dataclasses.replace(
        blobs, splits=np.where(np.isin(np.arange(len(blobs)), val[:50]), "test", blobs.splits)
    )
    found, expected = (evaluate(data, fresh, [projection], CONFIG) for data in (known, without))
    assert found.held_out == 40
    assert found.results[0].overall.ratio == expected.results[0].overall.ratio


def test_a_data_set_without_validation_images_is_scored(make_blobs, projection, fresh):
    none = make_blobs({"train": (60, 60), "test": (4, 4)})
    assert evaluate(none, fresh, [projection], CONFIG).results[0].overall.frechet.value is not None


def test_an_unconditional_generator_is_scored_overall_only(make_blobs, projection, stand_in, fresh):
    unlabelled = make_blobs({"train": (80, 80), "val": (30, 30), "test": (4, 4)}, labelled=False)
    both = stand_in(lambda label, indices: np.concatenate([fresh.sample(int(i % 2), [i]) for i in indices]), classes=0)
    result = evaluate(unlabelled, both, [projection], CONFIG).results[0]
    assert result.classes == ()
    assert result.overall.count == 80
    assert result.overall.frechet.value < 3 * result.overall.frechet.floor


def test_the_test_split_is_never_used(blobs, projection, fresh):
    images = blobs.images.copy()
    images[blobs.splits == "test"] = 255
    other = dataclasses.replace(blobs, images=images)
    assert evaluate(other, fresh, [projection], CONFIG) == evaluate(blobs, fresh, [projection], CONFIG)


def test_a_generator_of_other_classes_is_refused(blobs, projection, stand_in):
    with pytest.raises(MetricError, match="3 classes"):
        evaluate(blobs, stand_in(None, classes=3), [projection], CONFIG)


def test_a_data_set_without_training_images_is_refused(make_blobs, projection, fresh):
    with pytest.raises(MetricError, match="0 training images"):
        evaluate(make_blobs({"val": (5, 5)}), fresh, [projection], CONFIG)


def test_the_file_comes_back_and_progress_ends_at_its_total(blobs, projection, unclassifying, fresh, tmp_path):
    seen = []
    found = evaluate(
        blobs,
        fresh,
        [projection, unclassifying],
        CONFIG,
        progress=lambda done, total, message="": seen.append((done, total)),
    )
    found.save(tmp_path / "evaluation.json")
    assert Evaluation.load(tmp_path / "evaluation.json").model_dump(exclude={"schema_"}) == found.model_dump(
        exclude={"schema_"}
    )
    assert seen == [(step, 11) for step in range(1, 12)]


def test_synthetic_images_are_drawn_piece_by_piece_and_described_in_their_order(blobs, judged, stand_in, monkeypatch):
    whole, asked = judged(stand_in(lambda label, indices: blobs.test.of_class(label).all()[indices % 30])), []
    monkeypatch.setattr("synthetyk.evaluation.evaluate.PIECE", 32)

    def draw(label, indices):
        asked.append((label, len(indices)))
        return blobs.test.of_class(label).all()[indices % 30]

    assert judged(stand_in(draw)) == whole
    described = [(0, 32), (0, 32), (0, 16), (1, 32), (1, 8)]
    assert asked == described * 2  # once for the features and once for their detail
