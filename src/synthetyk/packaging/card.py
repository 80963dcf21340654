"""``model-card.md``: what a package is, for people (after Mitchell et al., "Model cards", FAT* 2019)."""

from collections.abc import Iterable, Iterator, Sequence

from synthetyk.core.words import listed
from synthetyk.runtime.manifest import Measured, PackagedClassifier, PackagedGenerator, PackageManifest, TrainingData

LIMITS = (
    "A generator repeats what its training images show, their errors and one-sidedness included.",
    "All images come from one collection: other hospitals, machines and patients may give other results.",
    "An image that shows something else than the training images still gets one of the classes: the classifier knows "
    "no others.",
    "Generated images show no patient's body: never diagnose with them.",
)
VERDICTS = {
    "study": "Do synthetic images help?",
    "privacy": "May the synthetic images be shared?",
    "compression": "What did compression cost?",
}


def model_card(manifest: PackageManifest) -> str:
    """Return the card as markdown; everything in it stands in the manifest too."""
    parts = [
        f"# {manifest.title}",
        f"**{manifest.notice}**",
        f"Made by {manifest.created_by}.",
        *(_classifier(manifest.classifier) if manifest.classifier else ()),
        *(_generator(manifest.generator) if manifest.generator else ()),
        *_data(manifest.data),
        *_verdicts(manifest),
        "## Limits",
        _points(LIMITS),
    ]
    return "\n\n".join(parts) + "\n"


def _classifier(part: PackagedClassifier) -> Iterator[str]:
    channels, height, width = part.input.shape
    yield "## Classifier"
    yield _points(
        [
            f"`{part.file}`: {part.encoder}, {part.precision}.",
            *([f"{part.origin}."] if part.origin else []),
            f"Images of {height} x {width} pixels, {'grey' if channels == 1 else 'RGB'}; others are brought to that "
            f"size ({part.input.fit}). Bits: {part.input.depth_rule.text}.",
            "Research use: support for reading images of the kind that it was trained on, never a diagnosis.",
        ]
    )
    rows = [(each.name, each.title or each.name, "yes" if each.risk else "no") for each in part.classes]
    yield _table(("class", "title", "risk"), rows)
    yield from _figures(part.figures)


def _generator(part: PackagedGenerator) -> Iterator[str]:
    channels, height, width = part.shape
    yield "## Generator"
    yield _points(
        [
            f"`{part.file}`: {part.precision}, draws {'grey' if channels == 1 else 'RGB'} images of {height} x {width} "
            f"pixels{f' of {listed(part.class_names)}' if part.class_names else ''}.",
            f"Image i of a class is the same for the same seed; the seed is {part.seed} unless another is asked for.",
        ]
    )
    yield from _figures(part.figures)


def _data(data: TrainingData) -> Iterator[str]:
    yield "## Training data"
    splits = list(dict.fromkeys(split for counts in data.counts.values() for split in counts))
    rows = [(name or "no label", *(str(counts.get(s, 0)) for s in splits)) for name, counts in data.counts.items()]
    yield _table(("images", *splits), rows)
    used = f"{data.fraction:.0%} of the training split was used. " if data.fraction < 1 else ""
    yield f"{used}SHA-256 of the data as it was read: `{data.content_hash}`."
    if data.notes:
        yield _points(data.notes)


def _verdicts(manifest: PackageManifest) -> Iterator[str]:
    for name, question in VERDICTS.items():
        yield f"## {question}"
        yield manifest.verdicts.get(name, "This was not looked at.")


def _figures(figures: Sequence[Measured]) -> Iterator[str]:
    if figures:
        yield _table(
            ("measured", "value", "95% interval", "on"),
            [(each.name, f"{each.value:.4g}", _interval(each), each.about) for each in figures],
        )


def _interval(figure: Measured) -> str:
    return "" if figure.low is None or figure.high is None else f"{figure.low:.4g} to {figure.high:.4g}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def _points(points: Iterable[str]) -> str:
    return "\n".join(f"- {point}" for point in points)
