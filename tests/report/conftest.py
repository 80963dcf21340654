"""A believable run, made of the artifacts that a real one leaves."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from synthetyk.compression.report import (
    ClassifierPart,
    ClassifierRow,
    CompressionConfig,
    CompressionReport,
    Figure,
    GeneratorPart,
    GeneratorRow,
    LeftOut,
    TestScores,
)
from synthetyk.compression.speed import Latency
from synthetyk.compression.verdict import precision_verdict
from synthetyk.core import seeding
from synthetyk.data.census import ClassReport, CopyReport, Extent, GroupReport, PixelReport, ProblemReport
from synthetyk.data.classes import ClassWords, classes_of
from synthetyk.data.contact_sheet import contact_sheet
from synthetyk.data.fingerprint import Fingerprint
from synthetyk.data.pixels import DepthRule
from synthetyk.evaluation.anomaly import AnomalyReport, Estimate
from synthetyk.evaluation.evaluate import Evaluation, EvaluationConfig, ExtractorScores
from synthetyk.evaluation.privacy import LIMITS, Privacy, Space
from synthetyk.evaluation.scores import Measure, Ratio, Scores
from synthetyk.evaluation.sharpness import Sharpness
from synthetyk.evaluation.study.arms import ARMS
from synthetyk.evaluation.study.report import (
    ArmReport,
    ChosenClassifier,
    Comparison,
    MeanPoint,
    PresenceAndType,
    Reliability,
    Spread,
    StudyConfig,
    StudyReport,
)
from synthetyk.evaluation.study.verdict import Verdict
from synthetyk.evaluation.synthetic_set import Manifest
from synthetyk.models.gan_network import NetworkConfig
from synthetyk.report.inputs import ReportInputs, StageLine
from synthetyk.training.generator_file import GeneratorCard

CLASSES = ("normal", "benign", "malignant")
PAIRS = ("val in train", "test in train", "test in val")


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> ReportInputs:
    """Return everything that a whole run leaves."""
    tmp_path = tmp_path_factory.mktemp("run")
    return ReportInputs(
        title="phantom",
        dataset="phantom:n=900",
        seed=7,
        budget_seconds=600.0,
        versions={"Synthetyk": "0.1.0", "Python": "3.11.7", "torch": "2.13.0", "Machine": "2 cores, x86_64, Linux"},
        stages=_stages(),
        fingerprint=_fingerprint(),
        plan=_plan(),
        metrics=_metrics(tmp_path / "metrics.jsonl"),
        real_sheet=_sheet(tmp_path / "real.png", 0),
        samples=tuple(_sheet(tmp_path / f"samples/{kimg * 1000:09d}.png", kimg) for kimg in (20, 60, 120)),
        nearest_sheet=_sheet(tmp_path / "nearest.png", 1),
        evaluation=_evaluation(),
        privacy=_privacy(),
        manifest=_manifest(),
        study=_study("helps"),
        classes=classes_of(CLASSES, {"benign": ClassWords(title="Benign nodule")}),
        anomalies=_anomalies(),
        anomaly_sheet=_sheet(tmp_path / "anomalies.png", 2),
        compression=_compression(),
    )


@pytest.fixture(scope="session")
def bare() -> ReportInputs:
    """Return the inputs of a run of which nothing is there yet."""
    return ReportInputs(title="bare", dataset="somewhere", seed=0)


@pytest.fixture(scope="session")
def study_of() -> Callable[[str], StudyReport]:
    """Return a function from an outcome to a study that found it."""
    return _study


def _stages() -> tuple[StageLine, ...]:
    seconds = {"data": 4.2, "plan": 9.8, "train": 231.0, "evaluate": 38.5, "generate": 6.1, "study": 198.4}
    return tuple(
        StageLine(name, "done", s, summary=f"What {name} does.", peak_mb=round(10 * s)) for name, s in seconds.items()
    )


def _fingerprint() -> Fingerprint:
    counts = {"normal": (420, 90, 90), "benign": (140, 30, 30), "malignant": (70, 15, 15)}
    bins = {
        name: tuple(int(1e4 * (math.exp(-(((b - 20 - 6 * k) / 14) ** 2)) + (b == 0))) for b in range(64))
        for k, name in enumerate(CLASSES)
    }
    copies = CopyReport(
        groups=3, within={"train": 2, "val": 0, "test": 0}, across=dict.fromkeys(PAIRS, 0), conflicting=0, examples=()
    )
    near = copies.model_copy(update={"across": dict(zip(PAIRS, (0, 2, 0), strict=True)), "conflicting": 1})
    return Fingerprint(
        location="phantom:n=900",
        source="phantom",
        content_hash="ab" * 32,
        images=900,
        classes=ClassReport(
            names=CLASSES,
            counts={name: dict(zip(("train", "val", "test"), n, strict=True)) for name, n in counts.items()},
            imbalance=6.0,
        ),
        pixels=PixelReport(
            height=Extent(smallest=96, median=128, largest=160),
            width=Extent(smallest=96, median=128, largest=160),
            distinct_sizes=37,
            channels={1: 900},
            modes={"L": 900},
            bit_depths={8: 900},
            depth_rule=DepthRule(bits=8, text="8 bits: kept as they are"),
            histogram=tuple(map(sum, zip(*bins.values(), strict=True))),
            class_histograms=bins,
        ),
        groups=GroupReport(
            known=450,
            rule="given by the data set: 450 groups",
            leaking=0,
            across=dict.fromkeys(PAIRS, 0),
            examples=("Mrs Example",),
        ),
        exact_copies=copies,
        near_copies=near,
        carved=("val", "test"),
        removed={},
        problems={
            "truncated": ProblemReport(count=2, examples=(("train/a.png", "The file ends early"),)),
            "not_an_image": ProblemReport(count=1, examples=(("train/notes.png", "This is no image"),)),
        },
        notes=("Groups of exact copies that carry different labels: 1.",),
    )


def _plan() -> dict[str, dict[str, object]]:
    values = {
        "resolution": 64,
        "gan_recipe": "cpu-fast",
        "conditional": True,
        "gan_kimg": 123.4,
        "gan_learning_rate": 2e-4,
        "gan_augment": "",
    }
    reasons = {
        "resolution": "the median shorter side is 128 pixels, and at 128 a CPU needs an hour",
        "gan_recipe": "on a CPU many cheap steps beat few expensive ones",
        "conditional": "one generator for all classes shares what they have in common",
        "gan_kimg": "fixed by the command line (the rule says 110.2: 240 s at 510 images/s measured here)",
        "gan_learning_rate": "the DCGAN paper's",
        "gan_augment": "2,940 images are enough",
    }
    return {
        "values": values,
        "reasons": reasons,
        "origins": dict.fromkeys(values, "plan") | {"gan_kimg": "command line"},
    }


def _metrics(path: Path) -> Path:
    random = seeding.generator(0, "test/metrics")
    with path.open("w") as file:
        for tick in range(1, 61):
            grown, noise = 1 - math.exp(-tick / 15), 0.04 * random.standard_normal(10)
            line = {
                "step": tick * 16,
                "d_loss": 1.39 - 0.4 * grown + noise[0],
                "g_loss": 0.7 + 0.9 * grown + 2 * noise[1],
                "d_real_accuracy": 0.6 + 0.2 * grown + noise[2],
                "d_fake_accuracy": 0.62 + 0.24 * grown + noise[3],
                **{f"diversity_pixels/{name}": 0.9 * grown + noise[4 + k] for k, name in enumerate(CLASSES)},
                **{f"diversity_features/{name}": 0.8 * grown + noise[7 + k] for k, name in enumerate(CLASSES)},
                "kimg": tick * 2.048,
                "learning_rate": 2e-4,
            }
            file.write(json.dumps(line) + "\n")
            if tick % 10 == 0:
                file.write(json.dumps({"step": tick * 16, "KD[learned]": 0.3 * math.exp(-tick / 20)}) + "\n")
                looked = _looked(tick) | {f"raw_{name}": value for name, value in _looked(tick - 5).items()}
                file.write(json.dumps({"step": tick * 16, **looked}) + "\n")
            if tick == 25:
                message = (
                    "Mode collapse: generated images of benign, in pixels, differ from each other only 0.21 times as"
                )
                message += (
                    " much as real ones (limit 0.25). At 51.2 kimg went back to 47.1 kimg, learning rate now 0.0001."
                )
                file.write(json.dumps({"step": tick * 16, "event": "collapse", "message": message}) + "\n")
    GeneratorCard(
        network=NetworkConfig(),
        class_names=CLASSES,
        image_shape=(1, 64, 64),
        seed=7,
        kimg=102.4,
        training_sha256="ab" * 32,
        chosen="The averaged weights at 102.4 kimg, of 12 candidates; kernel distance to validation images 0.0206.",
    ).save(path.with_name("generator.json"))
    return path


def _looked(tick: int) -> dict[str, float]:
    return {
        "val_kd": 0.3 * math.exp(-tick / 20),
        "val_kd_error": 0.004,
        "val_auc": 0.9 - 0.3 * math.exp(-tick / 20),
        "val_auc_error": 0.05,
        "nn_ratio_pixels": 1.1,
        "nn_ratio_features": 1.02,
        "exact_copies": 0.0,
        "near_copies": 0.0,
    }


def _sheet(path: Path, seed: int) -> Path:
    images = seeding.generator(seed, "test/sheet").integers(0, 256, (24, 1, 16, 16), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(images, columns=8, scale=2).save(path)
    return path


def _scores(name: str, count: int, *, void: bool = False) -> Scores:
    def measure(figure: str, value: float, floor: float) -> Measure:
        return Measure(name=f"{figure}[learned]", value=value, floor=floor, floor_std=floor / 10)

    return Scores(
        name=name,
        count=count,
        leads="KD[learned]",
        leads_reason=f"{count} images on each side: below 2048 the Fréchet distance's bias outweighs what it tells",
        void=void,
        void_reason="Void: synthetic images lie 0.71 times as far from their nearest training image as others" * void,
        ratio=Ratio(value=0.712 if void else 1.043, synthetic=3.1, held_out=3.0, count=135),
        frechet=measure("FD", 18.437, 6.213),
        kernel=measure("KD", 0.041723, 0.000812).replace(low=0.0361, high=0.0475),
        inception=measure("IS", 2.134, 2.512),
        precision=measure("precision", 0.783, 0.912),
        recall=measure("recall", 0.621, 0.905),
        density=measure("density", 0.874, 1.003),
        coverage=measure("coverage", 0.702, 0.953),
    )


def _evaluation() -> Evaluation:
    nothing = Measure(name="x", reason="only 12 images on each side, 20 are needed")
    malignant = Scores(
        name="malignant",
        count=12,
        reason="only 12 images on each side, 20 are needed",
        **dict.fromkeys(("frechet", "kernel", "inception", "precision", "recall", "density", "coverage"), nothing),
    )
    classes = (_scores("normal", 210), _scores("benign", 70, void=True), malignant)
    result = ExtractorScores(extractor="learned", dimension=96, overall=_scores("overall", 315), classes=classes)
    octaves = [(2, 0.31), (4, 0.93), (8, 2.4)]
    detail = [Measure(name=f"detail[{size}px]", value=value, floor=1.0, floor_std=0.02) for size, value in octaves]
    return Evaluation(
        config=EvaluationConfig(),
        train=630,
        reference=630,
        held_out=135,
        results=(result,),
        sharpness=Sharpness(count=315, octaves=tuple(detail)),
    )


def _privacy() -> Privacy:
    pixels = Space(
        name="pixels",
        ratio=0.953,
        synthetic=4.1,
        held_out=4.3,
        near=(),
        held_out_near=0,
        threshold=1.2,
        attack_auc=0.513,
        attack_low=0.468,
        attack_high=0.557,
    )
    spaces = (
        pixels,
        pixels.replace(name="learned", ratio=1.043, attack_auc=0.521, attack_low=0.475, attack_high=0.566),
    )
    return Privacy(
        verdict="no sign",
        sentence="No sign of memorisation in 1260 images.",
        limits=LIMITS.format(count=1260),
        synthetic=1260,
        train=630,
        reference=630,
        held_out=135,
        leaked=0,
        exact=(),
        spaces=spaces,
    )


def _manifest() -> Manifest:
    return Manifest(
        created_by="Synthetyk 0.1.0",
        model_sha256="cd" * 32,
        seed=7,
        format="png",
        count=1260,
        counts=dict.fromkeys(CLASSES, 420),
        class_names=CLASSES,
        image_shape=(1, 64, 64),
        files="files.jsonl",
        files_sha256="ef" * 32,
    )


def _anomalies() -> AnomalyReport:
    return AnomalyReport(
        normal="normal",
        trained_on=420,
        counts={"normal": 90, "benign": 30, "malignant": 15},
        auroc=Estimate(value=0.842, low=0.771, high=0.9),
        by_class={
            "benign": Estimate(value=0.827, low=0.74, high=0.89),
            "malignant": Estimate(value=0.874, low=0.79, high=0.94),
        },
        limit=2.718,
        found=0.412,
        false_alarms=0.056,
    )


def _compression() -> CompressionReport:
    test = TestScores(
        auc=Figure(value=0.902, low=0.871, high=0.929),
        accuracy=Figure(value=0.84, low=0.8, high=0.88),
        calibration_error=Figure(value=0.031, low=0.02, high=0.052),
        auc_difference=Figure(value=0.0, low=0.0, high=0.0),
        agreement=1.0,
    )
    latency = {"low": 0.9, "high": 1.2, "original_milliseconds": 1.0, "turns": 300}
    latencies = tuple(Latency(batch=batch, milliseconds=1.0, speedup=1.0, **latency) for batch in (1, 32))
    original = ClassifierRow(
        name="fp32",
        about="as trained; 32 bits",
        file="classifier-fp32.onnx",
        sha256="ab" * 32,
        megabytes=0.3,
        gzip_megabytes=0.27,
        peak_mb=61.0,
        latencies=latencies,
        validation_auc=0.911,
        test=test,
        benefit="the original",
    )
    changed = test.replace(auc_difference=Figure(value=-0.0012, low=-0.0028, high=0.0004), agreement=0.985)
    quicker = tuple(one.replace(milliseconds=0.4, speedup=2.5) for one in latencies)
    small = original.replace(name="int8", file="classifier-int8.onnx", megabytes=0.08, latencies=quicker, test=changed)
    rows = (original, small.replace(benefit="3.8 times smaller"))
    classifier = ClassifierPart(
        class_names=CLASSES,
        positive_class=None,
        rows=rows,
        left_out=(LeftOut(name="distilled", reason="The original is EdgeNet of width 16 already."),),
        pick="int8",
        rule="the smallest whose validation AUC is within 0.003 of the original's",
        precision=precision_verdict(rows, "normal, benign and malignant", 0.003),
        test_images=135,
        test_groups=68,
        notes=("Validation images alone choose.",),
    )
    shared = original.model_dump(exclude={"validation_auc", "test", "benefit", "file"})
    drawn = GeneratorRow(**shared, file="generator-fp32.onnx", distance=2.4, difference=0.0, benefit="the original")
    generator = GeneratorPart(distance="FD[learned]", images=630, rows=(drawn,))
    versions = {"onnxruntime": "1.32.0"}
    return CompressionReport(classifier=classifier, generator=generator, config=CompressionConfig(), versions=versions)


def _study(outcome: str) -> StudyReport:
    gain = {"helps": 0.031, "hurts": -0.031}.get(outcome, 0.003)
    low, high = gain - 0.014, gain + 0.015
    reasons = ("budget: real+synthetic had not reached the validation plateau",) if outcome == "inconclusive" else ()
    sentence = (
        f"{outcome.capitalize()}: real+synthetic has a test AUC of {0.871 + gain:.3f} against 0.871 for "
        f"real+augmentation, the best arms with and without them by validation, a difference of {gain:+.3f} (95% "
        f"interval {low:+.3f} to {high:+.3f}) on 135 test images (90 normal, 30 benign, 15 malignant) in 68 groups, "
        "from 5 classifiers an arm and one GAN, and the interval holds for that one; the smallest effect that this "
        "study could have seen is 0.020."
    )
    verdict = Verdict(
        outcome=outcome,
        reasons=reasons,
        sentence=sentence,
        difference=gain,
        low=low,
        high=high,
        smallest_effect=0.0202,
    )
    primary = Comparison(
        first="real+synthetic",
        second="real+augmentation",
        difference=gain,
        low=low,
        high=high,
        p_value=0.0123,
        p_corrected=0.0123,
        smallest_effect=0.0202,
        outcome={"helps": "higher", "hurts": "lower"}.get(outcome, "no difference shown"),
    )
    control = primary.replace(
        first="real+duplicates",
        second="real",
        difference=-0.0014,
        low=-0.0113,
        high=0.0094,
        outcome="no difference shown",
    )
    aucs = (0.842, 0.858, 0.871, 0.841, 0.871 + gain, 0.889, 0.774)
    return StudyReport(
        verdict=verdict,
        primary=primary,
        comparisons=(control.replace(p_value=0.7894, p_corrected=1.0),),
        arms=tuple(_arm(place, auc, plateaued=not reasons) for place, auc in enumerate(aucs)),
        classifier=ChosenClassifier(
            arm="real+synthetic+augmentation", gan=0, number=3, validation_auc=0.9017, folder="classifier"
        ),
        class_names=CLASSES,
        positive_class=None,
        train_counts=(420, 140, 70),
        val_counts=(90, 30, 15),
        test_counts=(90, 30, 15),
        test_groups=68,
        gans=1,
        config=StudyConfig(normal_class="normal", positive_type="malignant"),
        notes=("Every classifier was trained for 400 steps; validation alone chose its weights.",),
    )


def _arm(place: int, auc: float, *, plateaued: bool) -> ArmReport:
    def spread(mean: float) -> Spread:
        return Spread(mean=mean, sd=0.01, low=mean - 0.0213, high=mean + 0.0187)

    names = ("sensitivity", "specificity", "accuracy", "balanced_accuracy", "f1", "calibration_error", "brier")
    others = {name: spread(0.7 + 0.01 * place + 0.003 * k) for k, name in enumerate(names)}
    arm = ARMS[place]
    return ArmReport(
        name=arm.name,
        description=arm.description,
        synthetic=arm.synthetic,
        classifiers=5,
        training_counts=(420, 420, 420) if arm.synthetic else (420, 140, 70),
        scores={"auc": spread(auc), **others},
        confusion=((401 + place, 40 - place, 9), (33, 102, 15), (8, 19, 48)),
        reliability=Reliability(
            confidence=(0.45, 0.55, 0.65, 0.75, 0.85, 0.96),
            accuracy=(0.4, 0.51, 0.6, 0.7 + 0.01 * place, 0.83, 0.95),
            count=(41, 70, 99, 120, 160, 185),
        ),
        validation_auc=spread(auc + 0.004),
        asked=PresenceAndType(
            presence={name: spread(auc + 0.05) for name in ("auc", "sensitivity", "specificity")},
            type={name: spread(auc - 0.2) for name in ("auc", "sensitivity", "specificity")},
        ),
        curve=tuple(MeanPoint(step=s, loss=1 - s / 800, auc=auc - 0.3 * math.exp(-s / 80)) for s in range(25, 401, 25)),
        plateaued=plateaued,
    )
