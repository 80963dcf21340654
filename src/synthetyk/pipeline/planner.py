"""The rules that make a plan: each value from the data, the machine and the budget, with its reason in words."""

import math
from types import SimpleNamespace
from typing import Any

from synthetyk.compression.names import DEFAULT_ROWS, EFFORTS, QUICK_ROWS
from synthetyk.core.errors import ConfigError
from synthetyk.evaluation.study.arms import BY_NAME, NAMES
from synthetyk.pipeline.configs import classifier_config, compression_config, gan_config, row_list, study_config
from synthetyk.pipeline.encoder_rules import OWN, check_encoder, pretraining_seconds, put_encoder, put_start
from synthetyk.pipeline.facts import Facts, Speeds
from synthetyk.pipeline.plan import Draft, Plan
from synthetyk.pipeline.settings import Goal, RunSettings
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.recipes import Recipe, recipe

# Parts of the budget; the rest is for reading the data, calibration, generating and the report.
SHARES = {
    "run": {"gan": 0.34, "features": 0.05, "study": 0.42, "compress": 0.07},
    "train": {"gan": 0.85},
}
TWO_GANS_SECONDS = 480.0
MARGIN = 0.78  # of the measured speed: scoring generators, checkpoints and the monitor take their time too
ENOUGH = 1000  # classifier steps; more gained nothing on PneumoniaMNIST, head CTs, blood cells and chest X-rays
FEW, ENOUGH_IMAGES = 500, 2000  # below, training images are learned by heart; above, small ones need no augmentation
MORE_SPREAD = 8  # times the weight for few images, of which a generator draws the more alike ones
WORTH_IT = 0.9  # bf16 has to be a tenth faster before it is taken
WITH_TRAINING, PER_ROW = 40.0, 2.0  # seconds: for what is pruned and distilled at least; to make and measure a row
# A run that was begun to train only may be studied and compressed later all the same.
LATER = {"features": 30.0, "study": 240.0, "compress": 60.0}


def make_plan(facts: Facts, settings: RunSettings, speeds: Speeds) -> Plan:
    """Derive the plan.

    Raises:
        ConfigError: A value that the user fixed is unknown or refused.
    """
    draft = plan_images(facts, settings)
    shares = {name: share * settings.budget_seconds for name, share in SHARES[settings.goal].items()}
    _gan(draft, facts)
    _gan_seeds(draft, settings.goal, shares["gan"])
    _gan_budget(draft, facts, speeds, shares["gan"])
    put_encoder(draft, weights=bool(settings.encoder_weights))
    _classifier(draft, facts)
    _classifier_budget(draft, facts, speeds, shares if settings.goal == "run" else LATER)
    return checked(draft.plan(), facts, settings)


def plan_images(facts: Facts, settings: RunSettings) -> Draft:
    """Begin a plan: how large the images are, and how they become so.

    Raises:
        ConfigError: A value that the user fixed is unknown or refused.
    """
    draft = Draft(settings.overrides)
    _recipe(draft, facts)
    _images(draft, facts, settings)
    return draft


def checked(plan: Plan, facts: Facts, settings: RunSettings) -> Plan:
    """Return the plan if every stage can work with it: what is wrong is said before anything is trained.

    Raises:
        ConfigError: A value does not fit the others, the data or the weights at hand.
    """
    values = plan.values
    gan_config(values, classes=facts.classes, seed=0)
    study_config(values, seed=0)
    compression_config(values, seed=0)
    check_encoder(values, weights=bool(settings.encoder_weights))
    extractors = ["learned", *settings.weights]
    if values.extractor not in extractors:
        action = "Give the weights of a feature network, for example --squeezenet FILE"
        raise ConfigError(f"The extractor is {values.extractor!r}", expected=" or ".join(extractors), action=action)
    if values.positive_class and values.positive_class not in facts.class_names:
        expected = f"one of {', '.join(facts.class_names)}" if facts.class_names else "nothing: there are no classes"
        raise ConfigError(f"The positive class is {values.positive_class!r}", expected=expected)
    return plan


def _recipe(draft: Draft, facts: Facts) -> None:
    draft.put("device", "cuda" if facts.gpu else "cpu", "there is a GPU" if facts.gpu else "torch sees no GPU here")
    place = "gpu" if draft["device"] == "cuda" else "cpu"
    if facts.processes > 1:
        why = f"{facts.processes} processes train along, which batch normalisation does not allow"
        draft.put("gan_recipe", f"{place}-stable", why)
    elif place == "gpu":
        draft.put("gan_recipe", "gpu", "many cheap steps beat few expensive ones, and a GPU carries larger batches")
    else:
        draft.put("gan_recipe", "cpu-fast", "on a CPU many cheap steps beat few expensive ones")


