"""Writes the package of a run: all of it appears at once, or nothing."""

import hashlib
import shutil
from pathlib import Path

from synthetyk.core.artifacts import write_bytes
from synthetyk.core.progress import Progress, silent
from synthetyk.packaging.contents import contents
from synthetyk.packaging.inputs import PackageInputs
from synthetyk.packaging.mlflow_model import write_mlflow_model
from synthetyk.runtime.manifest import PackageManifest
from synthetyk.runtime.package import open_package, seal


def build_package(inputs: PackageInputs, output: Path, progress: Progress = silent) -> PackageManifest:
    """Write an MLflow model with the run's package in it; what lies at `output` is replaced.

    Args:
        inputs: What the run left.
        output: Folder of the MLflow model.
        progress: Told after each piece of work.

    Raises:
        NotApplicableError: The run has no model to package.
        ArtifactError: A model is damaged.
        MissingDependencyError: What exports models, or MLflow, is not installed.
    """
    manifest, files = contents(inputs)
    progress(1, 3, "models exported")
    partial = output.with_name(f".{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for name, data in files.items():
        write_bytes(partial / "package" / name, data)
    write_mlflow_model(partial / "package", partial / "model", identity=_identity(manifest))
    progress(2, 3, "MLflow model written")
    manifest = seal(partial / "model", manifest)
    open_package(partial / "model")
    shutil.rmtree(output, ignore_errors=True)
    (partial / "model").replace(output)
    shutil.rmtree(partial)
    progress(3, 3, "package sealed")
    return manifest


def _identity(manifest: PackageManifest) -> str:
    """Return 32 hexadecimal digits that are those of no other package."""
    return hashlib.sha256(manifest.model_dump_json().encode()).hexdigest()[:32]
