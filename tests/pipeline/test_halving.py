import json

import pytest

from synthetyk.pipeline.halving import (
    Trial,
    TuningReport,
    decided,
    drawn,
    grid,
    kimg_of,
    places_of,
    ranking,
    seconds_of,
    survivors,
)
from synthetyk.pipeline.planner import Facts, make_plan
from synthetyk.pipeline.settings import RunSettings
from synthetyk.pipeline.trials import Look

FACTS = Facts(train_counts=(900,), class_names=(), side=28, aspect=1.0, colour=False, threads=1)


def look(distance, error=0.0, **more):
    return Look(scores={"val_kd": distance, "val_kd_error": error, **more}, measured_on="validation")


DIVERGED = Look(scores={}, measured_on="validation")


def trials(*looks, **knobs):
    return [Trial(number=n, knobs=knobs, kimg=(1.0,), looks=(one,)) for n, one in enumerate(looks)]


def numbers(found):
    return [trial.number for trial in found]


class FixedSpeeds:
    """A machine that nothing has to be measured on."""

    def gan(self, config):
        return 400.0

    def classifier(self, config, channels, resolution):
        return 0.01


@pytest.fixture(scope="module")
def plan():
    made = make_plan(FACTS, RunSettings(dataset="phantom"), FixedSpeeds()).values
    return made.replace(gan_width=48, gan_learning_rate=4e-4, gan_augment="translation")


def test_the_grid_begins_with_the_plan_and_goes_around_it(plan):
    found = grid(plan, {})
    assert found[0] == {"gan_learning_rate": 4e-4, "gan_augment": "translation", "gan_width": 48}
    assert {knobs["gan_width"] for knobs in found} == {32, 48, 72}
    assert {knobs["gan_learning_rate"] for knobs in found} == {2e-4, 4e-4, 8e-4}
    assert len(found) == 3 * 4 * 3


def test_penalties_are_tried_together_where_there_are_any(plan):
    found = grid(plan.replace(gan_recipe="cpu-stable", gan_r1=1.0, gan_r2=2.0), {})
    assert {(knobs["gan_r1"], knobs["gan_r2"]) for knobs in found} == {(1, 2), (0.1, 0.2), (10, 20)}


def test_what_the_user_fixed_is_no_knob(plan):
    penalised = plan.replace(gan_recipe="cpu-stable", gan_r1=1.0, gan_r2=1.0)
    found = grid(penalised, {"gan_width": 48, "gan_r2": 1.0})
    assert found[0].keys() == {"gan_learning_rate", "gan_augment"}


def test_a_recipe_of_one_width_without_augmentation_keeps_both(plan):
    assert grid(plan.replace(gan_recipe="dcgan-source-64"), {})[0].keys() == {"gan_learning_rate"}


def test_a_width_too_small_to_shrink_is_not_tried_twice(plan):
    assert {knobs["gan_width"] for knobs in grid(plan.replace(gan_width=8), {})} == {8, 16}


def test_trials_are_drawn_by_the_seed_and_differ(plan):
    found = drawn(grid(plan, {}), 8, seed=1)
    assert found[0] == grid(plan, {})[0]
    assert len({str(knobs) for knobs in found}) == 8
    assert found == drawn(grid(plan, {}), 8, seed=1)
    assert found != drawn(grid(plan, {}), 8, seed=2)
    assert len(drawn(grid(plan, {})[:3], 8, seed=1)) == 3


def test_every_rung_halves_the_trials_until_two_are_left():
    assert [places_of(count) for count in (8, 4, 3, 2)] == [(8, 4, 2), (4, 2), (3, 2), (2,)]


