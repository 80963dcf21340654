import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, numpy_helper

from synthetyk.compression.onnx_export import export_classifier, export_generator
from synthetyk.compression.precision import quantised, with_half_weights
from synthetyk.compression.upsampling import as_convolution
from synthetyk.core.errors import NotApplicableError


def unit_images(count, shape=(1, 28, 28), seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, (count, *shape)).astype(np.float32)


@pytest.mark.parametrize(("precision", "kind"), [("fp16", torch.float16), ("bf16", torch.bfloat16)])
def test_weights_in_16_bits_are_those_that_torch_rounds_to(exported, precision, kind):
    before = {
        weight.name: numpy_helper.to_array(weight) for weight in onnx.load_from_string(exported).graph.initializer
    }
    halved = onnx.load_from_string(with_half_weights(exported, precision))
    compared = 0
    for weight in halved.graph.initializer:
        name = weight.name.removesuffix(f"_{precision}")
        if name != weight.name:
            found = torch.frombuffer(bytearray(weight.raw_data), dtype=kind).float().numpy().reshape(weight.dims)
            rounded = torch.from_numpy(before[name].copy()).to(kind).float().numpy()
            assert np.array_equal(found, rounded)
            compared += 1
    assert compared > 8


@pytest.mark.parametrize(("precision", "tolerance"), [("fp16", 5e-3), ("bf16", 5e-2)])
def test_a_file_in_16_bits_is_half_as_large_and_says_nearly_the_same(exported, answers, precision, tolerance):
    halved, images = with_half_weights(exported, precision), unit_images(3)
    assert len(halved) < 0.6 * len(exported)
    difference = np.abs(answers(halved, images=images)[0] - answers(exported, images=images)[0]).max()
    assert 0 < difference < tolerance


def test_eight_bits_are_a_quarter_of_the_file_and_say_nearly_the_same(untrained, answers):
    data = export_classifier(untrained(width=32))
    small, images = quantised(data, [{"images": unit_images(32)}]), unit_images(8, seed=2)
    assert len(small) < 0.3 * len(data)
    wanted, found = (answers(each, images=images) for each in (data, small))
    assert 0 < np.abs(wanted[0] - found[0]).max() < 0.1 * np.abs(wanted[0]).max()
    np.testing.assert_allclose(found[2].mean(axis=(2, 3)), found[0], atol=1e-5)


def test_weights_have_a_scale_for_each_channel_and_the_head_keeps_its_bits(exported):
    model = onnx.load_from_string(quantised(exported, [{"images": unit_images(8)}]))
    weights = {each.name: each for each in model.graph.initializer}
    signed = [each for each in model.graph.initializer if each.data_type == TensorProto.INT8 and len(each.dims) == 4]
    assert len(signed) >= 7
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in {each.name for each in signed}:
            assert weights[node.input[1]].dims[0] == weights[node.input[0]].dims[0]
    head = next(node for node in model.graph.node if node.name == "head")
    assert weights[head.input[1]].data_type == TensorProto.FLOAT


def test_the_same_inputs_give_the_same_bytes_in_eight_bits(exported, caplog):
    feeds = [{"images": unit_images(8)}]
    assert quantised(exported, feeds) == quantised(exported, feeds)
    assert not caplog.text


@pytest.mark.parametrize("architecture", ["upconv", "dcgan"])
def test_a_generator_in_eight_bits_draws_nearly_the_same(drawing, answers, architecture):
    generator = drawing(architecture, classes=0)
    noise = np.random.default_rng(3).standard_normal((16, 8)).astype(np.float32)
    plain, convolving = export_generator(generator), export_generator(generator, as_convolution)
    wanted = answers(plain, noise=noise)[0]
    np.testing.assert_allclose(answers(convolving, noise=noise)[0], wanted, atol=1e-5)
    small = quantised(convolving, [{"noise": noise}])
    found = answers(small, noise=noise)[0]
    makers = {output: node for node in onnx.load_from_string(small).graph.node for output in node.output}
    joins = [node for node in makers.values() if node.op_type == "Concat"]
    encoders = [node for node in makers.values() if node.op_type == "QuantizeLinear"]
    for join in joins:
        scale = next(node.input[1] for node in encoders if node.input[0] == join.output[0])
        assert {makers[part].input[1] for part in join.input} == {scale}
    assert len(joins) >= 2
    assert 0 < np.abs(found - wanted).mean() < 0.1 * np.abs(wanted).mean()


def test_what_the_quantiser_refuses_is_said():
    with pytest.raises(NotApplicableError, match="eight bits"):
        quantised(b"no model", [])
