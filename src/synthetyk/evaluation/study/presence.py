"""What classifiers of normal, benign and malignant say when they are asked twice: is there anything, and what is it?"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from synthetyk.data.dataset import Subset
from synthetyk.evaluation.study.report import PresenceAndType, Spread, StudyConfig
from synthetyk.metrics.auc import weighted_macro_auc
from synthetyk.metrics.bootstrap import ArmSamples, Statistic, joint_samples
from synthetyk.metrics.checks import Floats
from synthetyk.metrics.presence import presence_of, type_of, weighted_sensitivity, weighted_specificity

Spreads = Callable[[Sequence[float], ArmSamples], Spread]


def asked_twice(
    arm: str, said: Floats, test: Subset, config: StudyConfig, *, spread: Spreads
) -> PresenceAndType | None:
    """Score presence and type apart; None without a normal class or with fewer than two others.

    Args:
        arm: The arm's name.
        said: Probabilities on the test split, ``(G, S, N, K)``.
        test: The test split.
        config: Of the study; names the normal class.
        spread: Puts one value for each classifier and their bootstrap into the report's words.

    Raises:
        MetricError: A class lies in too few groups to be resampled.
    """
    names = test.class_names
    if config.normal_class not in names or len(names) < 3:
        return None
    normal = names.index(config.normal_class)
    types = [name for name in names if name != config.normal_class]
    found = test.labels != normal
    ask = partial(_scores, arm=arm, config=config, spread=spread)
    kinds = test.labels[found] - (test.labels[found] > normal)
    named = [types.index(config.positive_type) if config.positive_type in types else 1]
    return PresenceAndType(
        presence=ask(presence_of(said, normal), found.astype(np.int64), test.groups, [1]),
        type=ask(
            type_of(said[:, :, found], normal),
            kinds,
            test.groups[found],
            named if len(types) == 2 else list(range(len(types))),
        ),
    )


def _scores(
    said: Floats,
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    positive: list[int],
    *,
    arm: str,
    config: StudyConfig,
    spread: Spreads,
) -> dict[str, Spread]:
    once, each = np.ones((1, len(labels))), said.reshape(-1, *said.shape[2:])
    draw = partial(joint_samples, arm=arm, resamples=config.resamples, seed=config.seed)
    return {
        name: spread([float(of(p, labels, once)[0]) for p in each], draw(of, said, labels, groups))
        for name, of in statistics(positive).items()
    }


def statistics(positive: list[int]) -> Mapping[str, Statistic]:
    """Return what is measured, by name, of the classes that are to be found."""
    return {
        "auc": weighted_macro_auc,
        "sensitivity": partial(weighted_sensitivity, positive=positive),
        "specificity": partial(weighted_specificity, positive=positive),
    }
