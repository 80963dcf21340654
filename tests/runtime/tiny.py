"""Tiny ONNX models of the packages' contract, and packages made of them."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from synthetyk.data.pixels import DepthRule
from synthetyk.runtime.manifest import (
    InputContract,
    Measured,
    PackagedClass,
    PackagedClassifier,
    PackagedGenerator,
    PackageManifest,
    TrainingData,
)

SHAPE, LATENT, TEMPERATURE, NOISE_SCALE = (1, 8, 8), 5, 1.5, 1.2
CLASSES = ("normal", "benign", "malignant")


def as_bytes(nodes, inputs, outputs, weights):
    graph = helper.make_graph(
        nodes, "tiny", inputs, outputs, [numpy_helper.from_array(w, n) for n, w in weights.items()]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def value(name, *shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, ["n", *shape])


def tiny_classifier(classes=3, shape=SHAPE):
    """Logits are the averages of K maps, each a 1x1 convolution of the image."""
    rng = np.random.default_rng(0)
    weights = {
        "w": rng.normal(size=(classes, shape[0], 1, 1)).astype(np.float32),
        "b": rng.normal(size=classes).astype(np.float32),
        "t": np.float32(TEMPERATURE),
    }
    nodes = [
        helper.make_node("Conv", ["images", "w", "b"], ["activation_maps"]),
        helper.make_node("GlobalAveragePool", ["activation_maps"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["logits"]),
        helper.make_node("Div", ["logits", "t"], ["divided"]),
        helper.make_node("Softmax", ["divided"], ["probabilities"]),
    ]
    outputs = [
        value("logits", classes),
        value("probabilities", classes),
        value("activation_maps", classes, *shape[1:]),
    ]
    return as_bytes(nodes, [value("images", *shape)], outputs, weights)


def tiny_generator(classes=3, shape=SHAPE):
    """An image is tanh of a linear map of its noise, scaled, plus one of its class."""
    rng = np.random.default_rng(1)
    size = int(np.prod(shape))
    weights = {
        "w": rng.normal(size=(LATENT, size)).astype(np.float32) * np.float32(NOISE_SCALE),
        "shape": np.array([-1, *shape], dtype=np.int64),
    }
    nodes = [helper.make_node("MatMul", ["noise", "w"], ["drawn"])]
    inputs = [value("noise", LATENT)]
    if classes:
        weights["e"] = rng.normal(size=(classes, size)).astype(np.float32)
        inputs.append(value("labels", kind=TensorProto.INT64))
        nodes.append(helper.make_node("Gather", ["e", "labels"], ["embedded"]))
        nodes.append(helper.make_node("Add", ["drawn", "embedded"], ["sum"]))
    nodes += [
        helper.make_node("Tanh", ["sum" if classes else "drawn"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["images"]),
    ]
    return as_bytes(nodes, inputs, [value("images", *shape)], weights)


def contract(shape=SHAPE, bits=8, fit="stretch"):
    return InputContract(shape=shape, depth_rule=DepthRule(bits=bits, text="test"), fit=fit)


def classifier_part(**changes):
    names = [PackagedClass(name=name, risk=name != "normal") for name in CLASSES]
    figure = Measured(name="auc", value=0.9, low=0.8, high=0.95, about="on 100 test images")
    part = PackagedClassifier(
        file="classifier.onnx", input=contract(), classes=tuple(names), encoder="edgenet", figures=(figure,)
    )
    return part.replace(**changes)


def generator_part(**changes):
    part = PackagedGenerator(
        file="generator.onnx",
        shape=SHAPE,
        class_names=CLASSES,
        latent=LATENT,
        noise_scale=NOISE_SCALE,
        seed=7,
        weights_sha256="ab" * 32,
    )
    return part.replace(**changes)


def tiny_manifest(classifier=None, generator=None):
    counts = {name: {"train": 10, "val": 2, "test": 3} for name in CLASSES}
    return PackageManifest(
        title="tiny",
        created_by="Synthetyk test",
        classifier=classifier,
        generator=generator,
        data=TrainingData(fingerprint_sha256="cd" * 32, content_hash="ef" * 32, counts=counts),
        verdicts={"privacy": "No sign of memorisation was found."},
        files={part.file: {"sha256": "0" * 64, "bytes": 0} for part in (classifier, generator) if part},
    )
