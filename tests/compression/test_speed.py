import sys

import numpy as np
import pytest

from synthetyk.compression.speed import BATCHES, measure_cost
from synthetyk.core.errors import SynthetykError

FEEDS = {"images": np.zeros((32, 1, 28, 28), np.float32)}


def test_a_model_is_measured_beside_the_original_in_another_process(exported, tmp_path):
    (tmp_path / "model.onnx").write_bytes(exported)
    cost = measure_cost(tmp_path / "model.onnx", tmp_path / "model.onnx", FEEDS, seconds=0.02)
    assert [latency.batch for latency in cost.latencies] == list(BATCHES)
    for latency in cost.latencies:
        assert 0 < latency.low <= latency.milliseconds <= latency.high
        assert latency.original_milliseconds > 0
        assert latency.turns >= 5
    assert 0 < cost.peak_mb < 60


def test_a_file_that_is_no_model_ends_in_an_error_in_words(exported, tmp_path):
    (tmp_path / "model.onnx").write_bytes(exported)
    (tmp_path / "broken.onnx").write_bytes(exported[:1000])
    with pytest.raises(SynthetykError, match=r"broken\.onnx"):
        measure_cost(tmp_path / "model.onnx", tmp_path / "broken.onnx", FEEDS, seconds=0.02)


def test_measuring_needs_no_torch():
    import subprocess

    code = "import sys; import synthetyk.compression.speed; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
