"""What a package takes: nothing of what trains, and not MLflow."""

import subprocess
import sys

ABSENT = (
    "torch",
    "monai",
    "safetensors",
    "mlflow",
    "pandas",
    "onnx",
    "onnxscript",
    "cryptography",
    "matplotlib",
    "jinja2",
)
WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({ABSENT})); "
RUN = """
from pathlib import Path
from synthetyk.runtime.classifier import ClassifierSession
from synthetyk.runtime.generator import GeneratorSession
from synthetyk.runtime.package import open_package
package = open_package(Path(sys.argv[1]))
images = GeneratorSession.open(package).sample(0, range(2))
print(ClassifierSession.open(package).predict(images).probabilities.shape)
"""


def without(code, *arguments):
    command = [sys.executable, "-c", WITHOUT + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_package_draws_and_predicts_on_numpy_and_onnx_runtime_alone(package_folder):
    told = without(RUN, package_folder)
    assert told.stdout == "(2, 3)\n", told.stderr


def test_a_package_is_verified_without_what_trains(package_folder):
    told = without("from synthetyk.cli.main import main; main()", "verify", package_folder)
    assert "Every file is what the manifest says." in told.stdout, told.stderr


def test_a_signature_takes_cryptography_and_says_so(package_folder, tmp_path):
    (tmp_path / "key.pem").write_text("")
    code = "from synthetyk.cli.main import main; main()"
    told = without(code, "verify", package_folder, "--public-key", tmp_path / "key.pem")
    assert told.returncode == 1
    assert "pip install cryptography" in "".join(told.stderr.split("\n"))
