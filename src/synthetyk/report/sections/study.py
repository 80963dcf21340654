"""The study in full: arms, scores, comparisons, confusions, calibration."""

from collections.abc import Sequence

from matplotlib.ticker import MaxNLocator

from synthetyk.evaluation.study.report import ArmReport, Comparison, StudyReport
from synthetyk.report.inputs import ReportInputs
from synthetyk.report.parts import (
    Cell,
    Facts,
    Forest,
    ForestRow,
    Gallery,
    Part,
    Points,
    Section,
    Table,
    Tables,
    Terms,
    Text,
    Tone,
)
from synthetyk.report.pictures import chart
from synthetyk.report.plots import calibration_panel, validation_panel
from synthetyk.report.words import count, percent, score, signed, spread

TITLE = "Do synthetic images help? The study"
SCORES = {
    "auc": ("AUC", "chance to rank a random image of a class above a random other one; 0.5 is guessing, 1 perfect"),
    "sensitivity": ("Sensitivity", "share of the images of {positive} that were found{mean}"),
    "specificity": ("Specificity", "share of the other images that were rightly not called {positive}{mean}"),
    "accuracy": ("Accuracy", "share of all images called right; high by itself where one class is frequent"),
    "balanced_accuracy": ("Balanced accuracy", "accuracy with every class counting the same"),
    "f1": ("F1", "harmonic mean of finding a class's images and of being right when calling it, mean over classes"),
    "calibration_error": ("Calibration error", "how far confidence and accuracy lie apart on average; lower is better"),
    "brier": ("Brier score", "squared error of the probabilities; lower is better"),
}
QUESTION_SCORES = ("auc", "sensitivity", "specificity")
OUTCOME_TONES: dict[str, Tone] = {"higher": "good", "lower": "bad", "no difference shown": "plain"}


def study(inputs: ReportInputs) -> Section:
    """Return everything that the study measured."""
    found = inputs.study
    if not found:
        return Section("study", TITLE, (Text(inputs.absent("A study", "study"), "unsure"),))
    parts: list[Part] = [
        Text(
            "Classifiers of one design were trained equally long on several training sets, the arms, which differ only "
            "in what is named here. All were tested on the same real images, which nothing before had met."
        ),
        _facts(found),
        _forest(found),
        _scores(found),
        _terms(found),
        *_asked(found),
        _comparisons(found),
        _arms(found),
        _confusions(found),
        _charts(found),
        Text(_chosen(found)),
        Points(found.notes),
    ]
    return Section("study", TITLE, tuple(parts))


def _facts(found: StudyReport) -> Facts:
    counts = ", ".join(f"{n} {name}" for name, n in zip(found.class_names, found.test_counts, strict=True))
    return Facts(
        (
            ("Test images", count(sum(found.test_counts)), counts),
            ("Test groups", count(found.test_groups), "patients, slides, or images by themselves"),
            ("Classifiers per arm", count(found.config.seeds), f"{found.config.classifier.steps:,} steps each"),
            ("GANs", count(found.gans), "that synthetic images come from"),
        )
    )


def _forest(found: StudyReport) -> Forest:
    """Put every arm's AUC on one scale; the line to compare with is the best arm without synthetic images."""
    spreads = [arm.scores["auc"] for arm in found.arms]
    highest = max(s.high for s in spreads)
    ticks = [float(tick) for tick in MaxNLocator(4).tick_values(min(s.low for s in spreads), highest) if tick <= 1]
    low, high = ticks[0], max(ticks[-1], highest)

    def place(value: float) -> float:
        return round(100 * (value - low) / (high - low), 2)

    rows = tuple(
        ForestRow(
            arm.name,
            f"{score(auc.mean)} ({spread(auc.low, auc.high)})",
            place(auc.low),
            place(auc.mean),
            place(auc.high),
            arm.name in (found.primary.first, found.primary.second),
        )
        for arm, auc in zip(found.arms, spreads, strict=True)
    )
    marks = tuple((f"{tick:.10g}", place(tick)) for tick in ticks)
    caption = "Test AUC of every arm with its 95% interval"
    about = (
        "The further right, the better. The verdict compares the two in colour; the dotted line is "
        f"{found.primary.second}, the best arm without synthetic images, chosen on validation."
    )
    reference = place(found.arm(found.primary.second).scores["auc"].mean)
    return Forest(caption, about, "AUC (95% interval)", rows, marks, reference)


def _scores(found: StudyReport) -> Table:
    header = (Cell("Arm"), *(Cell(title) for title, _ in SCORES.values()))
    rows = tuple((Cell(arm.name), *(_score_cell(arm, name) for name in SCORES)) for arm in found.arms)
    return Table("Scores on the test images", header, rows, "Mean over the classifiers, and its 95% interval.")


def _score_cell(arm: ArmReport, name: str) -> Cell:
    found = arm.scores[name]
    return Cell(score(found.mean), (spread(found.low, found.high),))


def _terms(found: StudyReport) -> Terms:
    positive, mean = (found.positive_class, "") if found.positive_class else ("a class", ", mean over classes")
    terms = tuple((title, about.format(positive=positive, mean=mean)) for title, about in SCORES.values())
    interval = (
        "95% interval",
        "where the true value lies in 95 of 100 such studies. That of AUC knows that other test images and other "
        "classifiers could have been drawn; those of the other scores know only of other classifiers",
    )
    return Terms("What the scores mean", (*terms, interval))


