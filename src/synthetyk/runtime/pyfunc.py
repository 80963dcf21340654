"""The package as an MLflow model: the only module of this floor that imports MLflow."""

import shutil
from pathlib import Path
from typing import Any

from synthetyk.core.errors import MissingDependencyError, RequestError, SynthetykError
from synthetyk.runtime.answers import Row, drawn, predicted
from synthetyk.runtime.classifier import ClassifierSession
from synthetyk.runtime.generator import CHUNK, GeneratorSession
from synthetyk.runtime.package import BYTECODE, open_package
from synthetyk.runtime.requests import RequestParams, images_of

try:
    import pandas as pd
    from mlflow.exceptions import MlflowException
    from mlflow.pyfunc.model import PythonModel, PythonModelContext
except ModuleNotFoundError as error:
    raise MissingDependencyError("MLflow is not installed", action="Run: pip install 'synthetyk[mlflow]'") from error


class PackagedModel(PythonModel):
    """Predicts classes, or generates images, by the parameter ``task``.

    The configuration that MLflow hands over may say ``threads`` and ``public_key``, a PEM file with the Ed25519 key
    that must have signed the package.
    """

    _skip_type_hint_validation = True  # `images_of` does it

    def load_context(self, context: PythonModelContext) -> None:
        """Open the package that MLflow unpacked."""
        asked = context.model_config or {}
        key, threads = asked.get("public_key"), int(asked.get("threads") or 1)
        folder = Path(context.artifacts["package"]).resolve()
        shutil.rmtree(folder.parents[1] / BYTECODE, ignore_errors=True)  # what MLflow left when it ran the code
        package = open_package(folder, Path(key) if key else None)
        self.classifier = ClassifierSession.open(package, threads=threads) if package.manifest.classifier else None
        self.generator = (
            GeneratorSession.open(package, threads=threads, batch=CHUNK) if package.manifest.generator else None
        )

    def predict(  # type: ignore[no-untyped-def]
        self,
        context: PythonModelContext,  # noqa: ARG002 (MLflow finds it by this name)
        model_input,  # a type here would be taken for the one form in which images may come
        params: Row | None = None,
    ) -> pd.DataFrame:
        """Return one row for each image.

        Args:
            context: Not used any more.
            model_input: Images, see `requests.images_of`; not looked at where images are generated.
            params: See `requests.RequestParams`.

        Returns:
            predict: ``class``, ``probability``, ``probabilities`` by class, ``risk`` (None if no class is flagged) and,
            if asked for, ``activation_maps`` by class. generate: ``class``, ``index``, ``seed`` and ``image``, a PNG in
            base64.

        Raises:
            MlflowException: The request does not fit the package; MLflow's server answers with 400 and the message.
        """
        try:
            asked = RequestParams.parse(params or {}, where="The parameters")
            rows = self._predictions(model_input, asked) if asked.task == "predict" else self._images(asked)
        except SynthetykError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from error
        return pd.DataFrame(rows)

    def _predictions(self, given: Any, asked: RequestParams) -> list[Row]:
        if self.classifier is None:
            raise _lacks("classifier")
        names = [each.name for each in self.classifier.about.classes]
        found = self.classifier.predict(images_of(given, self.classifier.about.input))
        return predicted(found, names, maps=asked.maps)

    def _images(self, asked: RequestParams) -> list[Row]:
        if self.generator is None:
            raise _lacks("generator")
        seed = self.generator.about.seed if asked.seed < 0 else asked.seed
        label, numbers = self.generator.label_of(asked.label), range(asked.first, asked.first + asked.count)
        images = self.generator.sample(label, numbers, seed=seed, truncation=asked.truncation)
        return [drawn(asked.label, index, seed, image) for index, image in zip(numbers, images, strict=True)]


def _lacks(what: str) -> RequestError:
    return RequestError(f"This package holds no {what}", expected="a task that it can do")
