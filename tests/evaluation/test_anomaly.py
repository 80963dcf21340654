import numpy as np
import pytest
from scipy.ndimage import uniform_filter
from sklearn.metrics import roc_auc_score

from synthetyk.core.errors import NotApplicableError
from synthetyk.data.dataset import to_unit
from synthetyk.evaluation.anomaly import AnomalyReport, anomaly_scores, auroc, detect, error_maps
from synthetyk.training.autoencoder import AutoencoderConfig, AutoencoderTrainer


class Mean:
    """Draws the same image whatever it is shown."""

    def __init__(self, image: np.ndarray) -> None:
        self.image = image

    def drawn(self, images: np.ndarray) -> np.ndarray:
        return np.broadcast_to(self.image, images.shape).astype(np.float32)


@pytest.fixture(scope="module")
def left(blobs):
    """What is drawn is the mean of class 0, whose blobs lie on the left."""
    return Mean(to_unit(blobs.train.of_class(0).all()).mean(axis=0))


def test_an_error_map_is_the_smoothed_squared_error(blobs, left):
    images = blobs.test.all()[:3]
    wrong = np.square(left.drawn(images) - to_unit(images)).mean(axis=1)
    maps = error_maps(left, images)
    assert maps.shape == (3, 16, 16)
    assert maps == pytest.approx(wrong, rel=1e-5)  # at 16 pixels a window is one pixel


def test_larger_images_are_smoothed_over_a_window_that_grows_with_them():
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 80, 64), dtype=np.uint8)
    nothing = Mean(np.zeros((3, 80, 64)))
    wrong = np.square(to_unit(images)).mean(axis=1)
    inner = (slice(None), slice(2, -2), slice(2, -2))
    expected = uniform_filter(wrong, size=(0, 5, 5))
    assert error_maps(nothing, images)[inner] == pytest.approx(expected[inner], rel=1e-4)


def test_an_error_map_says_where_the_strange_thing_is(blobs, left):
    maps = error_maps(left, blobs.test.of_class(1).all()).mean(axis=0)
    assert maps[:, 8:].sum() > 1.5 * maps[:, :8].sum()


def test_the_auroc_is_scikit_learns_with_an_interval_around_it(blobs, left):
    scores = anomaly_scores(left, blobs.test)
    found = auroc(scores, blobs.test, 0, [1], seed=0)
    assert found.value == pytest.approx(roc_auc_score(blobs.test.labels, scores))
    assert found.low <= found.value <= found.high


def test_the_report_says_what_was_found_at_a_limit_from_validation(blobs, left, tmp_path):
    report = detect(left, blobs.train, blobs.val, blobs.test, 0, seed=0)
    normal = anomaly_scores(left, blobs.val.of_class(0))
    assert (normal <= report.limit).mean() == pytest.approx(0.95, abs=0.02)
    assert report.trained_on == 160
    assert report.counts == {"left": 60, "right": 30}
    assert report.by_class["right"] == report.auroc
    assert report.found > 3 * report.false_alarms
    report.save(tmp_path / "anomalies.json")
    assert AnomalyReport.load(tmp_path / "anomalies.json") == report


def test_an_autoencoder_trained_on_normal_images_finds_the_others(blobs):
    normal = [part.of_class(0) for part in (blobs.train, blobs.val)]
    config = AutoencoderConfig(width=8, task="draw", code=4, steps=200, batch_size=32, learning_rate=1e-2)
    trained = AutoencoderTrainer(config, *normal).fit()
    assert detect(trained, blobs.train, blobs.val, blobs.test, 0, seed=0).auroc.value > 0.9


def test_without_others_there_is_nothing_to_measure(blobs, left):
    with pytest.raises(NotApplicableError, match="nothing to measure anomalies by"):
        detect(left, blobs.train, blobs.val, blobs.test.of_class(0), 0, seed=0)
