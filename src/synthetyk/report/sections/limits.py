"""What this report cannot tell."""

from collections.abc import Iterator

from synthetyk.data.fingerprint import Fingerprint
from synthetyk.evaluation.candidate import CandidateConfig
from synthetyk.evaluation.evaluate import Evaluation
from synthetyk.evaluation.study.report import StudyReport
from synthetyk.report.history import read_history
from synthetyk.report.inputs import ReportInputs
from synthetyk.report.parts import Points, Section
from synthetyk.report.words import count, images

STANDING = (
    "This is a research result, no medical device: nothing here was tested for use on patients.",
    "A generator repeats what its training images show, their errors and one-sidedness included; what is rare in them "
    "is rarer or missing in what it draws.",
    "All images come from one collection. Other hospitals, machines and patients may give other results.",
)


def limits(inputs: ReportInputs) -> Section:
    """Return what a reader must not conclude."""
    points = [*STANDING]
    points += _of_data(inputs.fingerprint, inputs) if inputs.fingerprint else []
    points += _of_choice(inputs.fingerprint, inputs) if inputs.fingerprint else []
    points += _of_evaluation(inputs.evaluation) if inputs.evaluation else []
    points += _of_study(inputs.study) if inputs.study else []
    points += [inputs.privacy.limits] if inputs.privacy else []
    return Section("limits", "What can it not tell?", (Points(tuple(points)),))


def _of_data(found: Fingerprint, inputs: ReportInputs) -> Iterator[str]:
    resolution = inputs.plan["values"].get("resolution") if inputs.plan else None
    side = min(found.pixels.height.median, found.pixels.width.median)
    if resolution and resolution < side:
        yield (
            f"Images were reduced from about {side} to {resolution} pixels a side: signs that need more detail are "
            "lost, for the generator and for the classifiers alike."
        )
    leaking = sum(sum(r.across.values()) for r in (found.exact_copies, found.near_copies, found.groups))
    if leaking and not found.removed:
        yield (
            "Copies or patients stand in more than one split (see the data section), which makes test results look "
            "better than they are. --remove-copies leaves them out of training."
        )
    lost = sum(report.count for report in found.problems.values())
    if lost:
        yield f"{count(lost)} files or lines of the data could not be used."


def _of_choice(found: Fingerprint, inputs: ReportInputs) -> Iterator[str]:
    kept = read_history(inputs.metrics).kept if inputs.metrics else None
    if not kept:
        return
    config = CandidateConfig()
    validation = sum(counts["val"] for counts in found.classes.counts.values())
    if validation < config.minimum:
        yield (
            f"Only {images(validation)} of the data were there for validation, fewer than {config.minimum}: the "
            "generator to keep was chosen by training images, to which copies look good."
        )
    else:
        yield (
            f"The generator to keep was chosen on at most {images(min(validation, config.real_cap))} for validation: "
            "what it reached on them is the best of several tries, and the fewer they are the more luck is in it."
        )
    if kept.noise_scale != 1:
        yield (
            f"Its noise was made {kept.noise_scale:g} times as wide because that lowered the distance to training "
            "images in the features of the run's own network: distances in just these features look a little better."
        )


def _of_evaluation(found: Evaluation) -> Iterator[str]:
    if all(result.overall.frechet.name != "FID" for result in found.results):
        yield (
            "No distance here is the FID of the literature, which needs InceptionV3: they can be compared within this "
            "run and with their floors, not with papers."
        )
    most = max((result.overall.count for result in found.results), default=0)
    yield f"Distances rest on at most {images(most)} a side; more images would make them lower and more certain."


def _of_study(found: StudyReport) -> Iterator[str]:
    if found.gans == 1:
        yield "One GAN was trained; how much GANs of other seeds differ was not measured."
    yield (
        f"The study used one classifier design and {count(sum(found.test_counts))} test images; a larger classifier or "
        "another amount of real images may gain more or less from synthetic ones."
    )
