import pytest
import torch
from torch import nn

from synthetyk.core.errors import ArtifactError
from synthetyk.training.weights_file import load_weights, save_weights


@pytest.fixture
def saved(tmp_path):
    network, path = nn.Linear(3, 2), tmp_path / "network.safetensors"
    return network, path, save_weights(network, path)


def test_weights_that_were_saved_are_the_weights_that_are_loaded(saved):
    network, path, sha256 = saved
    other = nn.Linear(3, 2)
    load_weights(other, path, sha256, about="network.json")
    assert torch.equal(other.weight, network.weight) and torch.equal(other.bias, network.bias)


def test_weights_with_names_of_before_get_those_of_now(saved):
    network, path, sha256 = saved
    other = nn.Sequential(nn.Linear(3, 2))
    load_weights(other, path, sha256, about="network.json", now=lambda name: f"0.{name}")
    assert torch.equal(other[0].weight, network.weight)


def test_a_missing_or_another_file_is_refused(saved):
    network, path, sha256 = saved
    save_weights(nn.Linear(3, 2), path)
    for _ in range(2):
        with pytest.raises(ArtifactError, match="is not the file that network.json names"):
            load_weights(network, path, sha256, about="network.json")
        path.unlink(missing_ok=True)


def test_weights_of_another_shape_are_refused(saved):
    _, path, sha256 = saved
    with pytest.raises(ArtifactError, match="does not fit"):
        load_weights(nn.Linear(4, 2), path, sha256, about="network.json")
