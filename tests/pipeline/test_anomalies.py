import numpy as np
import pytest

from synthetyk.core.errors import ConfigError
from synthetyk.core.progress import silent
from synthetyk.data.classes import ClassWords
from synthetyk.evaluation.anomaly import AnomalyReport
from synthetyk.pipeline.reporting import up_to_date
from synthetyk.pipeline.run_folder import begin_run
from synthetyk.pipeline.stage import StageRecord, record_path, run_stage
from synthetyk.pipeline.stages import BY_NAME, STAGES, up_to

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
