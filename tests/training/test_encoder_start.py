import numpy as np
import pytest
import torch

from synthetyk.core.artifacts import sha256_file
from synthetyk.core.errors import ArtifactError, MissingDependencyError
from synthetyk.models.squeezenet import SqueezeNet
from synthetyk.training.encoder_start import published_start


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "squeezenet.npz"
    np.savez(path, **{name: value.numpy() for name, value in SqueezeNet().state_dict().items()})
    return path


def test_published_weights_are_those_of_the_file_without_the_classifier(weights):
    start = published_start(weights, "squeezenet", 3)
    with np.load(weights) as arrays:
        assert set(start.state) == {name for name in arrays.files if name.startswith("features.")}
        assert np.array_equal(start.state["features.0.weight"], arrays["features.0.weight"])
    assert start.origin == str(weights)
    assert start.sha256 == sha256_file(weights)


def test_grey_images_get_the_sum_of_the_colours(weights):
    colour, grey = (published_start(weights, "squeezenet", channels).state for channels in (3, 1))
    torch.testing.assert_close(grey["features.0.weight"], colour["features.0.weight"].sum(dim=1, keepdim=True))


def test_caffes_weights_are_brought_to_what_other_weights_want_to_see(weights):
    plain, caffe = (published_start(weights, "squeezenet", 3, how).state for how in ("torchvision", "caffe"))
    assert not torch.equal(plain["features.0.weight"], caffe["features.0.weight"])
    assert torch.equal(plain["features.3.squeeze.weight"], caffe["features.3.squeeze.weight"])


def test_only_squeezenet_has_caffes_weights(weights):
    with pytest.raises(ArtifactError, match="The encoder resnet18 has no Caffe weights"):
        published_start(weights, "resnet18", 3, "caffe")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingDependencyError, match=r"none\.pth"):
        published_start(tmp_path / "none.pth", "resnet18", 3)
