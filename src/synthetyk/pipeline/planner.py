"""The rules that make a plan: each value from the data, the machine and the budget, with its reason in words."""

from types import SimpleNamespace

from synthetyk.core.errors import ConfigError
from synthetyk.pipeline.classifier_rules import WORTH_IT, put_classifier, put_classifier_budget, put_positive
from synthetyk.pipeline.configs import compression_config, gan_config, study_config, why_shared
from synthetyk.pipeline.encoder_rules import check_encoder, put_encoder, suit_encoder
from synthetyk.pipeline.facts import Facts, Speeds
from synthetyk.pipeline.plan import Draft, Plan
from synthetyk.pipeline.settings import Goal, RunSettings
from synthetyk.training.recipes import Recipe, recipe

# Parts of the budget; the rest is for reading the data, calibration, generating and the report.
SHARES = {
    "run": {"gan": 0.34, "features": 0.05, "study": 0.42, "compress": 0.07},
    "train": {"gan": 0.85},
}
TWO_GANS_SECONDS = 480.0
MARGIN = 0.78  # of the measured speed: scoring generators, checkpoints and the monitor take their time too
FEW, ENOUGH_IMAGES = 500, 2000  # below, training images are learned by heart; above, small ones need no augmentation
# What a discriminator per class wants of its class: images to learn from, and images a step; and no larger images. So
# it was measured to help; at 64 pixels with half as many a step, and with few images, it was worse.
CLASS_IMAGES, CLASS_BATCH, CLASS_RESOLUTION = 1000, 16, 32
MORE_SPREAD = 8  # times the weight for few images, of which a generator draws the more alike ones
# On a GPU longer trainings of chest X-rays drew worse images: the best were seen after 100 to 230 epochs.
MOST_EPOCHS, LEAST_KIMG = 300, 1000
# A run that was begun to train only may be studied and compressed later all the same.
LATER = {"features": 30.0, "study": 240.0, "compress": 60.0}


def make_plan(facts: Facts, settings: RunSettings, speeds: Speeds) -> Plan:
    """Derive the plan.

    Raises:
        ConfigError: A value that the user fixed is unknown or refused.
    """
    draft = plan_images(facts, settings)
    facts = facts.part(draft["train_fraction"])
    shares = {name: share * settings.budget_seconds for name, share in SHARES[settings.goal].items()}
    _gan(draft, facts)
    _gan_seeds(draft, settings.goal, shares["gan"])
    put_encoder(draft, weights=bool(settings.encoder_weights))
    put_classifier(draft, facts)
    spare = put_classifier_budget(draft, facts, speeds, shares if settings.goal == "run" else LATER)
    _gan_budget(draft, facts, speeds, shares["gan"], spare if settings.goal == "run" else 0.0)
    return checked(draft.plan(), facts, settings)


def replanned(before: Plan, facts: Facts, settings: RunSettings) -> Plan:
    """Return a plan of the same data with what was fixed and said of its classes since; nothing is measured again.

    Args:
        before: The plan.
        facts: About data and machine.
        settings: As they are now.

    Raises:
        ConfigError: As `make_plan`.
    """
    draft = Draft.of(before.patched(settings.overrides), settings.overrides)
    _suit_discriminator(draft, facts.part(draft["train_fraction"]))
    suit_encoder(draft, before.values)
    put_positive(draft, facts)
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
    draft.put("gan_discriminator", *_discriminator(draft, chosen, facts))
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


def _discriminator(draft: Draft, chosen: Recipe, facts: Facts) -> tuple[str, str]:
    """Return whether classes share a discriminator, and the reason for it."""
    if not draft["conditional"] or facts.classes < 2:
        return "shared", "there is one class, or none is told apart"
    if not chosen.per_class or why_shared(chosen):
        return "shared", f"recipe {draft['gan_recipe']}"
    if draft["device"] == "cuda" or draft["resolution"] > CLASS_RESOLUTION:
        return "shared", f"one each was measured to help on a CPU and up to {CLASS_RESOLUTION} pixels only"
    fewest, a_step = min(facts.train_counts), draft["gan_batch_size"] // facts.classes
    found = f"the rarest class has {fewest} images, a batch {a_step} of each class"
    if fewest >= CLASS_IMAGES and a_step >= CLASS_BATCH:
        return "per_class", f"{found}: enough for one each, which keeps more of the images that are hard to classify"
    return "shared", f"{found}: for one each, {CLASS_IMAGES} and {CLASS_BATCH} are wanted"


def _suit_discriminator(draft: Draft, facts: Facts) -> None:
    """Let classes share a discriminator where what the user fixed since leaves too little for one each."""
    if draft["gan_discriminator"] == "per_class":
        found, why = _discriminator(draft, recipe(draft["gan_recipe"]), facts)
        draft.put("gan_discriminator", found, why)


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


def _gan_budget(draft: Draft, facts: Facts, speeds: Speeds, share: float, spare: float) -> None:
    """Turn the GAN's part of the budget, and what classifiers have no use for, into threads, precision and kimg."""
    seconds = share + spare
    if draft.fixed("gan_kimg"):
        draft.put("threads", max(1, facts.threads // draft["gan_seeds"]), "this machine's, shared by the GANs")
        draft.put("gan_precision", "fp32", "nothing had to be measured")
        speed = 0.0
    else:
        speed = facts.processes * _fastest(draft, facts, speeds)
    kimg = max(1.0, round(MARGIN * speed * seconds / 1000, 1))
    why = f"{seconds:.0f} s at {speed:.0f} images/s, a part of it for looks and files"
    why += f"; {spare:.0f} s of them are those that no classifier needs" if spare > share / 50 else ""
    most = max(LEAST_KIMG, MOST_EPOCHS * facts.images / 1000)
    if draft["gan_recipe"] == "gpu" and kimg > most:
        kimg, why = most, f"{MOST_EPOCHS} epochs, at least {LEAST_KIMG} kimg, after which images became worse; {why}"
    draft.put("gan_kimg", kimg, why)
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
