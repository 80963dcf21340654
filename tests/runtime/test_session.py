import sys

import numpy as np
import pytest
from tests.runtime.tiny import tiny_generator

from synthetyk.core.errors import ConfigError, MissingDependencyError, PackageError
from synthetyk.runtime.session import OnnxModel


def test_what_is_no_model_is_refused_by_its_name():
    with pytest.raises(PackageError, match=r"classifier\.onnx cannot be run"):
        OnnxModel(b"no model", "classifier.onnx")


def test_threads_are_at_least_one():
    with pytest.raises(ConfigError, match="0 threads"):
        OnnxModel(tiny_generator(), "g", threads=0)


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ({"noise": (None, 5)}, {"images": (None, 1, 8, 8)}),
        ({"noise": (None, 6), "labels": (None,)}, {"images": (None, 1, 8, 8)}),
        ({"noise": (None, 5), "labels": (None,)}, {"images": (None, 3, 8, 8)}),
        ({"noise": (None, 5), "labels": (None,)}, {"pictures": (None, 1, 8, 8)}),
    ],
)
def test_a_model_of_another_contract_is_refused(inputs, outputs):
    with pytest.raises(PackageError, match="Expected {"):
        OnnxModel(tiny_generator(), "g").check(inputs, outputs)


def test_outputs_come_as_they_are_asked_for():
    model = OnnxModel(tiny_generator(classes=0), "g")
    (images,) = model.run(("images",), {"noise": np.zeros((2, 5), np.float32)})
    assert np.array_equal(images, np.zeros((2, 1, 8, 8)))


def test_an_absent_onnx_runtime_is_said_in_words(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match="synthetyk\\[runtime\\]"):
        OnnxModel(tiny_generator(), "g")