def _images(draft: Draft, facts: Facts, settings: RunSettings) -> None:
    only = recipe(draft["gan_recipe"]).resolution
    if only:
        draft.put("resolution", only, f"the recipe {draft['gan_recipe']} knows no other size")
    elif facts.side <= 30:
        draft.put("resolution", 28, f"images are {facts.side} pixels small, the size of MedMNIST")
    elif facts.side < 48:
        draft.put("resolution", 32, f"the median shorter side is {facts.side} pixels")
    else:
        _large_images(draft, facts, settings.budget_seconds)
    draft.put("channels", 3 if facts.colour else 1, "some images have colours" if facts.colour else "all are grey")
    square = facts.aspect <= 1.15
    draft.put(
        "fit",
        "stretch" if square else "pad",
        f"the longer side is {facts.aspect:.2f} times the shorter: "
        + ("near enough to square" if square else "a border keeps the anatomy's proportions"),
    )
    draft.put("train_fraction", 1.0, "all training images, unless asked otherwise")


def _large_images(draft: Draft, facts: Facts, seconds: float) -> None:
    """Choose a size of 64 pixels or more."""
    why, on_gpu = f"the median shorter side is {facts.side} pixels", draft["device"] == "cuda"
    if facts.side >= 192 and on_gpu and seconds >= 3600:
        draft.put("resolution", 256, f"{why} and a GPU carries it")
    elif facts.side >= 96 and (on_gpu or seconds >= 3600):
        draft.put("resolution", 128, f"{why} and the budget carries it")
    else:
        draft.put("resolution", 64, why + (", and at 128 a CPU needs an hour" if facts.side >= 96 else ""))


def _gan(draft: Draft, facts: Facts) -> None:
    draft.put("conditional", facts.classes > 1, "one generator for all classes shares what they have in common")
    chosen, says = recipe(draft["gan_recipe"]), f"recipe {draft['gan_recipe']}"
    size = chosen.size(draft["resolution"])
    draft.put("latent", chosen.latent, says)
    draft.put("gan_width", size.width, says)
    draft.put("gan_batch_size", size.batch_size, says)
    draft.put("gan_optimizer", chosen.optimizer, says)
    draft.put("gan_r1", size.r1, says)
    draft.put("gan_r2", size.r2, says)
    few = facts.images < FEW and chosen.augmented
    rate, spread = (size.learning_rate / 2, chosen.spread * MORE_SPREAD) if few else (size.learning_rate, chosen.spread)
    draft.put("gan_learning_rate", rate, f"{says}, halved for fewer than {FEW} images" if few else says)
    draft.put(
        "gan_spread", spread, f"{says}, {MORE_SPREAD} times for fewer than {FEW} images" if few and spread else says
    )
    draft.put("gan_augment", *_augmentation(chosen, facts.images, draft["resolution"]))


def _augmentation(chosen: Recipe, images: int, resolution: int) -> tuple[str, str]:
    """Return a DiffAugment policy and the reason for it."""
    if not chosen.augmented:
        return "", "the recipe has none"
    if images < FEW:
        return "translation,cutout", f"{images} images are soon learned by heart"
    if images < ENOUGH_IMAGES or resolution > 32:
        return "translation", f"{images} images are few for a discriminator"
    return "", f"{images} images so small are enough, and none loses its edge"


def _gan_seeds(draft: Draft, goal: Goal, seconds: float) -> None:
    if goal == "train":
        draft.put("gan_seeds", 1, "one was asked for")
    elif seconds >= TWO_GANS_SECONDS:
        draft.put("gan_seeds", 2, f"{seconds:.0f} s carry two, side by side")
    else:
        draft.put("gan_seeds", 1, f"{seconds:.0f} s carry one; the study's interval then holds for that one GAN")


