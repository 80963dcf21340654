"""What a package holds: its manifest and its files, from what a run left."""

import synthetyk
from synthetyk.core.errors import NotApplicableError
from synthetyk.packaging.card import model_card
from synthetyk.packaging.inputs import PackageInputs
from synthetyk.packaging.models import classifier_part, generator_part
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
        classifier, data = classifier_part(inputs.classifier, inputs.cache, inputs.study, inputs.classes)
        files[classifier.file] = data
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
    return said
