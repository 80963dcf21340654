import gzip
import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from synthetyk.compression import compress
from synthetyk.compression.compress import compress_classifier
from synthetyk.compression.quality import Splits
from synthetyk.compression.report import CompressionConfig, CompressionReport
from synthetyk.compression.variants import Workshop
from synthetyk.core.errors import ConfigError, SynthetykError
from synthetyk.data.dataset import to_unit

ROWS = ("fp16", "bf16", "int8", "magnitude", "channels", "channels+int8", "distilled", "narrow")
CONFIG = CompressionConfig(rows=ROWS, steps=2, seconds=0.01, resamples=200, student_width=16)


@pytest.fixture(scope="module")
def compressed(trained, discs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    told = []
    report = compress_classifier(trained, discs, CONFIG, folder, lambda *words: told.append(words))
    return report, folder, told


def test_every_row_is_a_file_that_was_measured(compressed):
    report, folder, told = compressed
    part = report.classifier
    assert [row.name for row in part.rows] == ["fp32", *(name for name in ROWS if name != "distilled")]
    for row in part.rows:
        size = (folder / row.file).stat().st_size
        assert row.megabytes == pytest.approx(size / 1e6, abs=1e-4)
        assert row.gzip_megabytes == pytest.approx(len(gzip.compress((folder / row.file).read_bytes())) / 1e6, abs=1e-4)
        assert [latency.batch for latency in row.latencies] == [1, 32]
        assert 0 <= row.validation_auc <= 1
        assert row.test.auc.low <= row.test.auc.value <= row.test.auc.high
        assert row.benefit
    assert told[-1][:2] == (9, 9)


def test_the_original_agrees_with_itself_and_with_torch(compressed, trained, discs, answers):
    report, folder, _ = compressed
    test = report.classifier.original.test
    assert (test.agreement, test.auc_difference.value, test.auc_difference.high) == (1, 0, 0)
    said = answers((folder / "classifier-fp32.onnx").read_bytes(), images=to_unit(discs.test.all()))[1]
    np.testing.assert_allclose(said, trained.probabilities(discs.test.all()), atol=1e-5)


def test_fewer_bits_and_fewer_channels_make_smaller_files(compressed):
    rows = {row.name: row for row in compressed[0].classifier.rows}
    whole = rows["fp32"].megabytes
    assert rows["fp16"].megabytes < 0.6 * whole > rows["bf16"].megabytes
    assert rows["int8"].megabytes < 0.5 * whole
    assert rows["channels"].megabytes < 0.5 * whole
    assert rows["channels+int8"].megabytes < rows["channels"].megabytes
    assert rows["magnitude"].megabytes == pytest.approx(whole, rel=0.01)
    assert rows["magnitude"].gzip_megabytes < 0.7 * whole
    assert "once it is packed" in rows["magnitude"].benefit


def test_what_makes_no_sense_is_left_out_with_the_reason(compressed):
    left_out = compressed[0].classifier.left_out
    assert [row.name for row in left_out] == ["distilled"]
    assert "EdgeNet of width 16 already" in left_out[0].reason


def test_the_smallest_within_the_tolerance_on_validation_is_picked(compressed):
    part = compressed[0].classifier
    fit = [r for r in part.rows if r.validation_auc >= part.original.validation_auc - CONFIG.tolerance]
    assert part.picked.megabytes == min(row.megabytes for row in fit)
    assert "validation" in part.rule


def test_the_answer_is_one_sentence_about_the_positive_class(compressed):
    verdict = compressed[0].classifier.precision
    assert verdict.subject == "right" in verdict.sentence
    assert "int8 changes the AUC by" in verdict.sentence


def test_finished_rows_are_kept_and_only_missing_ones_are_made(compressed, trained, discs, monkeypatch):
    report, folder, _ = compressed
    (folder / "classifier-int8.onnx").unlink()
    made = []
    quantised = compress.quantised
    monkeypatch.setattr(compress, "quantised", lambda *parts: made.append(1) or quantised(*parts))
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.onnx")}
    again = compress_classifier(trained, discs, CONFIG, folder)
    after = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.onnx")}
    assert len(made) == 1
    assert {name for name in after if before.get(name) != after[name]} == {"classifier-int8.onnx"}
    unchanged = [row for row in again.classifier.rows if row.name != "int8"]
    assert unchanged == [row for row in report.classifier.rows if row.name != "int8"]
    assert [row.sha256 for row in again.classifier.rows] == [row.sha256 for row in report.classifier.rows]


@pytest.mark.parametrize("changed", ["images", "groups", "class_names"])
def test_rows_of_other_data_are_not_kept(trained, discs, tmp_path, changed):
    other = {"images": 255 - discs.images, "groups": discs.groups // 2, "class_names": ("right", "left")}[changed]
    keys = [Splits.of(data).sha256 for data in (discs, discs, replace(discs, **{changed: other}))]
    assert keys[0] == keys[1] != keys[2]
    config = CONFIG.replace(rows=())
    compress_classifier(trained, discs, config, tmp_path)
    before = (tmp_path / "rows/classifier-fp32.json").read_text()
    compress_classifier(trained, replace(discs, **{changed: other}), config, tmp_path)
    assert (tmp_path / "rows/classifier-fp32.json").read_text() != before


def test_what_fails_is_left_out_with_the_reason_and_not_tried_again_in_fewer_bits(
    trained, discs, tmp_path, monkeypatch
):
    tried = []

    def fails(_, variant):
        tried.append(variant)
        raise SynthetykError("It fell over")

    monkeypatch.setattr(Workshop, "make", fails)
    report = compress_classifier(trained, discs, CONFIG.replace(rows=("channels", "channels+int8", "fp16")), tmp_path)
    assert [(row.name, row.reason) for row in report.classifier.left_out] == [
        ("channels", "It fell over."),
        ("channels+int8", "It fell over."),
    ]
    assert tried == ["channels"]
    assert [row.name for row in report.classifier.rows] == ["fp32", "fp16"]


def test_a_report_is_read_as_it_was_written(compressed, tmp_path):
    report = compressed[0]
    report.save(tmp_path / "compression.json")
    assert CompressionReport.load(tmp_path / "compression.json").classifier == report.classifier


def test_an_unknown_row_or_class_is_refused(trained, discs, tmp_path):
    with pytest.raises(ConfigError, match="int8"):
        CompressionConfig.parse({"rows": ["int88"]})
    with pytest.raises(ConfigError, match="every row once"):
        CompressionConfig.parse({"rows": ["int8", "int8"]})
    with pytest.raises(ConfigError, match="expected one of left, right|Expected one of left, right"):
        compress_classifier(trained, discs, CONFIG.replace(positive_class="up"), tmp_path)


def test_without_steps_what_needs_training_is_left_out(trained, discs, tmp_path):
    report = compress_classifier(trained, discs, CONFIG.replace(steps=0, rows=("channels", "narrow")), tmp_path)
    assert [row.name for row in report.classifier.left_out] == ["channels", "narrow"]
    assert report.classifier.pick == "fp32"


def test_a_test_split_that_cannot_be_judged_leaves_the_figures_out(trained, discs, tmp_path):
    labels = np.where(discs.splits == "test", 0, discs.labels)
    one_sided = type(discs)(discs.images, labels, discs.groups, discs.splits, discs.keys, discs.class_names)
    report = compress_classifier(trained, one_sided, CONFIG.replace(rows=("fp16",)), tmp_path)
    assert [row.test for row in report.classifier.rows] == [None, None]
    assert report.classifier.precision.outcome == "not known"
    assert any("cannot be judged" in note for note in report.classifier.notes)


def test_what_a_single_look_costs_is_measured_for_every_file(trained, discs, tmp_path):
    several = replace(trained, views=2)
    part = compress_classifier(several, discs, CONFIG.replace(rows=("int8",)), tmp_path).classifier
    said, labels = several.probabilities(discs.test.all()), discs.test.labels
    assert part.views.copies == 2
    assert part.views.auc.value == pytest.approx(roc_auc_score(labels, said[:, 1]))
    assert part.views.validation_auc == pytest.approx(
        roc_auc_score(discs.val.labels, several.probabilities(discs.val.all())[:, 1])
    )
    for row in part.rows:
        lost = row.test.views_difference
        assert lost.value == pytest.approx(row.test.auc.value - part.views.auc.value)
        assert lost.low <= lost.value <= lost.high


def test_a_classifier_with_one_look_has_nothing_to_lose_by_it(compressed):
    part = compressed[0].classifier
    assert part.views is None
    assert all(row.test.views_difference is None for row in part.rows)


def test_rows_of_a_classifier_with_other_looks_are_not_kept(trained, discs, tmp_path):
    config = CONFIG.replace(rows=())
    for views in (0, 1, 2):
        part = compress_classifier(replace(trained, views=views), discs, config, tmp_path).classifier
        assert (part.original.test.views_difference is None) is (views == 0)


def test_a_report_of_before_says_nothing_of_several_looks(compressed, tmp_path):
    compressed[0].save(tmp_path / "compression.json")
    values = json.loads((tmp_path / "compression.json").read_text())
    del values["classifier"]["views"]
    for row in values["classifier"]["rows"]:
        del row["test"]["views_difference"]
    (tmp_path / "compression.json").write_text(json.dumps({**values, "schema": "compression/1"}))
    assert CompressionReport.load(tmp_path / "compression.json") == compressed[0]
