import json

import pytest

from synthetyk.core.errors import ConfigError, UnknownNameError
from synthetyk.pipeline.configs import gan_config, study_config
from synthetyk.pipeline.facts import Facts
from synthetyk.pipeline.plan import Plan
from synthetyk.pipeline.planner import make_plan, replanned
from synthetyk.pipeline.settings import RunSettings, merge_overrides

FACTS = Facts(
    train_counts=(600, 300), class_names=("benign", "malignant"), side=64, aspect=1.0, colour=False, threads=2
)


class FixedSpeeds:
    """A machine whose speed is known: two threads are faster than one."""

    def __init__(self, gan=200.0, classifier=0.05):
        self.calls, self.images, self.step = [], gan, classifier

    def gan(self, config):
        self.calls.append(config)
        return self.images * (1 + 0.5 * (config.threads > 1))

    def classifier(self, config, channels, resolution):
        self.calls.append(config)
        return self.step


def plan(facts=FACTS, assignments=(), budget=600.0, speeds=None, goal="run"):
    return make_plan(facts, settings(assignments, budget, goal), speeds or FixedSpeeds())


def settings(assignments=(), budget=600.0, goal="run"):
    overrides = merge_overrides(None, list(assignments))
    return RunSettings(dataset="phantom", budget_seconds=budget, overrides=overrides, goal=goal)


def facts(**changes):
    return Facts(**{**vars(FACTS), **changes})


@pytest.mark.parametrize(("side", "resolution"), [(28, 28), (20, 28), (32, 32), (60, 64), (224, 64)])
def test_the_resolution_follows_the_images(side, resolution):
    assert plan(facts(side=side)).values.resolution == resolution


def test_large_images_get_128_pixels_when_the_budget_carries_it():
    assert plan(facts(side=224), budget=4 * 3600).values.resolution == 128


def test_where_the_second_class_is_the_normal_one_the_first_is_the_positive_one():
    names = ("abnormal", "normal")
    made = plan(facts(class_names=names, normal="normal"))
    assert made.values.positive_class == "abnormal"
    assert "normal is the normal one" in made.reasons["positive_class"].replace(",", "")
    assert plan(facts(class_names=("normal", "pneumonia"), normal="normal")).values.positive_class == ""


def test_an_arm_that_not_every_study_has_costs_the_others_no_step():
    short, long = plan(), plan(budget=4 * 3600)
    assert "synthetic-then-real" not in short.values.study_arms
    assert "synthetic-then-real" in long.values.study_arms.split(",")
    assert long.values.classifier_steps == 1000
    assert "8 arms" in long.reasons["classifier_steps"]


def test_the_arms_can_be_chosen_and_fewer_of_them_train_longer():
    few = plan(assignments=["study_arms=real, real+synthetic"])
    assert few.values.classifier_steps > plan().values.classifier_steps
    assert study_config(few.values, seed=0).arms == ("real", "real+synthetic")
    with pytest.raises(ConfigError, match="different names out of"):
        plan(assignments=["study_arms=real,reall"])


def test_every_value_has_a_reason_and_an_origin():
    made = plan()
    names = set(type(made.values).model_fields)
    assert names == set(made.reasons) == set(made.origins)
    assert all(made.reasons.values())


def test_a_faster_machine_shows_more_images_in_the_same_time():
    slow, fast = plan(speeds=FixedSpeeds(gan=100)), plan(speeds=FixedSpeeds(gan=400))
    assert fast.values.gan_kimg == pytest.approx(4 * slow.values.gan_kimg, rel=0.02)


def test_a_training_only_run_spends_more_on_the_gan():
    assert plan(goal="train").values.gan_kimg > 1.8 * plan().values.gan_kimg


def test_the_number_of_threads_is_the_one_that_measured_fastest():
    class Busy(FixedSpeeds):
        def gan(self, config):
            return 200 / config.threads

    assert plan().values.threads == 2
    assert plan(speeds=Busy()).values.threads == 1


def test_bf16_is_taken_where_it_measured_faster():
    class Half(FixedSpeeds):
        def classifier(self, config, channels, resolution):
            return 0.05 if config.precision == "fp32" else 0.02

    assert plan().values.classifier_precision == "fp32"
    assert plan(speeds=Half()).values.classifier_precision == "bf16"


