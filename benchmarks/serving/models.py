"""The generator that every server serves: its network, our packages of it, and MLflow models."""

import shutil
from pathlib import Path

import numpy as np

from synthetyk.runtime.manifest import PackagedGenerator, PackageManifest, TrainingData
from synthetyk.runtime.package import open_package, seal, write_package

RECIPE, SIDE, LATENT = "dcgan", 28, 100
CLASSES = ("no", "yes")
FILE = "generator.onnx"


def make_models(folder: Path) -> None:
    """Write ``fp32`` and ``int8`` (packages), ``mlflow`` (that of fp32 in an MLflow model), ``plain`` (the network)."""
    from benchmarks.compress import generator_forms  # it takes torch, which nothing else here does

    shutil.rmtree(folder, ignore_errors=True)
    forms = generator_forms(RECIPE, SIDE)
    for precision, network in (("fp32", forms.plain), ("int8", forms.small)):
        write_package(folder / precision, _manifest(precision), {FILE: network})
    _write_mlflow(folder / "fp32", folder / "mlflow")
    _write_plain(forms.plain, folder / "plain")


def _manifest(precision: str) -> PackageManifest:
    generator = PackagedGenerator(
        file=FILE,
        shape=(1, SIDE, SIDE),
        class_names=CLASSES,
        latent=LATENT,
        noise_scale=1.0,
        seed=0,
        precision=precision,
        weights_sha256="",
    )
    return PackageManifest(
        title="benchmark",
        created_by="benchmarks",
        classifier=None,
        generator=generator,
        data=TrainingData(fingerprint_sha256="", content_hash="", counts={}),
        files={FILE: {"sha256": "0" * 64, "bytes": 0}},
    )


def _write_mlflow(package: Path, output: Path) -> None:
    from synthetyk.packaging.mlflow_model import write_mlflow_model

    write_mlflow_model(package, output, identity="0" * 32)
    seal(output, open_package(package).manifest)


def _write_plain(network: bytes, output: Path) -> None:
    """Write the network as MLflow's own flavour of ONNX, with one thread as everywhere."""
    import mlflow.onnx
    import onnx
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    inputs = [
        TensorSpec(np.dtype(np.float32), (-1, LATENT), "noise"),
        TensorSpec(np.dtype(np.int64), (-1,), "labels"),
    ]
    mlflow.onnx.save_model(
        onnx.load_from_string(network),
        output,
        signature=ModelSignature(inputs=Schema(inputs)),
        onnx_session_options={"execution_mode": "sequential", "intra_op_num_threads": 1, "inter_op_num_threads": 1},
    )
