from dataclasses import replace

import numpy as np
import pytest

from synthetyk.compression import generators
from synthetyk.compression.drawing import OnnxSampler
from synthetyk.compression.generators import Judge, compress_generator
from synthetyk.compression.onnx_export import export_generator
from synthetyk.compression.report import CompressionConfig
from synthetyk.core.errors import NotApplicableError

CONFIG = CompressionConfig(seconds=0.01, generator_rows=("fp16", "int8", "channels"))


def test_numbered_images_are_those_that_torch_draws(drawing):
    generator = drawing("upconv", classes=2)
    mine, theirs = OnnxSampler(export_generator(generator), generator.card), generator.sampler()
    for label in (0, 1):
        found, wanted = (each.sample(label, [40, 3, 3]).astype(int) for each in (mine, theirs))
        assert found.shape == (3, 1, 28, 28)
        assert np.abs(found - wanted).max() <= 1
    assert not np.array_equal(mine.sample(0, [0]), mine.sample(1, [0]))


@pytest.fixture(scope="module")
def compressed(drawing, tmp_path_factory):
    asked = []

    def distance(sampler):
        asked.append(sampler.sample(0, range(4)).mean())
        return float(asked[-1])

    folder = tmp_path_factory.mktemp("models")
    generator, judge = drawing("upconv", classes=2), Judge("FD[test]", 4, "real", distance)
    return compress_generator(generator, judge, CONFIG, folder), generator, judge, folder, asked


def test_every_form_is_measured_and_judged(compressed):
    part, _, _, folder, asked = compressed
    assert [row.name for row in part.rows] == ["fp32", "fp16", "int8"]
    assert (part.distance, part.images) == ("FD[test]", 4)
    assert [row.distance for row in part.rows] == asked[:3]
    original, half, small = part.rows
    assert original.difference == 0 <= half.difference < small.difference < 8
    assert small.megabytes < original.megabytes > half.megabytes
    assert all((folder / row.file).exists() for row in part.rows)


def test_a_generator_is_not_pruned_and_that_is_said(compressed):
    assert [(row.name, "pruned" in row.reason) for row in compressed[0].left_out] == [("channels", True)]


def test_finished_rows_of_a_generator_are_kept(compressed):
    part, generator, judge, folder, asked = compressed
    before = len(asked)
    assert compress_generator(generator, judge, CONFIG, folder).rows == part.rows
    assert len(asked) == before


def test_another_judge_measures_every_form_again(compressed):
    _, generator, judge, folder, asked = compressed
    before = len(asked)
    compress_generator(generator, replace(judge, key="others"), CONFIG, folder)
    assert len(asked) == before + 3


def test_a_form_that_fails_is_left_out_with_the_reason_and_the_others_are_made(drawing, tmp_path, monkeypatch):
    def refuses(*_):
        raise NotApplicableError("No such kernel")

    monkeypatch.setattr(generators, "quantised", refuses)
    part = compress_generator(drawing("upconv"), Judge("FD[test]", 4, "real", lambda _: 0.0), CONFIG, tmp_path)
    assert [row.name for row in part.rows] == ["fp32", "fp16"]
    assert (part.left_out[0].name, part.left_out[0].reason) == ("int8", "No such kernel.")