def _asked(found: StudyReport) -> list[Table]:
    """Show presence and type apart: to find too much is another failing than to call what was found by a wrong name."""
    rows = []
    for arm in found.arms:
        if arm.asked:
            spreads = [each[name] for each in (arm.asked.presence, arm.asked.type) for name in QUESTION_SCORES]
            rows.append((Cell(arm.name), *(Cell(score(s.mean), (spread(s.low, s.high),)) for s in spreads)))
    if not rows:
        return []
    titles = [f"{question}: {SCORES[name][0]}" for question in ("Presence", "Type") for name in QUESTION_SCORES]
    normal, named = found.config.normal_class, found.config.positive_type
    types = [name for name in found.class_names if name != normal]
    whose = f"for {named or types[1]} against {types[0 if named != types[0] else 1]}" if len(types) == 2 else "as means"
    about = (
        f"Presence: is an image anything but {normal}? It is called so where that is more probable than not. Type: of "
        f"the images that do show something, is it {' or '.join(types)}? Its sensitivity and specificity are {whose}. "
        "95% intervals from the joint bootstrap over classifiers and test groups."
    )
    header = tuple(map(Cell, ["Arm", *titles]))
    return [Table("Is there anything, and what is it?", header, tuple(rows), about)]


def _comparisons(found: StudyReport) -> Table:
    header = tuple(
        Cell(name)
        for name in ("Compared", "AUC difference", "95% interval", "p", "p, corrected", "Smallest effect", "Outcome")
    )
    rows = (_comparison(found.primary, "decides the verdict"), *(_comparison(one) for one in found.comparisons))
    about = (
        "p: how often chance alone would show so large a difference; corrected for their number after Holm. Smallest "
        "effect: the true difference that four of five such studies would have seen."
    )
    return Table("Comparisons, fixed before the study", header, rows, about)


def _comparison(one: Comparison, *notes: str) -> tuple[Cell, ...]:
    interval = f"{signed(one.low)} to {signed(one.high)}"
    texts = (signed(one.difference), interval, score(one.p_value), score(one.p_corrected), score(one.smallest_effect))
    return (
        Cell(f"{one.first} against {one.second}", notes),
        *(Cell(text) for text in texts),
        Cell(one.outcome, tone=OUTCOME_TONES[one.outcome]),
    )


def _arms(found: StudyReport) -> Table:
    header = tuple(Cell(name) for name in ("Arm", "Training images", "Classifiers", "Validation AUC", "Trained enough"))
    rows = tuple(
        (
            Cell(arm.name, (arm.description,)),
            Cell(count(sum(arm.training_counts)), (_per_class(found.class_names, arm.training_counts),)),
            Cell(count(arm.classifiers)),
            Cell(score(arm.validation_auc.mean), (spread(arm.validation_auc.low, arm.validation_auc.high),)),
            Cell("yes") if arm.plateaued else Cell("no", ("still improving at the end",), tone="unsure"),
        )
        for arm in found.arms
    )
    return Table("What each arm was trained on", header, rows, prose=True)


def _per_class(names: Sequence[str], counts: Sequence[int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in zip(names, counts, strict=True))


def _shown(found: StudyReport) -> list[ArmReport]:
    """Return the arms that are shown in detail: the two compared, and the one whose classifier is kept."""
    names = dict.fromkeys((found.primary.second, found.primary.first, found.classifier.arm))
    return [found.arm(name) for name in names]


def _confusions(found: StudyReport) -> Tables:
    return Tables(tuple(_confusion(found.class_names, arm) for arm in _shown(found)))


def _confusion(names: Sequence[str], arm: ArmReport) -> Table:
    header = (Cell("True class"), *(Cell(f"called {name}") for name in names))
    rows = []
    for name, row in zip(names, arm.confusion, strict=True):
        shares = [number / max(sum(row), 1) for number in row]
        cells = (Cell(percent(s), (count(n),), shade=0.55 * s) for s, n in zip(shares, row, strict=True))
        rows.append((Cell(name), *cells))
    about = f"Test images over all {arm.classifiers} classifiers, as shares of the true class and as counts."
    return Table(f"Confusion matrix of {arm.name}", header, tuple(rows), about)


def _charts(found: StudyReport) -> Gallery:
    shown = _shown(found)
    calibration = calibration_panel({arm.name: (arm.reliability.confidence, arm.reliability.accuracy) for arm in shown})
    curves = {arm.name: [(p.step, p.auc) for p in arm.curve if p.auc is not None] for arm in shown}
    panels = [calibration, *([validation_panel(curves)] if all(curves.values()) else [])]
    return Gallery(tuple(chart(panel) for panel in panels))


def _chosen(found: StudyReport) -> str:
    chosen = found.classifier
    return (
        f"The run's classifier, to be found in {chosen.folder!r} of the study's folder, is number {chosen.number} of "
        f"the arm {chosen.arm} (validation AUC {score(chosen.validation_auc)}). Validation images alone chose "
        "it, never test images."
    )