def test_a_gan_computes_in_bf16_where_that_measured_faster_unless_it_is_a_reference():
    class Half(FixedSpeeds):
        def gan(self, config):
            return 200 if config.precision == "fp32" else 350

    made = plan(speeds=Half())
    assert made.values.gan_precision == "bf16"
    assert made.reasons["gan_precision"] == "fp32: 200 images/s; bf16: 350 images/s"
    assert made.values.gan_kimg == pytest.approx(
        1.75 * plan(speeds=FixedSpeeds(gan=200 / 1.5)).values.gan_kimg, rel=0.02
    )
    assert plan().values.gan_precision == "fp32"
    for fixed in ("gan_recipe=dcgan", "gan_precision=fp32", "gan_kimg=5"):
        assert plan(speeds=Half(), assignments=[fixed]).values.gan_precision == "fp32"
    both = plan(speeds=Half(), assignments=["gan_recipe=dcgan", "gan_precision=bf16"])
    assert both.values.gan_kimg == made.values.gan_kimg


def test_only_what_the_user_left_open_is_measured_of_the_gan():
    def tried(*assignments):
        speeds = FixedSpeeds()
        plan(assignments=assignments, speeds=speeds)
        return [(call.threads, call.precision) for call in speeds.calls if hasattr(call, "network")]

    assert tried() == [(1, "fp32"), (2, "fp32"), (2, "bf16")]
    assert tried("threads=3") == [(3, "fp32"), (3, "bf16")]
    assert tried("gan_precision=bf16") == [(1, "bf16"), (2, "bf16")]
    assert tried("gan_recipe=dcgan") == [(1, "fp32"), (2, "fp32")]


def test_the_discriminator_learns_as_much_faster_as_the_recipe_says():
    values = plan().values
    config = gan_config(values, classes=2, seed=0)
    assert config.learning_rate_d == 2 * config.learning_rate_g == 2 * values.gan_learning_rate


def test_a_long_budget_trains_two_gans_side_by_side():
    made = plan(budget=3600)
    assert (made.values.gan_seeds, made.values.threads) == (2, 1)


def test_what_the_user_fixed_wins_and_its_origin_is_kept():
    made = plan(assignments=["latent=50", "gan_optimizer=rmsprop"])
    assert (made.values.latent, made.values.gan_optimizer) == (50, "rmsprop")
    assert made.origins["latent"] == "command line"
    assert "the rule says 100" in made.reasons["latent"]


def test_nothing_is_measured_when_everything_that_needs_it_is_fixed():
    speeds = FixedSpeeds()
    plan(assignments=["gan_kimg=5", "classifier_steps=10", "features_steps=10"], speeds=speeds)
    assert speeds.calls == []


def test_an_unknown_value_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="Did you mean 'gan_kimg'"):
        plan(assignments=["gan_kimgs=5"])


def test_a_refused_value_names_where_it_came_from():
    with pytest.raises(ConfigError, match="The command line sets resolution to 65. Expected 28, 32, 64, 128 or 256"):
        plan(assignments=["resolution=65"])


def test_a_set_without_labels_is_trained_unconditionally():
    assert plan(facts(train_counts=(500,), class_names=())).values.conditional is False


def test_few_images_are_augmented():
    assert plan(facts(train_counts=(70, 70))).values.gan_augment
    assert not plan(facts(train_counts=(3000, 3000), side=28)).values.gan_augment


def test_few_images_are_learnt_more_slowly():
    many, few = (plan(facts(train_counts=counts)).values for counts in ((600, 300), (70, 70)))
    assert few.gan_learning_rate == many.gan_learning_rate / 2


def test_few_images_are_held_as_varied_as_they_are_with_more_weight():
    many, few = (plan(facts(train_counts=counts)) for counts in ((600, 300), (70, 70)))
    assert few.values.gan_spread == 8 * many.values.gan_spread > 0
    assert "fewer than 500 images" in few.reasons["gan_spread"]


def test_a_recipe_that_holds_nothing_as_varied_does_so_with_few_images_too():
    made = plan(facts(train_counts=(70, 70)), assignments=["gan_recipe=cpu-stable"])
    assert made.values.gan_spread == 0
    assert "times" not in made.reasons["gan_spread"]


