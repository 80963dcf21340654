"""The rules on the study's classifiers: how long they train, in which arms, and what is compressed."""

import math
from types import SimpleNamespace
from typing import Any

from synthetyk.compression.names import DEFAULT_ROWS, EFFORTS, QUICK_ROWS
from synthetyk.evaluation.study.arms import BY_NAME, NAMES
from synthetyk.pipeline.configs import classifier_config, row_list
from synthetyk.pipeline.encoder_rules import OWN, pretraining_seconds, put_start
from synthetyk.pipeline.facts import Facts, Speeds
from synthetyk.pipeline.plan import Draft
from synthetyk.training.classifier import ClassifierConfig

ENOUGH = 1000  # classifier steps; more gained nothing on PneumoniaMNIST, head CTs, blood cells and chest X-rays
PRUDENCE = 0.85  # of the time: looks at validation images and a busier machine take the rest
JUDGING = 0.25  # of what training on an image costs: measured 0.1 to 0.27, EdgeNet and ResNet-18, 28 and 64 pixels
WORTH_IT = 0.9  # bf16 has to be a tenth faster before it is taken
WITH_TRAINING, PER_ROW = 40.0, 2.0  # seconds: for what is pruned and distilled at least; to make and measure a row


def put_classifier(draft: Draft, facts: Facts) -> None:
    """Choose what does not depend on the time: of classifiers, of the search for anomalies, of evaluation."""
    draft.put("classifier_width", 16, "wider was no better on PneumoniaMNIST, and 35 of them have to be trained")
    draft.put("classifier_batch_size", 64 if facts.images >= 500 else 32, "from the number of images")
    draft.put("classifier_flips", False, "mirrored anatomy is wrong anatomy; set it for cells and tissue")
    draft.put("classifier_views", 0, "each costs another prediction; set it to have them tried on validation images")
    draft.put(
        "anomaly_steps", 800, "200 did worse on validation images of PneumoniaMNIST; beyond the budget, when asked for"
    )
    draft.put("anomaly_code", 4, "of 1, 4 and 16 the best on validation images of phantom, level on PneumoniaMNIST's")
    draft.put("extractor", "learned", "trained on this data, needs no download")
    draft.put("evaluation_count", 2000, "bias shrinks with the count, and above it time grows for nothing")
    largest = max(facts.train_counts)
    draft.put("synthetic_per_class", min(5000, largest), "as many as the largest class, at most 5,000")


def put_classifier_budget(draft: Draft, facts: Facts, speeds: Speeds, shares: dict[str, float]) -> float:
    """Turn parts of the budget into steps and forms; return the seconds that are left where more would gain nothing.

    Args:
        draft: The plan in the making.
        facts: About data and machine.
        speeds: Measures how fast classifiers train here.
        shares: Seconds for ``study``, ``features`` and ``compress``.
    """
    put_positive(draft, facts)
    draft.put("study_seeds", 5, "the fewest that an interval over seeds can stand on")
    draft.put("study_workers", facts.threads, "single-threaded classifiers side by side beat one with more threads")
    draft.put("study_resamples", 2000, "enough for a 95% interval")
    pace = _pace(draft, speeds)
    before = pretraining_seconds(draft, shares["study"])
    judging = JUDGING * facts.judged * pace / draft["classifier_batch_size"]
    seconds = shares["study"] - before
    draft.put("study_arms", *_arms(draft, seconds, pace, judging))
    arms = draft["study_arms"].count(",") + 1
    turns = _turns(draft, arms)
    draft.put(
        "classifier_steps",
        _steps(seconds / turns - judging, pace),
        f"{seconds:.0f} s for {arms} arms of {draft['study_seeds']} seeds at {1000 * pace:.0f} ms a step measured here,"
        f" and no more than {ENOUGH}, which is enough",
    )
    put_start(draft, before, pace)
    own = pace if draft["classifier_encoder"] == OWN else _own_pace(draft, speeds)
    draft.put("features_steps", _steps(shares["features"], own), "its part of the budget, and no more than enough")
    spare = _spare(seconds - turns * judging, turns * draft["classifier_steps"], pace)
    spare += _spare(shares["features"], draft["features_steps"], own)
    return spare + _compression(draft, pace, shares["compress"])


