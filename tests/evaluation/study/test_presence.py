import numpy as np
import pytest
from sklearn.metrics import recall_score, roc_auc_score

from synthetyk.data.dataset import Subset
from synthetyk.evaluation.study.analysis import _bootstrapped
from synthetyk.evaluation.study.presence import asked_twice
from synthetyk.evaluation.study.report import PresenceAndType, StudyConfig

NAMES = ("benign", "malignant", "normal")
CONFIG = StudyConfig(normal_class="normal", resamples=200)
RNG = np.random.default_rng(0)
LABELS = np.arange(120) % 3
SAID = (RNG.dirichlet(np.ones(3), (1, 4, 120)) + 0.7 * np.eye(3)[LABELS]) / 1.7


def subset(names=NAMES) -> Subset:
    rows = np.arange(120)
    return Subset(np.zeros((120, 1, 2, 2), dtype=np.uint8), rows, LABELS, rows // 4, names)


def asked(config: StudyConfig = CONFIG, names=NAMES) -> PresenceAndType | None:
    return asked_twice("real", SAID, subset(names), config, spread=_bootstrapped)


def test_presence_is_any_class_against_the_normal_one():
    found, there = asked(), LABELS != 2
    wanted = np.mean([roc_auc_score(there, 1 - p[:, 2]) for p in SAID[0]])
    assert found.presence["auc"].mean == pytest.approx(wanted)
    called = [p[:, 2] < 0.5 for p in SAID[0]]
    assert found.presence["sensitivity"].mean == pytest.approx(np.mean([recall_score(there, c) for c in called]))
    assert found.presence["specificity"].mean == pytest.approx(np.mean([recall_score(~there, ~c) for c in called]))


def test_type_is_asked_only_of_images_that_show_something():
    found, there = asked(), LABELS != 2
    said = [p[there, 1] / p[there, :2].sum(axis=1) for p in SAID[0]]
    assert found.type["auc"].mean == pytest.approx(np.mean([roc_auc_score(LABELS[there], p) for p in said]))
    wanted = np.mean([recall_score(LABELS[there], p > 0.5) for p in said])
    assert found.type["sensitivity"].mean == pytest.approx(wanted)


def test_the_type_whose_recall_is_sensitivity_can_be_the_first():
    first, second = asked(CONFIG.replace(positive_type="benign")), asked()
    assert first.type["sensitivity"] == second.type["specificity"]
    assert first.presence == second.presence


def test_every_interval_holds_its_mean():
    found = asked()
    for each in (*found.presence.values(), *found.type.values()):
        assert each.low < each.mean < each.high


def test_more_types_than_two_are_averaged():
    names = ("a", "b", "c", "normal")
    labels = np.arange(120) % 4
    said = (RNG.dirichlet(np.ones(4), (1, 2, 120)) + np.eye(4)[labels]) / 2
    four = Subset(np.zeros((120, 1, 2, 2), dtype=np.uint8), np.arange(120), labels, np.arange(120), names)
    found = asked_twice("real", said, four, CONFIG, spread=_bootstrapped)
    there = labels < 3
    called = [p[there, :3].argmax(axis=1) for p in said[0]]
    wanted = np.mean([recall_score(labels[there], c, average="macro") for c in called])
    assert found.type["sensitivity"].mean == pytest.approx(wanted)


def test_without_a_normal_class_or_with_one_other_nothing_is_asked():
    assert asked(CONFIG.replace(normal_class=None)) is None
    assert asked(CONFIG.replace(normal_class="healthy")) is None
    two = subset(("benign", "normal"))
    assert asked_twice("real", SAID[..., :2], two, CONFIG, spread=_bootstrapped) is None