def test_classes_with_images_enough_have_a_discriminator_each():
    made = plan(facts(train_counts=(1214, 3494), side=28))
    assert made.values.gan_discriminator == "per_class"
    assert gan_config(made.values, classes=2, seed=0).network.discriminator == "per_class"


@pytest.mark.parametrize(
    ("changes", "assignments", "why"),
    [
        ({"train_counts": (999, 3494)}, [], "rarest class has 999 images"),
        ({"side": 64}, [], "up to 32 pixels"),
        ({}, ["gan_batch_size=16"], "a batch 8 of each class"),
        ({"train_counts": (3000,) * 3, "class_names": ("a", "b", "c")}, [], "a batch 10 of each class"),
        ({"train_counts": (3000,), "class_names": ()}, [], "none is told apart"),
        ({"train_counts": (3000,), "class_names": ()}, ["conditional=true"], "none is told apart"),
        ({"train_counts": (3000,), "class_names": ("one",)}, ["conditional=true"], "there is one class"),
        ({}, ["conditional=false"], "none is told apart"),
        ({"gpu": True}, [], "recipe gpu"),
        ({"gpu": True}, ["gan_recipe=cpu-fast"], "on a CPU"),
        ({"side": 64}, ["gan_batch_size=32"], "up to 32 pixels"),
        ({}, ["gan_recipe=dcgan"], "recipe dcgan"),
    ],
)
def test_else_classes_share_a_discriminator(changes, assignments, why):
    made = plan(facts(**{"train_counts": (3000, 3000), "side": 28, **changes}), assignments=assignments)
    assert made.values.gan_discriminator == "shared"
    assert why in made.reasons["gan_discriminator"]


@pytest.mark.parametrize("later", ["conditional=false", "gan_recipe=upconv", "train_fraction=0.1", "gan_batch_size=8"])
def test_classes_share_a_discriminator_once_something_else_is_fixed_that_leaves_too_little(later):
    about = facts(train_counts=(1214, 3494), side=28)
    before = plan(about)
    made = replanned(before, about, settings(assignments=[later]))
    assert before.values.gan_discriminator == "per_class"
    assert made.values.gan_discriminator == "shared"
    assert replanned(made, about, settings()).values.gan_discriminator == "shared"


def test_a_discriminator_per_class_stays_where_nothing_changed():
    about = facts(train_counts=(1214, 3494), side=28)
    assert replanned(plan(about), about, settings()).values == plan(about).values


@pytest.mark.parametrize("recipe", ["upconv", "dcgan"])
def test_a_discriminator_per_class_that_a_recipe_cannot_have_is_refused(recipe):
    with pytest.raises(ConfigError, match=r"normalises over a batch.*gan_discriminator=shared"):
        plan(assignments=["gan_discriminator=per_class", f"gan_recipe={recipe}", "gan_kimg=10"])


@pytest.mark.parametrize("without", [{"class_names": (), "train_counts": (3000,)}, {}])
def test_a_discriminator_per_class_without_classes_is_refused(without):
    with pytest.raises(ConfigError, match="no classes are told apart"):
        plan(facts(**without), assignments=["gan_discriminator=per_class", "conditional=false"])


def test_images_that_are_not_square_get_a_border():
    assert plan(facts(aspect=1.4)).values.fit == "pad"
    assert plan().values.fit == "stretch"


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("gan_augment=foo", "augment"),
        ("extractor=nonsense", "Expected learned"),
        ("positive_class=nonsense", "Expected one of benign, malignant"),
    ],
)
def test_what_no_stage_could_work_with_is_refused_before_anything_is_trained(assignment, message):
    with pytest.raises(ConfigError, match=message):
        plan(assignments=[assignment])


def test_a_class_may_be_called_by_a_number():
    made = plan(facts(class_names=("0", "1")), assignments=["positive_class=1"])
    assert made.values.positive_class == "1"


def test_a_very_short_training_can_be_asked_for():
    assert plan(assignments=["gan_kimg=0.001"]).values.gan_kimg == 0.001


def test_a_short_budget_is_kept():
    short, long = plan(budget=60), plan(budget=600)
    assert short.values.classifier_steps < long.values.classifier_steps


