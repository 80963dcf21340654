"""``synthetyk package`` and ``synthetyk verify``: models that run without torch, and whether they were changed."""

from pathlib import Path
from typing import Annotated

import typer

from synthetyk.cli.display import say
from synthetyk.cli.options import Run
from synthetyk.pipeline.run_folder import open_run
from synthetyk.runtime.manifest import PackageManifest
from synthetyk.runtime.package import open_package, sign_package


def package(
    run: Run,
    sign: Annotated[
        Path | None,
        typer.Option(metavar="KEY.pem", help="Sign the manifest with this Ed25519 private key.", show_default=False),
    ] = None,
    register: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Register it at MLflow's registry under this name.", show_default=False),
    ] = None,
) -> None:
    """Package generator and classifier as ONNX with a hashed manifest, in an MLflow model that needs no torch.

    Skipped if nothing has changed. With --register it goes to the store of the run folder, or to the one that
    MLFLOW_TRACKING_URI names.
    """
    folder = open_run(run)
    from synthetyk.cli.work import work
    from synthetyk.pipeline.packaging import check_installed, register_package
    from synthetyk.pipeline.stages import BY_NAME

    check_installed()
    work(folder, [BY_NAME["package"]])
    if sign:
        say(f"Signed by:     {sign_package(folder.package, sign)}")
    if register:
        say(f"Registered as: {register_package(folder, register)}")


def verify(
    path: Annotated[Path, typer.Argument(metavar="PACKAGE", help="A package, or the MLflow model around it.")],
    public_key: Annotated[
        Path | None,
        typer.Option(metavar="KEY.pem", help="Ed25519 public key that must have signed it.", show_default=False),
    ] = None,
) -> None:
    """Check every file of a package against its manifest, and its signature if a key is given; nothing in it is run."""
    found = open_package(path, public_key)
    for line in _lines(found.manifest):
        say(line)
    say(
        f"Every file is what the manifest says{'; the signature fits the key' if found.signed_by else ''}.",
        style="bold",
    )


def _lines(manifest: PackageManifest) -> list[str]:
    lines = [f"{manifest.title}, made by {manifest.created_by}"]
    if manifest.classifier:
        names = ", ".join(each.name for each in manifest.classifier.classes)
        lines.append(f"classifier: {manifest.classifier.encoder}, {manifest.classifier.precision}, of {names}")
    if manifest.generator:
        lines.append(f"generator: {manifest.generator.precision}, images {manifest.generator.shape}")
    return lines + [f"{name}: {record.bytes:,} bytes" for name, record in manifest.files.items()]
