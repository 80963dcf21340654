"""An MLflow model around a package: what `mlflow.pyfunc.load_model` and ``mlflow models serve`` read.

It is a model from code: the code is four lines that import Synthetyk, and nothing in the folder is a pickle.
"""

import warnings
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import synthetyk
from synthetyk.core.errors import MissingDependencyError
from synthetyk.runtime.manifest import MANIFEST, NOTICE
from synthetyk.runtime.package import INSIDE
from synthetyk.runtime.requests import RequestParams
from synthetyk.tracking.mlflow_environment import set_environment

if TYPE_CHECKING:
    from mlflow.models import Model, ModelSignature

CODE_FILE = "model.py"
CODE = '''"""How MLflow opens this model: with what Synthetyk runs packages with, which needs no torch."""

from mlflow.models import set_model

from synthetyk.runtime.pyfunc import PackagedModel

set_model(PackagedModel())
'''
# What the model takes beside Python; the pixels that an image file becomes depend on Pillow and pydicom too.
NEEDS = ("mlflow", "numpy", "onnxruntime", "pandas", "pillow", "pydicom")
TYPES = {str: "string", int: "long", float: "double", bool: "boolean"}


def write_mlflow_model(package: Path, output: Path, *, identity: str) -> None:
    """Write an MLflow model that holds a package; no network is needed, and the same package gives the same bytes.

    Args:
        package: Folder of the package, which is copied; its manifest may follow.
        output: Folder to make.
        identity: By which MLflow knows it, 32 hexadecimal digits.

    Raises:
        MissingDependencyError: MLflow is not installed.
    """
    set_environment()
    try:
        import mlflow.pyfunc
        from mlflow.models import Model
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "MLflow is not installed", action="Run: pip install 'synthetyk[package]'"
        ) from error
    about = {"notice": NOTICE, "manifest": f"{INSIDE.as_posix()}/{MANIFEST}"}
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow would like type hints and an example of the input
        code = Path(folder, CODE_FILE)
        code.write_text(CODE)
        mlflow.pyfunc.save_model(
            path=output,
            python_model=str(code),
            artifacts={INSIDE.name: str(package)},
            signature=_signature(),
            pip_requirements=_requirements(),
            metadata=about,
            model_config={"threads": 1, "public_key": ""},
            mlflow_model=Model(model_uuid=identity),
        )
    _forget_where_and_when(Model.load(output), output)


def _signature() -> "ModelSignature":
    """Return the signature: parameters only, since images may come as arrays as well as in columns."""
    from mlflow.models import ModelSignature
    from mlflow.types import ParamSchema, ParamSpec

    defaults = RequestParams().model_dump()
    return ModelSignature(
        params=ParamSchema([ParamSpec(name, TYPES[type(value)], value) for name, value in defaults.items()])
    )


def _requirements() -> list[str]:
    return [f"synthetyk[runtime]=={synthetyk.__version__}", *(f"{name}=={version(name)}" for name in NEEDS)]


def _forget_where_and_when(model: "Model", folder: Path) -> None:
    """Take out of ``MLmodel`` what MLflow does not read: paths of this machine, and the time."""
    flavor = model.flavors["python_function"]
    flavor["model_code_path"] = CODE_FILE
    for artifact in flavor["artifacts"].values():
        artifact["uri"] = artifact["path"]
    model.utc_time_created = None  # type: ignore[assignment]
    model.save(folder / "MLmodel")