def test_time_that_no_classifier_needs_trains_the_gan():
    slow, fast = (plan(budget=1200, speeds=FixedSpeeds(classifier=step)) for step in (0.5, 0.005))
    assert fast.values.classifier_steps == fast.values.features_steps == 1000
    longest = 0.34 + 0.05 + 0.42 + 0.07  # of the budget, if the others needed nothing
    assert 1.5 < fast.values.gan_kimg / slow.values.gan_kimg < longest / 0.34
    assert "no classifier needs" in fast.reasons["gan_kimg"]
    assert "no classifier needs" not in slow.reasons["gan_kimg"]


def test_a_training_only_run_gives_the_gan_no_time_of_classifiers():
    slow, fast = (plan(goal="train", speeds=FixedSpeeds(classifier=step)) for step in (0.5, 0.005))
    assert fast.values.gan_kimg == slow.values.gan_kimg


def test_steps_that_were_not_measured_leave_the_gan_its_share():
    fixed = plan(assignments=["classifier_steps=1", "features_steps=1"], budget=3600)
    measured = plan(budget=3600, speeds=FixedSpeeds(classifier=0.5))
    assert fixed.values.gan_kimg == pytest.approx(measured.values.gan_kimg, rel=0.02)


def test_images_that_every_classifier_judges_cost_it_steps():
    assert plan(facts(judged=40_000)).values.classifier_steps < plan().values.classifier_steps


def test_a_training_only_run_can_be_studied_later():
    assert plan(goal="train", budget=60).values.classifier_steps >= plan(budget=300).values.classifier_steps


def test_a_plan_is_patched_without_measuring_again():
    made = plan()
    patched = made.patched(merge_overrides(None, ["study_seeds=7"]))
    assert patched.values == made.values.replace(study_seeds=7)
    assert patched.origins["study_seeds"] == "command line"
    with pytest.raises(ConfigError, match="Did you mean 'study_seeds'"):
        made.patched(merge_overrides(None, ["study_seed=7"]))


def test_the_recipe_follows_the_machine_and_its_values_say_where_they_come_from():
    made = plan()
    assert (made.values.gan_recipe, made.values.device) == ("cpu-fast", "cpu")
    assert made.reasons["gan_width"] == "recipe cpu-fast"
    on_gpu = plan(facts(gpu=True))
    assert (on_gpu.values.gan_recipe, on_gpu.values.device) == ("gpu", "cuda")
    assert on_gpu.values.gan_batch_size > made.values.gan_batch_size
    assert plan(facts(processes=2)).values.gan_recipe == "cpu-stable"
    assert plan(facts(processes=2, gpu=True)).values.gan_recipe == "gpu-stable"


def test_a_gpu_carries_larger_images():
    assert plan(facts(gpu=True, side=224)).values.resolution == 128
    assert plan(facts(gpu=True, side=224), budget=4 * 3600).values.resolution == 256


def test_the_rules_look_at_the_images_that_are_used():
    part = plan(facts(train_counts=(800, 800)), assignments=["train_fraction=0.25"]).values
    few = plan(facts(train_counts=(200, 200))).values
    names = ("gan_learning_rate", "gan_spread", "gan_augment", "synthetic_per_class", "classifier_batch_size")
    assert [getattr(part, name) for name in names] == [getattr(few, name) for name in names]


def test_on_a_gpu_images_are_not_shown_until_they_are_learned_by_heart():
    made = plan(facts(gpu=True, train_counts=(3000, 3000)), budget=10**6)
    assert made.values.gan_kimg == 1800
    assert "300 epochs" in made.reasons["gan_kimg"]
    assert plan(facts(gpu=True, train_counts=(100, 100)), budget=10**6).values.gan_kimg == 1000
    assert plan(facts(train_counts=(3000, 3000)), budget=10**6).values.gan_kimg > 1800


def test_a_recipe_for_one_size_decides_the_resolution():
    made = plan(facts(side=28), assignments=["gan_recipe=dcgan-source-64"])
    assert (made.values.resolution, made.values.latent, made.values.gan_ema_kimg) == (64, 50, 0)
    assert made.reasons["gan_augment"] == "the recipe has none"


def test_several_processes_show_as_many_images_as_all_of_them_can():
    one, two = plan(assignments=["gan_recipe=cpu-stable"]), plan(facts(processes=2))
    assert two.values.gan_kimg == pytest.approx(2 * one.values.gan_kimg, rel=0.02)


