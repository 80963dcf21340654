import numpy as np
import pytest
from scipy.ndimage import uniform_filter
from sklearn.metrics import roc_auc_score

from synthetyk.core.errors import NotApplicableError
from synthetyk.data.dataset import Subset, to_unit
from synthetyk.evaluation.anomaly import AnomalyDetector, AnomalyReport, auroc, detect, error_maps
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


@pytest.fixture(scope="module")
def detector(blobs, left):
    return AnomalyDetector.of(left, blobs.train.of_class(0))


@pytest.mark.parametrize(("shape", "window"), [((3, 80, 64), 5), ((1, 16, 16), 3)])
def test_an_error_map_is_the_squared_error_over_a_window_that_grows_with_the_image(shape, window):
    images = np.random.default_rng(0).integers(0, 256, (2, *shape), dtype=np.uint8)
    nothing = Mean(np.zeros(shape))
    maps = error_maps(nothing, images)
    assert maps.shape == (2, *shape[1:])
    inner = (slice(None), slice(2, -2), slice(2, -2))
    expected = uniform_filter(np.square(to_unit(images)).mean(axis=1), size=(0, window, window))
    assert maps[inner] == pytest.approx(expected[inner], rel=1e-4)


def test_an_error_counts_by_how_unusual_it_is_at_its_place(blobs, left, detector):
    normal, images = error_maps(left, blobs.train.of_class(0).all()), blobs.test.all()[:3]
    strange = (error_maps(left, images) - normal.mean(axis=0)) / normal.std(axis=0)
    varied = normal.std(axis=0) > 0.11 * normal.std(axis=0).mean()
    assert varied.mean() > 0.5
    assert detector.maps(images)[:, varied] == pytest.approx(np.square(strange)[:, varied], rel=1e-3, abs=1e-4)
    assert detector.scores(blobs.train.of_class(0)).mean() == pytest.approx(1, abs=0.3)


def test_a_place_where_every_normal_image_errs_alike_stays_finite(blobs, left):
    same = blobs.train.select(np.zeros(4, dtype=np.int64))
    assert np.isfinite(AnomalyDetector.of(left, same).scores(blobs.test)).all()


def test_a_map_says_where_the_strange_thing_is(blobs, detector):
    maps = detector.maps(blobs.test.of_class(1).all()).mean(axis=0)
    assert maps[:, 8:].sum() > 1.5 * maps[:, :8].sum()


def test_a_steady_finding_where_normal_images_vary_little_is_strange_though_its_error_is_small(blobs):
    """The plain error would rank the noisier normal images first."""
    rng = np.random.default_rng(0)
    images = np.zeros((60, 1, 16, 16), dtype=np.uint8)
    images[:, :, :8] = rng.integers(0, 256, (60, 1, 8, 16))  # noise above, nothing below
    images[40:, :, 12:] = 20  # the finding
    images[40:, :, :8] //= 2
    labels, rows = (np.arange(60) >= 40).astype(np.int64), np.arange(60)
    whole = Subset(images, rows, labels, rows, ("plain", "found"))
    black = Mean(np.full((1, 16, 16), -1.0))
    plain = error_maps(black, images).mean(axis=(1, 2))
    assert roc_auc_score(labels, plain) < 0.1
    assert roc_auc_score(labels, AnomalyDetector.of(black, whole.select(rows[:20])).scores(whole)) > 0.95


def test_the_auroc_is_scikit_learns_with_an_interval_around_it(blobs, detector):
    scores = detector.scores(blobs.test)
    found = auroc(scores, blobs.test, 0, [1], seed=0)
    assert found.value == pytest.approx(roc_auc_score(blobs.test.labels, scores))
    assert found.low <= found.value <= found.high


def test_the_report_says_what_was_found_at_a_limit_from_validation(blobs, detector, tmp_path):
    report = detect(detector, blobs.train, blobs.val, blobs.test, 0, seed=0)
    normal = detector.scores(blobs.val.of_class(0))
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
    detector = AnomalyDetector.of(trained, normal[0])
    assert detect(detector, blobs.train, blobs.val, blobs.test, 0, seed=0).auroc.value > 0.9


def test_without_others_there_is_nothing_to_measure(blobs, detector):
    with pytest.raises(NotApplicableError, match="nothing to measure anomalies by"):
        detect(detector, blobs.train, blobs.val, blobs.test.of_class(0), 0, seed=0)
