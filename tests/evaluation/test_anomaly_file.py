import numpy as np
import pytest

from synthetyk.core.errors import ArtifactError
from synthetyk.evaluation.anomaly import AnomalyDetector
from synthetyk.evaluation.anomaly_file import DetectorFile, detector_of, inputs_of, load_detector, save_detector
from synthetyk.training.autoencoder import AutoencoderConfig, AutoencoderTrainer

CONFIG = AutoencoderConfig(width=8, task="draw", code=4, steps=2, batch_size=16)


@pytest.fixture(scope="module")
def trained(blobs):
    autoencoder = AutoencoderTrainer(CONFIG, *(part.of_class(0) for part in (blobs.train, blobs.val))).fit()
    return autoencoder, AnomalyDetector.of(autoencoder, blobs.train.of_class(0))


@pytest.fixture
def saved(trained, tmp_path):
    save_detector(tmp_path, *trained, normal="left", inputs="these", limit=1.5)
    return tmp_path


def test_a_loaded_detector_gives_the_same_scores(saved, trained, blobs):
    assert np.array_equal(load_detector(saved).scores(blobs.test), trained[1].scores(blobs.test))
    about = DetectorFile.load(saved / "detector.json")
    assert (about.normal, about.limit) == ("left", 1.5)


def test_it_is_found_again_by_its_inputs_alone(saved, tmp_path):
    assert detector_of(saved, "these")
    assert detector_of(saved, "others") is None
    assert detector_of(tmp_path / "nowhere", "these") is None


@pytest.mark.parametrize("name", ["autoencoder.safetensors", "detector.safetensors"])
def test_a_changed_file_is_refused(saved, name):
    (saved / name).write_bytes((saved / name).read_bytes()[:-1] + b"x")
    with pytest.raises(ArtifactError, match=f"{name} is not the file that detector.json names"):
        load_detector(saved)
    assert detector_of(saved, "these") is None


def test_inputs_are_images_and_settings_but_no_threads(blobs):
    left, right = (blobs.val.of_class(label) for label in (0, 1))
    first = inputs_of(CONFIG, left, left)
    assert inputs_of(CONFIG.replace(threads=2), left, left) == first
    assert len({first, inputs_of(CONFIG.replace(steps=3), left, left), inputs_of(CONFIG, left, right)}) == 3
