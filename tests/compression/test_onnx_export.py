import logging
import sys
import warnings

import numpy as np
import onnx
import pytest
import torch

from synthetyk.compression.onnx_export import export_classifier, export_generator
from synthetyk.core.errors import MissingDependencyError


def unit_images(count, shape):
    return np.random.default_rng(1).uniform(-1, 1, (count, *shape)).astype(np.float32)


@pytest.mark.parametrize(
    ("encoder", "shape"), [("edgenet", (1, 28, 28)), ("edgenet", (3, 64, 48)), ("resnet18", (1, 28, 28))]
)
def test_an_exported_classifier_says_what_torch_says(untrained, answers, encoder, shape):
    classifier = untrained(encoder, shape)
    data = export_classifier(classifier)
    assert "BatchNormalization" not in {node.op_type for node in onnx.load_from_string(data).graph.node}
    for count in (1, 3):
        images = unit_images(count, shape)
        with torch.no_grad():
            maps = classifier.network.activation_maps(torch.from_numpy(images))
            logits = classifier.network(torch.from_numpy(images))
        expected = [logits, (logits / classifier.temperature).softmax(dim=1), maps]
        for found, wanted in zip(answers(data, images=images), expected, strict=True):
            np.testing.assert_allclose(found, wanted.numpy(), atol=1e-4, rtol=1e-4)


def test_the_mean_of_an_activation_map_is_its_logit(exported, answers):
    logits, _, maps = answers(exported, images=unit_images(3, (1, 28, 28)))
    np.testing.assert_allclose(maps.mean(axis=(2, 3)), logits, atol=1e-5)


@pytest.mark.parametrize("architecture", ["upconv", "dcgan", "residual"])
def test_an_exported_generator_draws_what_torch_draws(drawing, answers, architecture):
    generator = drawing(architecture)
    data = export_generator(generator)
    for count in (1, 3):
        noise = np.random.default_rng(2).standard_normal((count, 8)).astype(np.float32)
        labels = np.arange(count) % 2
        expected = generator.network(torch.from_numpy(noise * np.float32(1.2)), torch.from_numpy(labels))
        found = answers(data, noise=noise, labels=labels)[0]
        assert np.abs(found).max() > 0.01
        np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


def test_a_generator_without_classes_is_asked_for_noise_alone(drawing, answers):
    generator = drawing(classes=0)
    model = onnx.load_from_string(export_generator(generator))
    assert [given.name for given in model.graph.input] == ["noise"]
    noise = np.ones((2, 8), np.float32)
    expected = generator.network(torch.from_numpy(noise * np.float32(1.2)))
    np.testing.assert_allclose(answers(model.SerializeToString(), noise=noise)[0], expected.numpy(), atol=1e-5)


def test_the_same_weights_give_the_same_bytes_which_name_no_folder(untrained, exported):
    assert export_classifier(untrained()) == exported
    assert not any(word in exported for word in (b".py", b"site-packages", b"torch/"))


def test_an_export_says_nothing_and_leaves_the_classifier_as_it_was(untrained, caplog, capsys):
    classifier = untrained()
    before = {name: value.clone() for name, value in classifier.network.state_dict().items()}
    with caplog.at_level(logging.WARNING), warnings.catch_warnings():
        warnings.simplefilter("error")
        export_classifier(classifier)
    assert (caplog.text, *capsys.readouterr()) == ("", "", "")
    assert all(torch.equal(before[name], value) for name, value in classifier.network.state_dict().items())


def test_without_the_packages_it_says_which_extra_has_them(untrained, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingDependencyError, match=r"onnxscript.*synthetyk\[compress\]"):
        export_classifier(untrained())
