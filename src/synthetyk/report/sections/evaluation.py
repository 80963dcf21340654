"""How good the synthetic images are, every figure beside its floor."""

from synthetyk.evaluation.evaluate import ExtractorScores
from synthetyk.evaluation.privacy import Privacy, Space
from synthetyk.evaluation.scores import Measure, Scores
from synthetyk.evaluation.sharpness import Sharpness, size
from synthetyk.report.inputs import ReportInputs
from synthetyk.report.parts import Cell, Part, Section, Table, Terms, Text, Tone
from synthetyk.report.words import NONE, count, images, number, plus_minus, score

TITLE = "How good are the synthetic images?"
ABOUT = {
    "frechet": "distance between the two clouds of images, each taken as a bell curve; lower is better",
    "kernel": "distance between the two clouds of images, unbiased at any count; lower is better",
    "inception": "whether images are clear and of many kinds, by a classifier's opinion; higher is better",
    "precision": "share of synthetic images that lie where real ones lie: do they look real?",
    "recall": "share of real images that synthetic ones surround: is every kind drawn?",
    "density": "as precision, less moved by outliers; about 1 is right",
    "coverage": "as recall, less moved by outliers; higher is better",
}
RATIO = (
    "distance to the nearest training image, as a part of what unseen real images show: near 0 for copies, about 1 for "
    "new images of the same kind"
)
EXTRACTORS = {
    "learned": "a network that this run trained on its own training images; it knows this kind of image best, and its "
    "distances cannot be compared with those of other data or of papers",
    "squeezenet1_0": "SqueezeNet, trained on photographs of everyday things; its distances can be compared with others "
    "that name the same network",
    "inception_v3_fid": "InceptionV3 with the weights behind the FID of the literature",
}
SHARPNESS = (
    "Detail of 2 pixels is what is lost if every block of 2x2 pixels becomes one; of 4 pixels, what is lost then if "
    "that is done again. A feature network that tells classes apart hardly sees it."
)
FLOOR = (
    "No generator can be expected to do better than the floor, and what lies near it is as good as this number of "
    "images can show."
)


def evaluation(inputs: ReportInputs) -> Section:
    """Return the figures of every feature network, and those of the privacy audit."""
    found = inputs.evaluation
    parts: list[Part] = []
    if found:
        parts += [Text(f"{found.note} {FLOOR}"), *(part for result in found.results for part in _network(result))]
        parts += _sharpness(found.sharpness) if found.sharpness else []
    else:
        parts.append(Text(inputs.absent("An evaluation", "evaluate"), "unsure"))
    parts += _privacy(inputs.privacy) if inputs.privacy else []
    return Section("evaluation", TITLE, tuple(parts))


def _network(result: ExtractorScores) -> list[Part]:
    columns = (result.overall, *result.classes)
    header = (Cell("Figure"), *(Cell(scores.name, (f"{images(scores.count)} a side",)) for scores in columns))
    rows = [
        (Cell(getattr(result.overall, name).name, (about,)), *(_measure(scores, name) for scores in columns))
        for name, about in ABOUT.items()
    ]
    rows.append((Cell("nearest-neighbour ratio", (RATIO,)), *(_ratio(scores) for scores in columns)))
    about = EXTRACTORS.get(result.extractor, "a feature network that a plug-in added")
    return [
        *_leading(result.overall),
        Table(
            f"Measured in the features of {result.extractor}", header, tuple(rows), f"{result.extractor} is {about}."
        ),
        *_unscored(columns),
    ]


def _leading(overall: Scores) -> list[Part]:
    """Say what to read first, and what is void."""
    lead = next((m for m in (overall.kernel, overall.frechet) if m.name == overall.leads and m.value is not None), None)
    if not lead:
        return [Text(f"Nothing was scored overall: {overall.reason}.", "unsure")] if overall.reason else []
    text = (
        f"Read first: {lead.name} is {number(lead.value)}{_interval(lead)}; two halves of the real images are "
        f"{_floor(lead)} apart ({overall.leads_reason})."
    )
    return [Text(text), *([Text(f"{overall.void_reason}.", "bad")] if overall.void else [])]


