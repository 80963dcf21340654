import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from synthetyk.core.errors import ArtifactError, MissingDependencyError
from synthetyk.models.weights import load_strictly, read_state


def network():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))


def write(path, state):
    if path.suffix == ".npz":
        np.savez(path, **{name: value.numpy() for name, value in state.items()})
    elif path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".pth", ".pt"])
def test_a_state_dict_comes_back_from_every_format(tmp_path, suffix):
    state = network().state_dict()
    write(tmp_path / f"weights{suffix}", state)
    found = read_state(tmp_path / f"weights{suffix}")
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], state[name]) for name in state)


class Payload:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code from a weights file ran')",))


def test_code_in_a_pickled_file_is_refused_and_does_not_run(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"0.weight": Payload()}, path)
    with pytest.raises(ArtifactError, match="tensors and nothing else"):
        read_state(path)


def test_pickled_objects_in_an_npz_are_refused(tmp_path):
    path = tmp_path / "weights.npz"
    np.savez(path, weight=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ArtifactError, match="cannot be read"):
        read_state(path)


def test_a_checkpoint_that_is_no_mapping_is_refused(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save([torch.zeros(1)], path)
    with pytest.raises(ArtifactError, match="state dict"):
        read_state(path)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".pth"])
def test_a_damaged_file_is_said_by_name(tmp_path, suffix):
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(ArtifactError, match=f"weights{suffix} cannot be read"):
        read_state(path)


def test_a_missing_file_is_a_missing_dependency(tmp_path):
    with pytest.raises(MissingDependencyError, match="no weights file"):
        read_state(tmp_path / "weights.npz")


def test_an_unknown_suffix_is_refused(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"")
    with pytest.raises(ArtifactError, match=r"\.npz, \.safetensors"):
        read_state(path)


def test_strict_loading_copies_every_tensor():
    source, target = network(), network()
    load_strictly(target, source.state_dict(), "test")
    assert all(torch.equal(a, b) for a, b in zip(source.parameters(), target.parameters(), strict=True))


def test_batch_counters_may_be_absent():
    state = {name: value for name, value in network().state_dict().items() if "num_batches" not in name}
    load_strictly(network(), state, "test")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("0.bias"), "0.bias is missing"),
        (lambda s: (s.pop("0.bias"), s.pop("1.bias")), r"0.bias is missing \(and 1 more\)"),
        (lambda s: s.update(extra=torch.zeros(1)), "extra is not expected"),
        (lambda s: s.update({"0.bias": torch.zeros(3)}), r"0.bias \(3,\) instead of \(2,\) has another shape"),
    ],
)
def test_a_mismatch_is_named(change, message):
    state = dict(network().state_dict())
    change(state)
    with pytest.raises(ArtifactError, match=message):
        load_strictly(network(), state, "test")
