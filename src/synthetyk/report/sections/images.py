"""What the images look like: real, synthetic, and the nearest real image beside each synthetic one."""

from pathlib import Path

from synthetyk.core.words import listed
from synthetyk.evaluation.synthetic_set import Manifest
from synthetyk.report.inputs import ReportInputs
from synthetyk.report.parts import Figure, Gallery, Part, Section, Text
from synthetyk.report.pictures import sheet
from synthetyk.report.words import count, images


def pictures(inputs: ReportInputs) -> Section:
    """Return the contact sheets."""
    sheets = (*_real(inputs), *_synthetic(inputs))
    nearest, growth = _nearest(inputs), _growth(inputs)
    parts: list[Part] = [Gallery(sheets)] if sheets else []
    if not inputs.samples:
        parts.append(Text("This run has no sheet of synthetic images.", "unsure"))
    parts.append(Gallery(nearest) if nearest else Text(inputs.absent("A sheet of nearest images", "privacy"), "unsure"))
    parts += [Gallery(growth)] if growth else []
    parts.append(
        _set(inputs.manifest) if inputs.manifest else Text(inputs.absent("A synthetic set", "generate"), "unsure")
    )
    return Section("images", "What do the images look like?", tuple(parts))


def _real(inputs: ReportInputs) -> tuple[Figure, ...]:
    if not inputs.real_sheet:
        return ()
    about = "Random training images, at the size that this run works with."
    names = inputs.fingerprint.classes.names if inputs.fingerprint else ()
    return (sheet(inputs.real_sheet, "Real images", about, f"Contact sheet of real images{_of(names)}."),)


def _synthetic(inputs: ReportInputs) -> tuple[Figure, ...]:
    if not inputs.samples:
        return ()
    names = inputs.manifest.class_names if inputs.manifest else ()
    about = "Drawn by the generator that was kept; none was picked."
    return (sheet(inputs.samples[-1], "Synthetic images", about, f"Contact sheet of synthetic images{_of(names)}."),)


def _nearest(inputs: ReportInputs) -> tuple[Figure, ...]:
    if not inputs.nearest_sheet:
        return ()
    about = (
        "Each synthetic image stands above the training images that are most like it, once by what a network sees and "
        "once by pixels. The first ones lie nearest to the training set of all. A synthetic image should resemble its "
        "neighbours as one patient resembles another; where it is the same picture, the generator learnt it by heart."
    )
    alt = "Contact sheet: synthetic images, each above its nearest training image in features and in pixels."
    return (sheet(inputs.nearest_sheet, "Synthetic images and their nearest real ones", about, alt, wide=True),)


def _growth(inputs: ReportInputs) -> tuple[Figure, ...]:
    """Show how the images grew out of noise: an early sheet and one from the middle."""
    earlier = inputs.samples[:-1]
    chosen = dict.fromkeys((earlier[0], earlier[len(earlier) // 2])) if earlier else {}
    return tuple(_early(path) for path in chosen)


def _early(path: Path) -> Figure:
    shown = int(path.stem) if path.stem.isdigit() else 0
    title = f"After {shown:,} images" if shown else "Earlier in the training"
    about = "Drawn from the same noise as the synthetic images above, earlier in the training."
    return sheet(path, title, about, "Contact sheet of synthetic images earlier in the training.")


def _set(manifest: Manifest) -> Text:
    counts = listed([f"{count(number)} {name}" for name, number in manifest.counts.items()])
    channels, height, width = manifest.image_shape
    return Text(
        f"The synthetic set holds {images(manifest.count)} ({counts}) of {width} × {height} pixels and "
        f"{channels} channel{'s' * (channels != 1)}, stored as {manifest.format}, drawn with seed {manifest.seed}. "
        f"{manifest.notice}"
    )


def _of(names: tuple[str, ...]) -> str:
    return f" of the classes {listed(names)}" if names else ""
