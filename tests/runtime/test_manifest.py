import pytest

from synthetyk.core.errors import ConfigError
from synthetyk.runtime.manifest import InputContract, PackageManifest

PART = {
    "file": "generator.onnx",
    "shape": (1, 8, 8),
    "class_names": (),
    "latent": 4,
    "noise_scale": 1.0,
    "seed": 0,
    "weights_sha256": "",
}
RECORD = {"sha256": "0" * 64, "bytes": 1}


def values(**changes):
    data = {"fingerprint_sha256": "", "content_hash": "", "counts": {}}
    whole = {"title": "t", "created_by": "test", "classifier": None, "generator": PART, "data": data}
    return {"schema": "package/1", **whole, "files": {"generator.onnx": RECORD}, **changes}


def test_a_manifest_says_research_only_first():
    assert "research only" in PackageManifest.restore(values(), "test").notice


@pytest.mark.parametrize(
    "name", ["../evil", "a/b", "/etc/passwd", "..", ".hidden", "a\\b", "a\0b", "", "manifest.json", "signature.json"]
)
def test_a_name_that_could_lead_elsewhere_is_refused(name):
    with pytest.raises(ValueError, match="plain file name"):
        PackageManifest.restore(values(files={"generator.onnx": RECORD, name: RECORD}), "test")


def test_a_model_needs_a_hash():
    with pytest.raises(ValueError, match=r"hash of generator\.onnx"):
        PackageManifest.restore(values(files={}), "test")


@pytest.mark.parametrize("changes", [{"shape": (2, 8, 8)}, {"shape": (1, 0, 8)}, {"value_range": (0.0, 1.0)}])
def test_an_input_that_no_code_here_prepares_is_refused(changes):
    rule = {"bits": 8, "text": "kept"}
    with pytest.raises(ConfigError):
        InputContract.parse({"shape": (1, 8, 8), "depth_rule": rule, "fit": "pad", **changes})
