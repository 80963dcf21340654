import numpy as np
import pytest
from PIL import Image

from synthetyk.core.errors import ConfigError, RunError
from synthetyk.core.progress import silent
from synthetyk.data.cache import open_cache
from synthetyk.data.classes import ClassWords
from synthetyk.evaluation.anomaly import AnomalyReport
from synthetyk.evaluation.anomaly_file import load_detector
from synthetyk.evaluation.anomaly_scores import AnomalyScores
from synthetyk.pipeline.anomalies import judge_images
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.reporting import up_to_date
from synthetyk.pipeline.stage import StageRecord, record_path, run_stage
from synthetyk.pipeline.stages import BY_NAME, STAGES, up_to
from synthetyk.training.autoencoder import AutoencoderTrainer

pytestmark = pytest.mark.xdist_group("finished run")
ANOMALIES = BY_NAME["anomalies"]


def test_it_is_trained_on_the_class_that_is_called_normal_and_judged_on_the_others(copied):
    run_stage(ANOMALIES, copied, silent)
    report = AnomalyReport.load(copied / "anomalies.json")
    assert report.normal == "normal"
    assert set(report.by_class) == {"benign", "malignant"}
    assert (copied / "anomalies.png").exists()
    assert run_stage(ANOMALIES, copied, silent).skipped


def test_another_normal_class_trains_it_again(copied):
    run_stage(ANOMALIES, copied, silent)
    asked = copied.settings()
    begin_run(copied.path, asked.model_copy(update={"classes": {"benign": ClassWords(normal=True)}}))
    run_stage(BY_NAME["plan"], copied, silent)
    assert "anomalies" not in up_to_date(copied, STAGES)
    assert "generate" in up_to_date(copied, STAGES)
    run_stage(ANOMALIES, copied, silent)
    assert AnomalyReport.load(copied / "anomalies.json").normal == "benign"


def test_it_is_not_trained_again_for_a_sheet_that_was_lost(copied, monkeypatch):
    run_stage(ANOMALIES, copied, silent)
    before = (copied / "anomalies.png").read_bytes()
    (copied / "anomalies.png").unlink()
    monkeypatch.setattr(AutoencoderTrainer, "fit", lambda _self: pytest.fail("trained again"))
    assert not run_stage(ANOMALIES, copied, silent).skipped
    assert (copied / "anomalies.png").read_bytes() == before


def test_new_images_are_judged_by_the_detector_of_the_run(copied, tmp_path):
    run_stage(ANOMALIES, copied, silent)
    folder = tmp_path / "new"
    for number, pixels in enumerate(open_cache(copied.cache).test.all()[:, 0]):
        folder.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{number:03}.png")
    found = judge_images(copied, str(folder), tmp_path / "out", silent)
    assert AnomalyScores.load(tmp_path / "out" / "scores.json") == found
    assert (tmp_path / "out" / "strange.png").exists()
    scores = {image.key: image.score for image in found.images}
    expected = load_detector(copied / "anomalies").scores(open_cache(copied.cache).test)
    assert [scores[f"{number:03}.png"] for number in range(len(expected))] == pytest.approx(expected, rel=1e-4)
    report = AnomalyReport.load(copied / "anomalies.json")
    assert (found.limit, found.normal) == (report.limit, "normal")
    assert found.strange == sum(score > report.limit for score in scores.values())
    assert run_stage(ANOMALIES, copied, silent).skipped


def test_scores_of_other_images_are_not_written_over(copied, tmp_path):
    run_stage(ANOMALIES, copied, silent)
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        Image.fromarray(open_cache(copied.cache).test.all()[0, 0]).save(tmp_path / name / "0.png")
    for _ in range(2):
        judge_images(copied, str(tmp_path / "first"), tmp_path / "out", silent)
    with pytest.raises(RunError, match="out holds the scores of .*first.*--output FOLDER"):
        judge_images(copied, str(tmp_path / "second"), tmp_path / "out", silent)
    with pytest.raises(RunError, match="lies in the data set"):
        judge_images(copied, str(tmp_path / "second"), tmp_path / "second" / "out", silent)


def test_with_normal_images_only_others_can_be_judged(tmp_path, tiny_settings):
    random = np.random.default_rng(0)
    for folder, count in (("data/normal", 120), ("new", 3)):
        (tmp_path / folder).mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(0, 256, (28, 28), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f"{number:03}.png")
    run = begun(tmp_path / "run", tiny_settings(str(tmp_path / "data")))
    run_stage(ANOMALIES, run, silent)
    assert "nothing to measure anomalies by" in StageRecord.load(record_path(run, "anomalies")).reason
    found = judge_images(run, str(tmp_path / "new"), tmp_path / "out", silent)
    assert (len(found.images), found.limit > 0) == (3, True)


def test_without_a_detector_it_is_said_how_to_train_one(copied, tmp_path):
    with pytest.raises(RunError, match="has no anomaly detector. Train it: synthetyk anomalies"):
        judge_images(copied, str(tmp_path), tmp_path / "out", silent)


def begun(folder, settings):
    run = begin_run(folder, settings)
    for stage in up_to("cache"):
        run_stage(stage, run, silent)
    return run


def test_without_a_name_that_tells_it_the_user_is_asked(tmp_path, tiny_settings):
    images = np.random.default_rng(0).integers(0, 256, (120, 28, 28), dtype=np.uint8)
    np.savez(tmp_path / "numbered.npz", images=images, labels=np.arange(120) % 2)
    with pytest.raises(ConfigError, match=r"None of the classes \(0, 1\).*anomalies RUN --normal NAME"):
        run_stage(ANOMALIES, begun(tmp_path / "run", tiny_settings(str(tmp_path / "numbered.npz"))), silent)


def test_without_labels_it_does_not_apply(tmp_path, tiny_settings):
    np.savez(tmp_path / "plain.npz", images=np.random.default_rng(0).integers(0, 256, (120, 28, 28), dtype=np.uint8))
    run = begun(tmp_path / "run", tiny_settings(str(tmp_path / "plain.npz")))
    run_stage(ANOMALIES, run, silent)
    assert "no labels" in StageRecord.load(record_path(run, "anomalies")).reason
