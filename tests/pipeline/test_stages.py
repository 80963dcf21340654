import json

import numpy as np
import pytest
from PIL import Image

from synthetyk.core.errors import ConfigError, DatasetError
from synthetyk.core.progress import silent
from synthetyk.data.cache import open_cache
from synthetyk.evaluation.study.report import StudyReport
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.plan import Plan
from synthetyk.pipeline.reporting import up_to_date
from synthetyk.pipeline.settings import merge_overrides
from synthetyk.pipeline.stage import StageRecord, record_path, run_stage
from synthetyk.pipeline.stages import BY_NAME, STAGES, at_fraction, up_to

pytestmark = pytest.mark.xdist_group("finished run")


def test_a_run_leaves_a_file_between_every_two_stages(finished):
    for name in (
        *("config.json", "fingerprint.json", "splits.csv", "plan.json", "cache/images.npy", "real.png"),
        *("features/extractor.json", "metrics.jsonl", "curves.png", "generator.safetensors", "evaluation.json"),
        *("nearest.png", "synthetic/0/manifest.json", "study/study.json", "study/classifier", "report.html"),
        *("compression.json", "models/classifier-int8.onnx", "models/generator-int8.onnx", "package/MLmodel"),
    ):
        assert (finished / name).exists(), name
    assert list((finished / "samples").glob("*.png"))


def test_every_stage_is_skipped_the_second_time(finished):
    assert all(run_stage(stage, finished, silent).skipped for stage in up_to("report"))


def test_a_changed_study_does_not_train_the_gan_again(copied):
    asked = copied.settings()
    fixed = merge_overrides(None, ["study_resamples=150"])
    begin_run(copied.path, asked.model_copy(update={"overrides": asked.overrides | fixed}))
    skipped = {stage.name: run_stage(stage, copied, silent).skipped for stage in up_to("report")}
    assert [name for name, skip in skipped.items() if not skip] == ["plan", "study", "compress", "package", "report"]
    assert Plan.load(copied.plan).values.study_resamples == 150


def test_a_gan_of_a_version_that_noted_less_is_not_trained_again(copied):
    record = StageRecord.load(record_path(copied, "train"))
    noted = {name: sha256 for name, sha256 in record.outputs.items() if name != "replicas/*/generator.safetensors"}
    assert len(noted) == len(record.outputs) - 1
    record.model_copy(update={"outputs": noted}).save(record_path(copied, "train"))
    assert run_stage(BY_NAME["train"], copied, silent).skipped
    assert up_to_date(copied, STAGES) >= {"train", "study", "package"}


def test_the_report_names_the_verdict(finished):
    verdict = StudyReport.load(finished.study / "study.json").verdict
    assert verdict.outcome in finished.report.read_text()


def test_the_study_used_the_generated_images_of_the_run(finished):
    manifest = json.loads((finished / "synthetic/0/manifest.json").read_text())
    card = json.loads((finished / "generator.json").read_text())
    assert manifest["model_sha256"] == card["sha256"]
    assert manifest["counts"] == {"benign": 80, "malignant": 80, "normal": 80}


def test_without_validation_images_a_run_ends_before_anything_is_measured(tmp_path, tiny_settings):
    rng = np.random.default_rng(0)
    (tmp_path / "set").mkdir()
    for number in range(6):
        image = rng.integers(0, 256, (28, 28), dtype=np.uint8)
        Image.fromarray(image).save(tmp_path / "set" / f"{number}.png")
    (tmp_path / "set" / "labels.csv").write_text("file,label,patient\n" + "".join(f"{i},a,p\n" for i in range(6)))
    run = begin_run(tmp_path / "run", tiny_settings(str(tmp_path / "set")))
    run_stage(BY_NAME["fingerprint"], run, silent)
    with pytest.raises(DatasetError, match=r"no validation images.*fingerprint\.json say why"):
        run_stage(BY_NAME["plan"], run, silent)


def test_a_set_without_labels_skips_the_study_with_the_reason(tmp_path, tiny_settings, run_all):
    images = np.random.default_rng(0).integers(0, 256, (220, 28, 28), dtype=np.uint8)
    np.savez(tmp_path / "plain.npz", images=images)
    run = begin_run(tmp_path / "run", tiny_settings(str(tmp_path / "plain.npz")))
    run_all(run)
    record = StageRecord.load(record_path(run, "study"))
    assert record.status == "not applicable"
    assert "nothing to classify" in record.reason
    assert "nothing to classify" in run.report.read_text()


def test_a_fraction_trains_everything_on_that_part_only(copied):
    part = at_fraction(copied, 0.8)
    for stage in up_to("cache"):
        run_stage(stage, part, silent)
    whole, fewer = open_cache(copied.cache), open_cache(part.cache)
    assert set(fewer.keys) < set(whole.keys)
    assert 0.7 < len(fewer.train) / len(whole.train) < 0.9
    assert list(fewer.test.rows.shape) == list(whole.test.rows.shape)
    assert Plan.load(part.plan).values.train_fraction == 0.8


def test_stages_end_with_the_one_asked_for():
    assert [stage.name for stage in up_to("cache")] == ["fingerprint", "plan", "cache"]
    assert up_to("report") == tuple(stage for stage in STAGES if not stage.optional)
    assert [stage.name for stage in up_to("anomalies")][-2:] == ["study", "anomalies"]
    assert list(BY_NAME) == [stage.name for stage in STAGES]
    with pytest.raises(ConfigError, match="no stage 'deploy'"):
        up_to("deploy")