def _measure(scores: Scores, name: str) -> Cell:
    measure: Measure = getattr(scores, name)
    if measure.value is None:
        return Cell(NONE, ("not measured",))
    void = scores.void and name in ("frechet", "kernel")
    interval = (f"{number(measure.low)} to {number(measure.high)}",) if measure.low is not None else ()
    notes = (*interval, f"floor {_floor(measure)}", *(("void",) if void else ()))
    return Cell(number(measure.value), notes, tone="bad" if void else "plain")


def _ratio(scores: Scores) -> Cell:
    ratio = scores.ratio
    if ratio.value is None:
        return Cell(NONE, ("not measured",))
    notes = (f"{images(ratio.count)} a side", *(("below 0.9",) if scores.void else ()))
    return Cell(score(ratio.value), notes, tone="bad" if scores.void else "plain")


def _sharpness(found: Sharpness) -> list[Part]:
    """Say whether the images are blurred or noisy, size by size."""
    if found.reason:
        return [Text(f"Whether the images are as sharp as real ones was not measured: {found.reason}.", "unsure")]
    header = (Cell("Detail of"), *(Cell(size(one)) for one in found.octaves))
    row = (
        Cell("energy, synthetic over real", ("1 is right, less is blur, more is noise",)),
        *(Cell(number(one.value), (f"floor {_floor(one)}",), tone=_tone(one, found)) for one in found.octaves),
    )
    return [_sharp_words(found), Table("Sharpness, measured in the pixels", header, (row,), SHARPNESS)]


def _sharp_words(found: Sharpness) -> Text:
    if found.findings:
        return Text(f"{'. '.join(found.findings)}.", "bad")
    return Text("Of each size the images have about as much detail as real ones.")


def _tone(one: Measure, found: Sharpness) -> Tone:
    return "bad" if one in (*found.blurred, *found.noisy) else "plain"


def _unscored(columns: tuple[Scores, ...]) -> list[Part]:
    """Say why figures are missing, each reason once."""
    reasons = dict[str, None]()
    for scores in columns:
        each = (
            [scores.reason]
            if scores.reason
            else [scores.ratio.reason, *(getattr(scores, name).reason for name in ABOUT)]
        )
        reasons |= {f"Not measured for {scores.name}: {reason}.": None for reason in each if reason}
    return [Text(reason) for reason in reasons]


def _interval(measure: Measure) -> str:
    return "" if measure.low is None else f" (95% interval {number(measure.low)} to {number(measure.high)})"


def _floor(measure: Measure) -> str:
    return NONE if measure.floor is None else plus_minus(measure.floor, measure.floor_std or 0.0)


def _privacy(found: Privacy) -> list[Part]:
    header = (Cell("Question"), *(Cell(f"in {space.name}") for space in found.spaces))
    rows = (
        (Cell("Exact copies", ("pixels that equal a training image's, mirrored or not",)), *_same(found)),
        (
            Cell("Near copies", ("suspiciously near a training image",)),
            *(_near(space, found) for space in found.spaces),
        ),
        (Cell("Nearest-neighbour ratio", (RATIO,)), *(Cell(score(space.ratio)) for space in found.spaces)),
        (Cell("Attack (AUC)", ("tells who was trained on? 0.5 is guessing",)), *(_attack(s) for s in found.spaces)),
    )
    terms = (
        ("Exact and near copies", "synthetic images that show a training image again; near ones differ in noise only."),
        (
            "Attack",
            "an attacker who has only the synthetic images calls a real image a training image if a synthetic one lies "
            "close to it. The nearer to 0.5, the less it learns.",
        ),
    )
    return [Table("Privacy audit of the set that would be shared", header, rows), Terms("What these mean", terms)]


def _same(found: Privacy) -> list[Cell]:
    cell = Cell(f"{count(len(found.exact))} of {count(found.synthetic)}", tone="bad" if found.exact else "plain")
    return [cell, *(Cell(NONE) for _ in found.spaces[1:])]


def _near(space: Space, found: Privacy) -> Cell:
    text = f"{count(len(space.near))} of {count(found.synthetic)}"
    return Cell(text, (f"unseen real images: {count(space.held_out_near)} of {count(found.held_out)}",))


def _attack(space: Space) -> Cell:
    return Cell(score(space.attack_auc), (f"{score(space.attack_low)} to {score(space.attack_high)}",))
