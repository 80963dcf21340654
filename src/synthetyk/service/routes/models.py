"""``/v1/models``: what the service predicts and generates with."""

from fastapi import APIRouter

from synthetyk.core.config import Config
from synthetyk.runtime.manifest import PackagedClassifier, PackagedGenerator, PackageManifest
from synthetyk.service.context import TheService
from synthetyk.service.models import ServedModel

router = APIRouter(prefix="/v1/models", tags=["models"])


class ModelSummary(Config):
    """One model, for those who choose among them.

    Attributes:
        sha256: By which every record names it.
        name: A short name; requests may name it by this, or by the first digits of the hash.
        title: What the run was called.
        notice: What a reader has to know first.
        signed_by: The public key that its signature was checked with; empty if none was given.
        classifier: What it predicts with; null if it cannot.
        generator: What it draws with; null if it cannot.
    """

    sha256: str
    name: str
    title: str
    notice: str
    signed_by: str
    classifier: PackagedClassifier | None
    generator: PackagedGenerator | None

    @classmethod
    def of(cls, model: ServedModel) -> "ModelSummary":
        """Return the summary of a model."""
        manifest = model.package.manifest
        return cls(
            sha256=model.sha256,
            name=model.name,
            title=manifest.title,
            notice=manifest.notice,
            signed_by=model.package.signed_by,
            classifier=manifest.classifier,
            generator=manifest.generator,
        )


class ModelList(Config):
    """All models of a service.

    Attributes:
        models: The first that can do what is asked is the one that is asked by default.
    """

    models: list[ModelSummary]


class ModelDetails(Config):
    """One model in full.

    Attributes:
        sha256: Of its manifest.
        name: A short name.
        manifest: What its package says of itself.
    """

    sha256: str
    name: str
    manifest: PackageManifest


@router.get("")
async def models(service: TheService) -> ModelList:
    """Return every model that is served."""
    return ModelList(models=[ModelSummary.of(model) for model in service.models])


@router.get("/{name}")
async def model(service: TheService, name: str) -> ModelDetails:
    """Return one model by its hash, the first digits of it, or its name."""
    found = service.models.find(name)
    return ModelDetails(sha256=found.sha256, name=found.name, manifest=found.package.manifest)
