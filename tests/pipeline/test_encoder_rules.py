import dataclasses

import pytest

from synthetyk.core.errors import ConfigError, UnknownNameError
from synthetyk.pipeline.configs import features_config, pretrain_config, study_config
from synthetyk.pipeline.facts import Facts
from synthetyk.pipeline.plan import Plan
from synthetyk.pipeline.planner import make_plan, replanned
from synthetyk.pipeline.settings import RunSettings, merge_overrides

FACTS = Facts(train_counts=(600, 300), class_names=("a", "b"), side=64, aspect=1.0, colour=False, threads=2)


class Speeds:
    """Larger networks are slower; what was measured is kept."""

    def __init__(self) -> None:
        self.measured: list[tuple[str, int]] = []

    def gan(self, config):
        return 200.0

    def classifier(self, config, channels, resolution):
        self.measured.append((config.encoder, config.frozen_steps))
        return 0.02 if config.encoder == "edgenet" else 0.5


def plan(*assignments, weights="", speeds=None) -> Plan:
    overrides = merge_overrides(None, list(assignments))
    settings = RunSettings(dataset="phantom", overrides=overrides, encoder_weights=weights)
    return make_plan(FACTS, settings, speeds or Speeds())


def test_by_default_classifiers_are_edgenets_from_nothing():
    values = plan().values
    config = study_config(values, seed=0)
    assert (config.classifier.encoder, config.weights, config.pretrain) == ("edgenet", "none", None)
    assert (config.classifier.encoder_rate, config.classifier.frozen_steps) == (1.0, 0)


def test_published_weights_are_changed_slowly_from_the_first_step():
    made = plan("classifier_encoder=resnet18", weights="resnet18.pth")
    values = made.values
    assert values.classifier_weights == "torchvision"
    assert (values.classifier_learning_rate, values.classifier_encoder_rate) == (1e-3, 0.5)
    assert values.classifier_frozen_steps == 0
    assert "standing still" in made.reasons["classifier_frozen_steps"]


def test_an_encoder_from_nothing_is_trained_at_the_customary_rate():
    values = plan("classifier_encoder=resnet18").values
    assert values.classifier_learning_rate * values.classifier_encoder_rate == 1e-3
    assert values.classifier_frozen_steps == 0


def test_the_feature_network_does_not_depend_on_published_weights():
    published, plain = plan("classifier_encoder=resnet18", weights="resnet18.pth").values, plan().values
    assert features_config(published, seed=0) == features_config(plain, seed=0)
    slower = plan("classifier_learning_rate=0.002").values
    assert features_config(slower, seed=0).learning_rate == 0.002


def test_a_larger_encoder_is_paid_for_in_steps_but_not_by_the_feature_network():
    speeds = Speeds()
    large, small = plan("classifier_encoder=resnet18", speeds=speeds), plan()
    assert large.values.classifier_steps < small.values.classifier_steps
    assert large.values.features_steps == small.values.features_steps
    assert set(speeds.measured) == {("resnet18", 0), ("edgenet", 0)}
    assert features_config(large.values, seed=0) == features_config(small.values, seed=0)


@pytest.mark.parametrize(
    ("named", "task", "narrow"), [("autoencoder", "draw", True), ("denoise", "denoise", False), ("mask", "mask", False)]
)
def test_an_autoencoder_takes_a_part_of_the_studys_time(named, task, narrow):
    values = plan(f"classifier_pretrain={named}").values
    config = pretrain_config(values, seed=3)
    assert (config.task, config.encoder, config.seed, config.code > 0) == (task, "edgenet", 3, narrow)
    assert config.steps == values.classifier_pretrain_steps >= 60
    assert values.classifier_steps < plan().values.classifier_steps
    assert values.classifier_frozen_steps > 0


@pytest.mark.parametrize(
    ("assignments", "weights", "message"),
    [
        (["classifier_weights=caffe"], "", "there are no weights.*--encoder-weights FILE"),
        ([], "edgenet.pth", "No weights are published for the encoder edgenet"),
        (["classifier_encoder=resnet18", "classifier_pretrain=mask"], "resnet18.pth", "one of the two"),
    ],
)
def test_what_does_not_go_together_is_refused(assignments, weights, message):
    with pytest.raises(ConfigError, match=message):
        plan(*assignments, weights=weights)


def test_an_unknown_encoder_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="resnet18"):
        plan("classifier_encoder=resnet81")


def patched(before, *assignments, facts=FACTS):
    overrides = merge_overrides(None, list(assignments))
    return replanned(before, facts, RunSettings(dataset="phantom", overrides=overrides, encoder_weights="it.pth"))


def test_a_run_that_gets_another_encoder_later_gets_the_rates_that_suit_it():
    before = plan()
    after = patched(before, "classifier_encoder=resnet18", "classifier_weights=torchvision")
    assert (after.values.classifier_learning_rate, after.values.classifier_encoder_rate) == (1e-3, 0.5)
    assert after.values.classifier_frozen_steps == 0
    assert after.values.classifier_steps == before.values.classifier_steps
    assert patched(before, "classifier_pretrain=denoise").values.classifier_pretrain_steps == 1000
    fixed = patched(before, "classifier_pretrain=denoise", "classifier_frozen_steps=7")
    assert (fixed.values.classifier_frozen_steps, fixed.origins["classifier_frozen_steps"]) == (7, "command line")


def test_with_other_steps_a_pretrained_encoder_stands_still_for_a_tenth_of_them():
    before = plan("classifier_pretrain=denoise")
    after = patched(before, "classifier_pretrain=denoise", "classifier_steps=60")
    assert after.values.classifier_frozen_steps == 6
    assert after.values.classifier_pretrain_steps == before.values.classifier_pretrain_steps


def test_an_encoder_that_would_never_learn_is_refused():
    with pytest.raises(ConfigError, match="stand still for 60 of 60 steps"):
        plan("classifier_steps=60", "classifier_frozen_steps=60")


def test_the_positive_class_follows_the_normal_one_unless_it_is_fixed():
    before, said = plan(), dataclasses.replace(FACTS, normal="b")
    assert (before.values.positive_class, patched(before, facts=said).values.positive_class) == ("", "a")
    assert patched(before, "positive_class=b", facts=said).values.positive_class == "b"


def test_a_run_that_keeps_its_encoder_keeps_its_plan():
    before = plan("classifier_pretrain=denoise")
    assert patched(before, "classifier_pretrain=denoise", "study_resamples=150").values == before.values.replace(
        study_resamples=150
    )


def test_plans_from_before_encoders_had_names_are_read(tmp_path):
    made = plan()
    made.save(tmp_path / "plan.json")
    text = (tmp_path / "plan.json").read_text().replace(f"plan/{Plan.schema_version}", "plan/3")
    kept = [line for line in text.splitlines() if not any(f'"{name}"' in line for name in NEW)]
    (tmp_path / "plan.json").write_text("\n".join(kept))
    assert Plan.load(tmp_path / "plan.json").values == made.values


NEW = (
    *("classifier_encoder", "classifier_weights", "classifier_pretrain", "classifier_pretrain_steps"),
    *("classifier_frozen_steps", "classifier_encoder_rate", "classifier_views", "study_arms"),
    *("anomaly_steps", "anomaly_code"),
)