@pytest.mark.parametrize("workers", [1, 2, 3, 16])
def test_the_rungs_fit_the_minutes_and_double(workers):
    places = places_of(8)
    first, second, third = seconds_of(10, places, workers)
    assert (second, third) == pytest.approx((2 * first, 4 * first), abs=0.2)
    rounds = [-(-count // workers) for count in places]
    spent = rounds[0] * first + rounds[1] * (second - first) + rounds[2] * (third - second)
    assert 0.75 * 600 < spent < 600


def test_equal_time_is_fewer_images_for_a_slower_network():
    assert kimg_of((10, 20), 400.0) == (4.0, 8.0)
    assert kimg_of((10, 20), 150.0) == (1.5, 3.0)


def test_the_lowest_distance_leads_and_void_ones_come_last():
    found = ranking(trials(look(3.0), look(1.0, nn_ratio_features=0.5), look(2.0), look(4.0)), 0)
    assert numbers(found) == [2, 0, 3, 1]


def test_a_diverged_trial_is_out():
    assert numbers(ranking(trials(look(3.0), DIVERGED, look(2.0)), 0)) == [2, 0]


def test_among_equals_the_plan_comes_first_then_the_lower_distance():
    assert numbers(ranking(trials(look(3.0, 1.5), look(2.5, 1.0), look(2.0, 1.0)), 0)) == [0, 2, 1]
    assert numbers(ranking(trials(look(3.0, 0.5), look(2.5, 0.4), look(2.0, 0.1)), 0)) == [2, 0, 1]


def test_the_plan_goes_on_beside_the_best():
    assert numbers(survivors(trials(look(9.0), look(1.0), look(3.0), look(2.0)), 0, 2)) == [0, 1]
    assert numbers(survivors(trials(DIVERGED, look(1.0), look(3.0), look(2.0)), 0, 2)) == [1, 3]


def report(plan, *looks, width=72):
    own = {"gan_width": plan.gan_width, "gan_learning_rate": plan.gan_learning_rate}
    other = {"gan_width": width, "gan_learning_rate": 2 * plan.gan_learning_rate}
    both = [Trial(number=n, knobs=(own, other)[n], kimg=(1.0,), looks=(one,)) for n, one in enumerate(looks)]
    return TuningReport(
        question={},
        plan=plan.replace(gan_kimg=40.0, gan_tick_kimg=1.0, gan_sample_kimg=10.0),
        seconds=(10.0,),
        places=(2,),
        workers=1,
        threads=1,
        speeds={48: 400.0, 72: 200.0},
        trials=tuple(both),
    )


def rules(plan):
    return dict.fromkeys(plan.model_dump(), "so the recipe has it")


def test_the_winner_is_laid_over_the_plan_and_fills_the_same_time(plan):
    found = decided(report(plan, look(0.021), look(0.012)), {}, rules(plan))
    assert found.winner == 1
    values = {name: override.value for name, override in found.result.items()}
    assert values["gan_width"] == 72
    assert (values["gan_kimg"], values["gan_tick_kimg"], values["gan_sample_kimg"]) == (20.0, 0.5, 5.0)
    reason = found.result["gan_width"].reason
    assert reason.startswith("tuning: the best of 2 short trainings")
    assert "validation images 0.0120 ± 0.0000, with the plan's own settings 0.0210" in reason
    assert reason.endswith("(the rule says 48: so the recipe has it)")


def test_the_reason_names_what_decided(plan):
    by_auc = decided(report(plan, look(0.6, 0.2, val_auc=0.5), look(0.7, 0.2, val_auc=0.8)), {}, rules(plan))
    assert by_auc.winner == 1
    assert "trained on its images alone 0.7000 ± 0.2000 and 0.800 ± 0.000, with" in by_auc.reason
    void = decided(report(plan, look(0.1, exact_copies=1.0), look(0.7)), {}, rules(plan))
    assert void.winner == 1
    assert void.reason.endswith("with the plan's own settings 0.1000 ± 0.0000 (void: too near to training images)")


def test_lengths_that_the_user_fixed_stay(plan):
    two = report(plan, look(0.021), look(0.012))
    assert "gan_tick_kimg" not in decided(two, {"gan_tick_kimg": 1.0}, rules(plan)).result
    assert decided(two, {"gan_kimg": 40.0}, rules(plan)).result.keys() == {"gan_width", "gan_learning_rate"}


def test_where_the_plan_wins_its_values_stay_and_the_reason_says_so(plan):
    found = decided(report(plan, look(0.021, 0.01), look(0.015, 0.01)), {}, rules(plan))
    assert found.winner == 0
    assert {name: override.value for name, override in found.result.items()} == found.trials[0].knobs
    assert "none was measurably better than that with the plan's own settings" in found.reason


def test_where_all_diverge_the_plan_stays(plan):
    found = decided(report(plan, DIVERGED, DIVERGED), {}, rules(plan))
    assert found.winner == 0
    assert "diverged, so the plan's own settings stay" in found.reason
    assert "the plan's own settings diverged" in decided(report(plan, DIVERGED, look(1.0)), {}, rules(plan)).reason


def test_a_tuning_from_before_classes_could_have_a_discriminator_each_goes_on_with_one(plan, tmp_path):
    asked = {"question": {}, "seconds": (1.0,), "places": (1,), "workers": 1, "threads": 1, "trials": ()}
    values = json.loads(TuningReport(plan=plan, **asked).model_dump_json())
    del values["plan"]["gan_discriminator"]
    (tmp_path / "tuning.json").write_text(json.dumps(values | {"schema": "tuning/1"}))
    assert TuningReport.load(tmp_path / "tuning.json").plan == plan