def test_an_unknown_recipe_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'cpu-stable'"):
        plan(assignments=["gan_recipe=cpu-stabel"])


def test_a_longer_training_is_looked_at_more_often():
    def looks(made):
        return round(made.values.gan_kimg / made.values.gan_sample_kimg)

    assert looks(plan(budget=60)) == 4
    assert looks(plan(budget=3600)) == 12


def test_a_plan_from_before_there_were_recipes_is_read(tmp_path):
    made = plan(assignments=["gan_recipe=dcgan"])
    made.save(tmp_path / "plan.json")
    values = json.loads((tmp_path / "plan.json").read_text())
    for part in ("values", "reasons", "origins"):
        for name in ("device", "gan_recipe", "gan_r1", "gan_r2", "gan_spread"):
            del values[part][name]
    (tmp_path / "plan.json").write_text(json.dumps(values | {"schema": "plan/1"}))
    assert Plan.load(tmp_path / "plan.json").values == made.values


def test_the_default_recipe_of_a_plan_from_before_it_changed_keeps_its_networks(tmp_path):
    made = plan(assignments=["gan_r1=0", "gan_spread=0"])
    values = json.loads(made.model_dump_json())
    (tmp_path / "plan.json").write_text(json.dumps(values | {"schema": "plan/1"}))
    found = Plan.load(tmp_path / "plan.json")
    assert found.values == made.values.replace(gan_recipe="upconv")
    assert found.origins["gan_r1"] == "command line"
    assert gan_config(found.values, classes=2, seed=0).network.architecture == "upconv"


def test_a_plan_for_a_gpu_from_before_its_recipe_changed_keeps_its_networks(tmp_path):
    values = json.loads(plan(facts(gpu=True)).model_dump_json())
    (tmp_path / "plan.json").write_text(json.dumps(values | {"schema": "plan/5"}))
    found = Plan.load(tmp_path / "plan.json")
    assert found.values.gan_recipe == "gpu-stable"
    assert gan_config(found.values, classes=2, seed=0).network.architecture == "residual"


def test_a_plan_from_before_images_were_held_as_varied_as_real_ones_goes_on_without(tmp_path):
    values = json.loads(plan().model_dump_json())
    assert values["values"].pop("gan_spread") == 1
    (tmp_path / "plan.json").write_text(json.dumps(values | {"schema": "plan/2"}))
    assert gan_config(Plan.load(tmp_path / "plan.json").values, classes=2, seed=0).spread == 0


def test_a_plan_from_before_classes_could_have_a_discriminator_each_shares_one(tmp_path):
    values = json.loads(plan(facts(train_counts=(1214, 3494), side=28)).model_dump_json())
    assert values["values"].pop("gan_discriminator") == "per_class"
    (tmp_path / "plan.json").write_text(json.dumps(values | {"schema": "plan/6"}))
    assert gan_config(Plan.load(tmp_path / "plan.json").values, classes=2, seed=0).network.discriminator == "shared"


def test_a_short_budget_compresses_without_much_training_and_a_long_one_prunes_and_distils():
    short, long = plan(budget=300.0), plan(budget=3600.0)
    assert short.values.compress_rows == "fp16,bf16,int8,magnitude"
    assert "channels+int8" in long.values.compress_rows
    assert 60 <= short.values.compress_steps < long.values.compress_steps <= 500


def test_a_form_that_there_is_not_is_refused_before_anything_is_trained():
    with pytest.raises(ConfigError, match="int8"):
        plan(assignments=["compress_rows=fp16,int88"])


def test_forms_may_be_written_with_spaces_between_them():
    tight, airy = (plan(assignments=[f"compress_rows={rows}"]) for rows in ("int8,distilled", "int8, distilled"))
    assert airy.values.compress_steps == tight.values.compress_steps


def test_a_plan_from_before_models_were_compressed_is_read(tmp_path):
    made = plan()
    made.save(tmp_path / "plan.json")
    values = json.loads((tmp_path / "plan.json").read_text())
    for part in ("values", "reasons", "origins"):
        for name in ("compress_rows", "compress_steps"):
            del values[part][name]
    (tmp_path / "plan.json").write_text(json.dumps(values | {"schema": "plan/3"}))
    assert Plan.load(tmp_path / "plan.json").values.compress_rows == "fp16,bf16,int8,magnitude"
