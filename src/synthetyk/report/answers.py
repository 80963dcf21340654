"""The head of the report: what the reader came for, each answer with what it can carry."""

from dataclasses import replace

from synthetyk.evaluation.privacy import Privacy
from synthetyk.evaluation.study.report import StudyReport
from synthetyk.report.inputs import ReportInputs
from synthetyk.report.parts import Answer, Tone
from synthetyk.report.words import score

FINISHED = "Did the run finish?"
KEPT = (
    "What was finished before is kept and stands below; once the cause is mended, the same command goes on from there."
)
HELP, SHARE = "Do synthetic images make the classifier better?", "May I share the synthetic images?"
HELP_WORDS: dict[str, tuple[str, Tone]] = {
    "helps": ("Yes, they help", "good"),
    "hurts": ("No, they hurt", "bad"),
    "no difference shown": ("No difference shown", "plain"),
    "inconclusive": ("Inconclusive", "unsure"),
}
SHARE_WORDS: dict[str, tuple[str, Tone]] = {
    "copies": ("No: they hold copies of training images", "bad"),
    "signs": ("Not yet: there are signs of memorisation", "unsure"),
    "no sign": ("No sign of memorisation was found", "good"),
}
PRECISION_WORDS: dict[str, tuple[str, Tone]] = {
    "no loss": ("No", "good"),
    "loss": ("Yes", "bad"),
    "not decided": ("Not decided", "unsure"),
    "not known": ("Not known", "plain"),
}
AUC = (
    "AUC is the chance that the classifier ranks a random image of a class above a random image without it: 0.5 is "
    "guessing, 1 is perfect."
)
CARRIES: dict[str, str] = {
    "helps": "The whole interval lies on one side of zero, so chance alone is an unlikely explanation.",
    "hurts": "The whole interval lies on one side of zero, so chance alone is an unlikely explanation.",
    "no difference shown": "This is no proof that there is none: a true effect smaller than {smallest} would most "
    "likely have stayed unseen.",
    "inconclusive": "Nothing can be concluded in either direction; the reason stands in brackets. Where it is "
    "not augmentation, a larger budget or more test images can decide it.",
}
OTHER_DUTIES = "Law, contracts and your ethics board may ask for more than this audit."


def helps(inputs: ReportInputs) -> Answer:
    """Return the study's verdict, or why there is none."""
    study = inputs.study
    if not study:
        return Answer("verdict", HELP, "Not studied", inputs.absent("A study", "study"), "plain", ())
    word, tone = HELP_WORDS[study.verdict.outcome]
    answer = Answer("verdict", HELP, word, study.verdict.sentence, tone, tuple(_carries(study, inputs)))
    return _dated(answer, inputs.outdated("study"))


def shareable(inputs: ReportInputs) -> Answer:
    """Return the privacy audit's sentence, or why there is none."""
    privacy = inputs.privacy
    if not privacy:
        why = inputs.absent("A privacy audit", "privacy")
        return Answer("sharing", SHARE, "Not audited", f"{why} Do not share before one was made.", "unsure", ())
    word, tone = SHARE_WORDS[privacy.verdict]
    carries = (_looked_at(privacy), privacy.limits, OTHER_DUTIES)
    return _dated(Answer("sharing", SHARE, word, privacy.sentence, tone, carries), inputs.outdated("privacy"))


def precise(inputs: ReportInputs) -> list[Answer]:
    """Return whether fewer bits hurt the detection, if that was asked."""
    part = inputs.compression.classifier if inputs.compression else None
    if not part:
        return []
    word, tone = PRECISION_WORDS[part.precision.outcome]
    carries = (
        f"Measured on {part.test_images:,} test images of {part.test_groups:,} patients, slides or other groups.",
        f"To use: {part.picked.file}, {part.rule}.",
    )
    question = f"Does reducing float precision hurt the detection of {part.precision.subject}?"
    answer = Answer("precision", question, word, part.precision.sentence, tone, carries)
    return [_dated(answer, inputs.outdated("compression"))]


def failures(inputs: ReportInputs) -> list[Answer]:
    """Return what stopped the run, if something did."""
    failed = [stage for stage in inputs.stages if stage.status == "failed"]
    return [
        Answer("failure", FINISHED, f"No: the stage {stage.name!r} failed", stage.reason, "bad", (KEPT,))
        for stage in failed
    ]


def _dated(answer: Answer, why: str) -> Answer:
    """Take back an answer that is no longer the run's, for the reason given, if there is one."""
    if not why:
        return answer
    return replace(
        answer, word="Not known any more", sentence=why, tone="unsure", carries=(f"Before: {answer.sentence}",)
    )


def _carries(study: StudyReport, inputs: ReportInputs) -> list[str]:
    points = [CARRIES[study.verdict.outcome].format(smallest=score(study.verdict.smallest_effect)), AUC]
    if study.gans == 1:
        points.append("It holds for the one GAN that was trained here; another training may give another answer.")
    if inputs.fingerprint and not inputs.fingerprint.groups.known:
        points.append(
            "The data does not say which images belong to one patient, so the same patient may stand in training and "
            "in test, and the true uncertainty may be larger."
        )
    return points


def _looked_at(privacy: Privacy) -> str:
    return (
        f"{privacy.synthetic:,} synthetic images were compared with {privacy.train:,} training images; "
        f"{privacy.held_out:,} real images that the generator never met show what innocence looks like."
    )
