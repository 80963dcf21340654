import json

from synthetyk.packaging.card import model_card


def test_the_manifest_holds_what_the_cache_did_to_images(built):
    contract = built[1].classifier.input
    assert (contract.shape, contract.fit, contract.depth_rule.bits) == ((1, 28, 28), "pad", 12)


def test_figures_of_the_classifier_are_those_of_its_arm_with_their_intervals(built, inputs):
    study = inputs.study
    spread = study.arm(study.classifier.arm).scores["auc"]
    (figure,) = [each for each in built[1].classifier.figures if each.name == "auc"]
    assert (figure.value, figure.low, figure.high) == (spread.mean, spread.low, spread.high)
    assert f"{sum(study.test_counts):,} test images" in figure.about


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
