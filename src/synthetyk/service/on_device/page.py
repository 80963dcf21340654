"""``page.json``: what the page on this device offers, in the words of its packages' manifests."""

import hashlib
from collections.abc import Sequence
from typing import ClassVar

from synthetyk.core.artifacts import Artifact
from synthetyk.core.config import Config
from synthetyk.data.decode import MAX_PIXELS
from synthetyk.runtime.generator import CHUNK
from synthetyk.runtime.manifest import MANIFEST, FileRecord, PackagedClassifier, PackagedGenerator
from synthetyk.runtime.package import Package
from synthetyk.service.on_device.web_runtime import VERSION

HASH_DIGITS = 16  # of a package's hash, in the name of its folder


class OfferedPackage(Config):
    """One package that the page offers.

    Attributes:
        name: A short name for people.
        sha256: Of its manifest.
        folder: Where its files lie, below the page.
        title: What the run was called.
        notice: What a reader has to know first.
        created_by: Tool and version.
        classifier: None if it has none.
        generator: None if it has none.
        seed: Of the generator's images unless another is asked for, in digits: JavaScript's numbers are too short.
        files: What each file of it must be.
    """

    name: str
    sha256: str
    folder: str
    title: str
    notice: str
    created_by: str
    classifier: PackagedClassifier | None
    generator: PackagedGenerator | None
    seed: str
    files: dict[str, FileRecord]

    @classmethod
    def of(cls, name: str, package: Package) -> "OfferedPackage":
        """Return what is offered of an open package."""
        said = package.manifest
        sha256 = hashlib.sha256((package.folder / MANIFEST).read_bytes()).hexdigest()
        return cls(
            name=name,
            sha256=sha256,
            folder=f"models/{sha256[:HASH_DIGITS]}/",
            title=said.title,
            notice=said.notice,
            created_by=said.created_by,
            classifier=said.classifier,
            generator=said.generator,
            seed=str(said.generator.seed) if said.generator else "",
            files=dict(said.files),
        )


class PageConfig(Artifact):
    """``page.json`` of the page on this device.

    Attributes:
        packages: What it offers; the first is open at the start.
        runtime: What runs the models.
        max_pixels: Pixels that an image may say in its header that it has.
        chunk: Images that are always drawn together, see `core.noise.in_chunks`.
        files: Every other file of the page, for use without a network.
    """

    schema_name: ClassVar[str] = "on_device"

    packages: tuple[OfferedPackage, ...]
    runtime: str = f"ONNX Runtime Web {VERSION}"
    max_pixels: int = MAX_PIXELS
    chunk: int = CHUNK
    files: tuple[str, ...] = ()

    @classmethod
    def of(cls, packages: Sequence[tuple[str, Package]]) -> "PageConfig":
        """Return what a page with these packages, each with its name, offers."""
        return cls(packages=tuple(OfferedPackage.of(name, package) for name, package in packages))