def _gan_budget(draft: Draft, facts: Facts, speeds: Speeds, seconds: float) -> None:
    if draft.fixed("gan_kimg"):
        draft.put("threads", max(1, facts.threads // draft["gan_seeds"]), "this machine's, shared by the GANs")
        draft.put("gan_precision", "fp32", "nothing had to be measured")
        speed = 0.0
    else:
        speed = facts.processes * _fastest(draft, facts, speeds)
    kimg = max(1.0, round(MARGIN * speed * seconds / 1000, 1))
    draft.put("gan_kimg", kimg, f"{seconds:.0f} s at {speed:.0f} images/s, a part of it for looks and files")
    kimg = draft["gan_kimg"]
    averaged = recipe(draft["gan_recipe"]).averaged
    half_life = round(min(10.0, kimg * 0.05), 6) if averaged else 0.0
    draft.put("gan_ema_kimg", half_life, "a twentieth of the training, at most 10 kimg" if averaged else "the recipe's")
    draft.put("gan_tick_kimg", round(kimg / 60, 6), "60 lines of metrics")
    draft.put("gan_checkpoint_kimg", round(kimg / 20, 6), "20 checkpoints: a kill loses at most a twentieth")
    looks = min(12, max(4, round(seconds / 30)))
    draft.put("gan_sample_kimg", round(kimg / looks, 6), f"{looks} looks, each of which costs some seconds")


def _fastest(draft: Draft, facts: Facts, speeds: Speeds) -> float:
    """Choose the number of threads, then the precision, by measurement; return images per second.

    On a busy machine more threads are slower. What the user fixed is all that is measured.
    """
    wish, precise = draft.wish("gan_precision"), recipe(draft["gan_recipe"]).precise
    precision, most = wish or "fp32", max(1, facts.threads // draft["gan_seeds"])
    counts = [draft.wish("threads")] if draft.fixed("threads") else sorted({1, most})
    measured = {threads: _measured(draft, facts, speeds, threads, precision) for threads in counts}
    best = max(measured, key=lambda threads: measured[threads])
    draft.put("threads", best, "; ".join(f"{threads}: {speed:.0f} images/s" for threads, speed in measured.items()))
    if wish or precise:
        why = "the recipe is a reference" if precise else "no other was measured"
        draft.put("gan_precision", "fp32" if precise else precision, why)
        return measured[best]
    halved = _measured(draft, facts, speeds, best, "bf16")
    better = measured[best] < WORTH_IT * halved
    words = f"fp32: {measured[best]:.0f} images/s; bf16: {halved:.0f} images/s"
    draft.put("gan_precision", "bf16" if better else "fp32", words)
    return halved if better else measured[best]


def _measured(draft: Draft, facts: Facts, speeds: Speeds, threads: int, precision: str) -> float:
    """Measure images per second with the draft's other values."""
    spaces = dict.fromkeys(("gan_ema_kimg", "gan_tick_kimg", "gan_checkpoint_kimg", "gan_sample_kimg"), 1.0)
    trial = SimpleNamespace(**draft.values | spaces | {"threads": threads, "gan_precision": precision, "gan_kimg": 1.0})
    speed = speeds.gan(gan_config(trial, classes=facts.classes, seed=0))
    draft.measured[f"gan_images_per_second_{threads}_threads_{precision}"] = round(speed, 1)
    return speed


def _classifier(draft: Draft, facts: Facts) -> None:
    draft.put("classifier_width", 16, "wider was no better on PneumoniaMNIST, and 35 of them have to be trained")
    draft.put("classifier_batch_size", 64 if facts.images >= 500 else 32, "from the number of images")
    draft.put("classifier_learning_rate", 4e-3, "the best on PneumoniaMNIST's validation split")
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


def _classifier_budget(draft: Draft, facts: Facts, speeds: Speeds, shares: dict[str, float]) -> None:
    draft.put("positive_class", *_positive(facts))
    draft.put("study_seeds", 5, "the fewest that an interval over seeds can stand on")
    draft.put("study_workers", facts.threads, "single-threaded classifiers side by side beat one with more threads")
    draft.put("study_resamples", 2000, "enough for a 95% interval")
    pace = _pace(draft, speeds)
    before = pretraining_seconds(draft, shares["study"])
    seconds = shares["study"] - before
    draft.put("study_arms", *_arms(draft, seconds, pace))
    arms = draft["study_arms"].count(",") + 1
    draft.put(
        "classifier_steps",
        _steps(seconds / _turns(draft, arms), pace),
        f"{seconds:.0f} s for {arms} arms of {draft['study_seeds']} seeds at {1000 * pace:.0f} ms a step measured here,"
        f" and no more than {ENOUGH}, which is enough",
    )
    put_start(draft, before, pace)
    own = pace if draft["classifier_encoder"] == OWN else _own_pace(draft, speeds)
    draft.put("features_steps", _steps(shares["features"], own), "its part of the budget, and no more than enough")
    _compression(draft, pace, shares["compress"])


def _compression(draft: Draft, pace: float, seconds: float) -> None:
    """Choose what is made of the classifier, and how long what has to be trained is trained."""
    every, quick = ",".join(DEFAULT_ROWS), ",".join(QUICK_ROWS)
    if seconds < WITH_TRAINING:
        draft.put("compress_rows", quick, f"{seconds:.0f} s carry what needs next to no training")
    else:
        draft.put("compress_rows", every, f"{seconds:.0f} s carry everything")
    rows = row_list(draft["compress_rows"])
    trained = {variant: effort for variant, effort in EFFORTS.items() if any(row.startswith(variant) for row in rows)}
    left = max(0.0, seconds - PER_ROW * (4 + len(rows)))
    steps = _steps(left / max(1, sum(trained.values())), 2 * pace) if pace else 100
    why = f"{left:.0f} s for {len(trained)} trainings, at twice a step's time since the original looks too"
    draft.put("compress_steps", min(steps, 500), why)


def _positive(facts: Facts) -> tuple[str, str]:
    """Return the class whose recall is called sensitivity, and the reason for it."""
    if facts.classes == 2 and facts.normal == facts.class_names[1]:
        return facts.class_names[0], f"the other one, {facts.normal}, is the normal one"
    return "", "the second in natural order, unless named"


def _arms(draft: Draft, seconds: float, pace: float) -> tuple[str, str]:
    """Return the study's arms: those that not every study has cost it no step of the others."""
    every = ",".join(BY_NAME)
    if pace and _steps(seconds / _turns(draft, len(BY_NAME)), pace) == ENOUGH:
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
    affordable = int(0.85 * seconds / pace) if pace else ENOUGH
    return max(60, min(ENOUGH, affordable))
