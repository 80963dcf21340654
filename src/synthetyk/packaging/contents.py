"""What a package holds: its manifest and its files, from what a run left."""

from pathlib import Path

import synthetyk
from synthetyk.core.errors import NotApplicableError
from synthetyk.packaging.card import model_card
from synthetyk.packaging.inputs import PackageInputs
from synthetyk.packaging.models import ClassifierForm, as_picked, as_trained, classifier_part, generator_part
from synthetyk.runtime.manifest import PackageManifest, TrainingData
from synthetyk.runtime.package import record_of, with_files

CARD = "model-card.md"


def contents(inputs: PackageInputs) -> tuple[PackageManifest, dict[str, bytes]]:
    """Return the manifest of a run's package, and its files by name.

    Raises:
        NotApplicableError: The run has no model to package.
        ArtifactError: A model is damaged.
        MissingDependencyError: What exports models is not installed.
    """
    files: dict[str, bytes] = {}
    classifier = generator = None
    if inputs.classifier:
        form = _form(inputs, inputs.classifier)
        classifier = classifier_part(inputs.classifier, form, inputs.cache, inputs.classes)
        files[classifier.file] = form.data
    if inputs.generator:
        generator, data = generator_part(inputs.generator, inputs.evaluation)
        files[generator.file] = data
    if not files:
        raise NotApplicableError("The run has neither a classifier nor a generator to package")
    manifest = PackageManifest(
        title=inputs.title,
        created_by=f"Synthetyk {synthetyk.__version__}",
        classifier=classifier,
        generator=generator,
        data=_data(inputs),
        verdicts=_verdicts(inputs),
        files={name: record_of(data) for name, data in files.items()},
    )
    files[CARD] = model_card(manifest).encode()
    return with_files(manifest, files), files


def _form(inputs: PackageInputs, classifier: Path) -> ClassifierForm:
    part = inputs.compression.classifier if inputs.compression else None
    if part and inputs.models:
        return as_picked(classifier, inputs.study, part, inputs.models)
    return as_trained(classifier, inputs.study)


def _data(inputs: PackageInputs) -> TrainingData:
    found = inputs.fingerprint
    return TrainingData(
        fingerprint_sha256=inputs.fingerprint_sha256,
        content_hash=found.content_hash,
        counts={name: dict(counts) for name, counts in found.classes.counts.items()},
        fraction=inputs.fraction,
        notes=found.notes,
    )


def _verdicts(inputs: PackageInputs) -> dict[str, str]:
    said = {}
    if inputs.study:
        said["study"] = inputs.study.verdict.sentence
    if inputs.privacy:
        said["privacy"] = f"{inputs.privacy.sentence} {inputs.privacy.limits}"
    if inputs.compression and inputs.compression.classifier:
        said["compression"] = inputs.compression.classifier.precision.sentence
    return said
