import json
import math

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from synthetyk.training.monitor import (
    MonitorConfig,
    StabilityMonitor,
    mean_pairwise_distance,
    won_message,
)

HEALTHY = {"d_loss": 1.1, "g_loss": 1.2, "d_real_accuracy": 0.8, "d_fake_accuracy": 0.8, "g_gradient": 5.0}
CONFIG = MonitorConfig(warmup_kimg=0, collapse_patience=3)


def noise(count=20, spread=60):
    return np.random.default_rng(0).normal(128, spread, (count, 1, 8, 8)).clip(0, 255).astype(np.uint8)


def watch(config=CONFIG, features=None, **groups):
    return StabilityMonitor(config, groups or {"all": noise()}, features)


def kinds(monitor, ticks, ratios=None):
    return [finding.kind for tick in ticks for finding in monitor.look(50, tick, ratios or {})]


@pytest.mark.parametrize(
    ("classes", "count"), [(0, 64), (1, 64), (2, 64), (8, 64), (9, 56), (16, 32), (64, 8), (65, 8), (1000, 8)]
)
def test_of_many_classes_fewer_images_each_are_looked_at(classes, count):
    assert MonitorConfig().samples_of_each(classes) == count


def test_as_many_images_as_were_asked_for_are_looked_at_of_few_classes():
    assert MonitorConfig(samples=500).samples_of_each(8) == 500


def test_mean_pairwise_distance_is_scipys():
    rows = np.random.default_rng(1).normal(size=(12, 5)).astype(np.float32)
    assert mean_pairwise_distance(rows) == pytest.approx(pdist(rows).mean(), rel=1e-6)


def test_real_images_against_themselves_are_as_diverse_as_real_images():
    monitor = watch(a=noise(), b=noise()[::-1])
    assert monitor.ratios({"a": noise(), "b": noise()}) == pytest.approx(
        {"diversity_pixels/a": 1, "diversity_pixels/b": 1}
    )


def test_collapse_is_said_once_after_it_lasted_and_again_after_it_was_over():
    monitor = watch()
    collapsed, well = {"diversity_pixels/all": 0.05}, {"diversity_pixels/all": 0.9}
    said = [len(monitor.look(50, HEALTHY, ratios)) for ratios in [collapsed] * 5 + [well] + [collapsed] * 3]
    assert said == [0, 0, 1, 0, 0, 0, 0, 0, 1]


def test_images_that_are_alike_but_less_so_at_every_tick_are_no_collapse():
    rising = [{"diversity_pixels/all": 0.1 * 1.1**tick} for tick in range(8)]
    monitor = watch()
    assert not any(monitor.look(50, HEALTHY, ratios) for ratios in rising)
    falling = [{"diversity_pixels/all": 0.2 * 0.9**tick} for tick in range(4)]
    assert any(monitor.look(50, HEALTHY, ratios) for ratios in falling)


def test_collapse_within_one_class_is_said_with_its_name_and_figures():
    monitor = watch(a=noise(), b=noise())
    same = np.repeat(noise(1), 20, axis=0)
    ratios = monitor.ratios({"a": noise(), "b": same})
    for _ in range(3):
        findings = monitor.look(50, HEALTHY, ratios)
    assert [finding.kind for finding in findings] == ["collapse"]
    assert "of b, in pixels, differ from each other only 0.00" in findings[0].message
    assert str(findings[0]).endswith(".")


def test_collapse_in_features_is_seen_where_pixels_still_differ():
    monitor = watch(features=lambda images: images.reshape(len(images), -1)[:, :1].astype(np.float32))
    samples = noise()
    samples[:, :, 0, 0] = 7
    ratios = monitor.ratios({"all": samples})
    assert ratios["diversity_pixels/all"] > 0.9
    assert kinds(monitor, [HEALTHY] * 3, ratios) == ["collapse"]


def test_the_diversity_of_an_untrained_generator_is_not_judged_but_is_not_calm_either():
    monitor = watch(MonitorConfig(warmup_kimg=10))
    low = {"diversity_pixels/all": 0.01}
    assert not any(monitor.look(kimg, HEALTHY, low) for kimg in range(10))
    assert not monitor.calm


