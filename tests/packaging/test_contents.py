import hashlib
import json
from dataclasses import replace

import pytest

from synthetyk.compression.report import (
    ClassifierPart,
    ClassifierRow,
    CompressionConfig,
    CompressionReport,
    Figure,
    PrecisionVerdict,
    TestScores,
    ViewsScores,
)
from synthetyk.core.errors import ArtifactError
from synthetyk.packaging.card import model_card
from synthetyk.packaging.contents import contents


def test_the_manifest_holds_what_the_cache_did_to_images(built):
    contract = built[1].classifier.input
    assert (contract.shape, contract.fit, contract.depth_rule.bits) == ((1, 28, 28), "pad", 12)


def test_figures_of_the_classifier_are_those_of_its_arm_with_their_intervals(built, inputs):
    study = inputs.study
    spread = study.arm(study.classifier.arm).scores["auc"]
    (figure,) = [each for each in built[1].classifier.figures if each.name == "auc"]
    assert (figure.value, figure.low, figure.high) == (spread.mean, spread.low, spread.high)
    assert f"{sum(study.test_counts):,} test images" in figure.about


def test_figures_of_classifiers_that_look_several_times_say_so(inputs):
    config = inputs.study.config
    several = config.replace(classifier=config.classifier.replace(views=4))
    study = inputs.study.model_copy(update={"config": several})
    figures = contents(replace(inputs, generator=None, study=study))[0].classifier.figures
    assert all("average over 4 changed copies" in each.about for each in figures)


def test_figures_of_the_generator_stand_beside_those_of_real_images(built):
    names = [figure.name for figure in built[1].generator.figures]
    assert any(name.startswith("FD[") for name in names)
    assert any("between real images it is" in figure.about for figure in built[1].generator.figures)


def test_verdicts_are_told_with_their_limits(built, inputs):
    assert built[1].verdicts["study"] == inputs.study.verdict.sentence
    assert built[1].verdicts["privacy"].endswith(inputs.privacy.limits)


def test_of_the_data_only_counts_and_hashes_are_told(built, inputs):
    said = json.dumps(built[1].model_dump(mode="json"))
    assert inputs.fingerprint.content_hash in said
    assert "Mrs Example" not in said
    assert inputs.fingerprint.location not in said
    assert built[1].data.counts["benign"] == {"train": 140, "val": 30, "test": 30}


def test_the_card_says_what_it_is_what_was_measured_and_what_not(built, inputs):
    manifest = built[1]
    card = model_card(manifest)
    assert card == (built[0] / "artifacts/package/model-card.md").read_text()
    assert card.startswith("# mine\n\n**For research only")
    for said in (manifest.verdicts["study"], "28 x 28 pixels", "12 of 16 bits used", "Do synthetic images help?"):
        assert said in card
    bare = model_card(manifest.model_copy(update={"classifier": None, "generator": None, "verdicts": {}}))
    assert "## Classifier" not in bare
    assert "This was not looked at." in bare


def test_titles_and_risks_are_those_of_the_run(built):
    found = {each.name: (each.title, each.risk) for each in built[1].classifier.classes}
    assert found == {"normal": ("Normal", False), "benign": ("Benign mass", False), "malignant": ("Malignant", True)}


def compression_of(pick, data):
    """A compression that picked one form of the classifier, which is this file."""
    figure = Figure(value=0.91, low=0.88, high=0.94)
    scores = TestScores(auc=figure, accuracy=figure, calibration_error=figure, auc_difference=figure, agreement=0.99)
    costs = {"megabytes": 0.1, "gzip_megabytes": 0.1, "peak_mb": 50.0, "latencies": ()}
    row = ClassifierRow(
        name=pick,
        about="what it is",
        file="classifier-picked.onnx",
        sha256=hashlib.sha256(data).hexdigest(),
        validation_auc=0.93,
        test=scores,
        benefit="4.0 times smaller",
        **costs,
    )
    part = ClassifierPart(
        class_names=("normal", "benign", "malignant"),
        positive_class=None,
        rows=(row,),
        left_out=(),
        pick=pick,
        rule="the smallest that is good enough",
        precision=PrecisionVerdict(outcome="no loss", subject="malignant", sentence="Fewer bits do not hurt."),
        test_images=120,
        test_groups=60,
        notes=(),
    )
    return CompressionReport(classifier=part, config=CompressionConfig(), versions={})


@pytest.mark.parametrize(
    ("pick", "encoder", "precision"),
    [("int8", "edgenet", "int8"), ("narrow+int8", "edgenet", "int8"), ("channels", "edgenet", "fp32")],
)
def test_the_form_that_the_compression_picked_is_packaged_with_its_own_figures(
    built, inputs, tmp_path, pick, encoder, precision
):
    data = (built[0] / "artifacts/package/classifier.onnx").read_bytes()
    (tmp_path / "classifier-picked.onnx").write_bytes(data)
    compressed = replace(inputs, generator=None, compression=compression_of(pick, data), models=tmp_path)
    manifest, files = contents(compressed)
    found = manifest.classifier
    assert (found.encoder, found.precision) == (encoder, precision)
    assert "the smallest that is good enough" in found.origin
    assert files["classifier.onnx"] == data
    figures = {each.name: each for each in found.figures}
    assert (figures["auc"].value, figures["auc"].low) == (0.91, 0.88)
    assert "120 test images in 60 groups" in figures["auc"].about
    assert manifest.verdicts["compression"] == "Fewer bits do not hurt."


def test_what_a_single_look_costs_stands_among_the_figures(built, inputs, tmp_path):
    data = (built[0] / "artifacts/package/classifier.onnx").read_bytes()
    (tmp_path / "classifier-picked.onnx").write_bytes(data)
    report = compression_of("int8", data)
    lost, part = Figure(value=-0.004, low=-0.009, high=0.001), report.classifier
    row = part.rows[0].replace(test=part.rows[0].test.replace(views_difference=lost))
    views = ViewsScores(copies=4, validation_auc=0.93, auc=Figure(value=0.914, low=0.88, high=0.94))
    looking = report.model_copy(update={"classifier": part.replace(rows=(row,), views=views)})
    manifest, _ = contents(replace(inputs, generator=None, compression=looking, models=tmp_path))
    (figure,) = [each for each in manifest.classifier.figures if each.name == "views_difference"]
    assert (figure.value, figure.low, figure.high) == (-0.004, -0.009, 0.001)
    assert "sees 4 copies too" in figure.about


def test_a_form_that_is_not_the_one_that_was_measured_is_refused(inputs, tmp_path):
    compressed = replace(inputs, compression=compression_of("int8", b"measured"), models=tmp_path)
    for data in (None, b"other"):
        if data:
            (tmp_path / "classifier-picked.onnx").write_bytes(data)
        with pytest.raises(ArtifactError, match="missing or was changed"):
            contents(compressed)