def _compression(draft: Draft, pace: float, seconds: float) -> float:
    """Choose what is made of the classifier, and how long what has to be trained is trained; return what is left."""
    every, quick = ",".join(DEFAULT_ROWS), ",".join(QUICK_ROWS)
    if seconds < WITH_TRAINING:
        draft.put("compress_rows", quick, f"{seconds:.0f} s carry what needs next to no training")
    else:
        draft.put("compress_rows", every, f"{seconds:.0f} s carry everything")
    rows = row_list(draft["compress_rows"])
    trained = {variant: effort for variant, effort in EFFORTS.items() if any(row.startswith(variant) for row in rows)}
    left = max(0.0, seconds - PER_ROW * (4 + len(rows)))
    efforts = max(1, sum(trained.values()))
    steps = _steps(left / efforts, 2 * pace) if pace else 100
    why = f"{left:.0f} s for {len(trained)} trainings, at twice a step's time since the original looks too"
    draft.put("compress_steps", min(steps, 500), why)
    return _spare(left, efforts * draft["compress_steps"], 2 * pace)


def put_positive(draft: Draft, facts: Facts) -> None:
    """Choose the class whose recall is called sensitivity."""
    if facts.classes == 2 and facts.normal == facts.class_names[1]:
        draft.put("positive_class", facts.class_names[0], f"the other one, {facts.normal}, is the normal one")
    else:
        draft.put("positive_class", "", "the second in natural order, unless named")


def _arms(draft: Draft, seconds: float, pace: float, judging: float) -> tuple[str, str]:
    """Return the study's arms: those that not every study has cost it no step of the others."""
    every = ",".join(BY_NAME)
    if pace and _steps(seconds / _turns(draft, len(BY_NAME)) - judging, pace) == ENOUGH:
        return every, f"the time carries all of them for {ENOUGH} steps, which is enough"
    return ",".join(NAMES), "those that every study has; the time carries no more without fewer steps for all"


def _turns(draft: Draft, arms: int) -> int:
    """Return how many classifiers a worker trains one after the other."""
    turns: int = math.ceil(arms * draft["study_seeds"] * draft["gan_seeds"] / draft["study_workers"])
    return turns


def _pace(draft: Draft, speeds: Speeds) -> float:
    """Choose the classifiers' precision by measurement; return seconds per step, 0 if no step depends on it."""
    if draft.fixed("classifier_steps", "features_steps"):
        draft.put("classifier_precision", "fp32", "nothing had to be measured")
        return 0.0
    measured = {}
    for precision in ("fp32", "bf16"):
        trial = _trial(draft, classifier_precision=precision)
        measured[precision] = speeds.classifier(trial, draft["channels"], draft["resolution"])
        draft.measured[f"classifier_seconds_per_step_{precision}"] = round(measured[precision], 5)
    best = "bf16" if measured["bf16"] < WORTH_IT * measured["fp32"] else "fp32"
    words = "; ".join(f"{name}: {1000 * seconds:.0f} ms a step" for name, seconds in measured.items())
    draft.put("classifier_precision", best, words)
    return measured[draft["classifier_precision"]]


def _own_pace(draft: Draft, speeds: Speeds) -> float:
    """Return seconds per step of the feature network, which stays small; 0 if no step depends on it."""
    if draft.fixed("features_steps"):
        return 0.0
    return speeds.classifier(_trial(draft).replace(encoder=OWN), draft["channels"], draft["resolution"])


def _trial(draft: Draft, **changes: Any) -> ClassifierConfig:
    """Return a classifier of the draft's kind, to be measured; a frozen encoder would make it look faster."""
    values = SimpleNamespace(**draft.values | {"classifier_frozen_steps": 0} | changes)
    return classifier_config(values, steps=100, seed=0)


def _steps(seconds: float, pace: float) -> int:
    affordable = int(PRUDENCE * seconds / pace) if pace else ENOUGH
    return max(60, min(ENOUGH, affordable))


def _spare(seconds: float, steps: int, pace: float) -> float:
    """Return what so many steps leave of some seconds; nothing where no step was measured."""
    return max(0.0, seconds - steps * pace / PRUDENCE) if pace else 0.0