@pytest.mark.parametrize(("total", "first"), [(4, None), (10, None), (20, 12), (50, 12), (100, 22)])
def test_the_warm_up_is_10_kimg_or_a_fifth_of_a_longer_training(total, first):
    monitor = StabilityMonitor(MonitorConfig(collapse_patience=2), {"all": noise()}, total_kimg=total)
    low = {"diversity_pixels/all": 0.01}
    judged = [kimg for kimg in range(1, total + 1) if monitor.look(kimg, HEALTHY, low)]
    assert judged == ([first] if first else [])


def test_a_discriminator_that_is_sure_in_the_warm_up_has_not_won():
    monitor = watch(MonitorConfig(warmup_kimg=100))
    assert kinds(monitor, [sure(5 + 0.3 * tick) for tick in range(12)]) == []


def test_a_low_generator_loss_that_rises_is_no_sign():
    assert won_message([sure(1 + 0.3 * tick) for tick in range(12)], CONFIG) is None


def test_a_class_with_one_image_is_not_watched():
    monitor = watch(a=noise(), b=noise(1))
    assert list(monitor.ratios({"a": noise(), "b": noise()})) == ["diversity_pixels/a"]


@pytest.mark.parametrize("name", ["d_loss", "g_loss"])
def test_an_exploded_loss_is_a_divergence(name):
    assert kinds(watch(), [HEALTHY] * 5 + [HEALTHY | {name: 100.0}] * 3) == ["divergence"]


def test_a_generator_loss_that_runs_away_is_a_divergence():
    assert kinds(watch(), [HEALTHY] * 9 + [HEALTHY | {"g_loss": 12.0}] * 3) == ["divergence"]


def test_one_bad_tick_is_no_divergence_but_not_calm():
    monitor = watch()
    assert kinds(monitor, [HEALTHY] * 5 + [HEALTHY | {"g_loss": 100.0}]) == []
    assert not monitor.calm
    monitor.look(50, HEALTHY, {})
    assert monitor.calm


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_no_number_is_said_at_once(value):
    findings = watch().look(0, HEALTHY | {"g_loss": value}, {})
    assert [finding.kind for finding in findings] == ["nan"]
    assert "g_loss" in findings[0].message


def sure(g_loss, g_gradient=5.0):
    return HEALTHY | {"d_real_accuracy": 1.0, "d_fake_accuracy": 1.0, "g_loss": g_loss, "g_gradient": g_gradient}


def test_a_discriminator_that_is_sure_while_the_generators_loss_rises_has_won():
    assert kinds(watch(), [HEALTHY] * 5 + [sure(5 + 0.3 * tick) for tick in range(12)]) == ["discriminator_won"]


def test_a_discriminator_that_is_sure_while_the_generators_gradient_vanishes_has_won():
    ticks = [HEALTHY] * 12 + [sure(5.0, g_gradient=1e-4)] * 10
    assert kinds(watch(), ticks) == ["discriminator_won"]


def test_a_discriminator_that_is_sure_and_has_nothing_left_to_learn_has_won():
    sated = [sure(1.3) | {"d_loss": 0.001}] * 12
    assert "its own loss stayed below 0.001" in won_message(sated, CONFIG)
    assert won_message([*sated[:11], sure(1.3) | {"d_loss": 0.02}], CONFIG) is None


def test_a_discriminator_that_is_sure_while_the_generator_learns_has_not_won():
    assert won_message([sure(5 - 0.1 * tick) for tick in range(20)], CONFIG) is None


def test_a_remembered_monitor_goes_on_where_it_was():
    monitor, other = watch(), watch()
    collapsed = {"diversity_pixels/all": 0.05}
    for _ in range(2):
        monitor.look(50, HEALTHY, collapsed)
    other.load_state_dict(json.loads(json.dumps(monitor.state_dict())))
    assert len(other.look(50, HEALTHY, collapsed)) == 1


def test_memory_is_bounded():
    monitor = watch()
    kinds(monitor, [HEALTHY] * 300)
    assert len(monitor.state_dict()["history"]) == monitor.HISTORY
