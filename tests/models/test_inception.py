import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from synthetyk.models.inception import BlockA, BlockE, InceptionV3, resize_like_graph


@pytest.fixture(scope="module")
def network():
    return InceptionV3().eval()


def test_the_parameter_count_is_that_of_the_network_without_its_auxiliary_head(network):
    # torchvision's Inception3 has 27,161,264 with 1000 classes; less the auxiliary head (3,326,696), plus 8 classes
    assert sum(p.numel() for p in network.parameters()) == 27_161_264 - 3_326_696 + 8 * 2049


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("Conv2d_1a_3x3.conv.weight", (32, 3, 3, 3)),
        ("Conv2d_4a_3x3.bn.running_var", (192,)),
        ("Mixed_5b.branch5x5_2.conv.weight", (64, 48, 5, 5)),
        ("Mixed_5d.branch_pool.conv.weight", (64, 288, 1, 1)),
        ("Mixed_6a.branch3x3dbl_3.conv.weight", (96, 96, 3, 3)),
        ("Mixed_6b.branch7x7dbl_5.conv.weight", (192, 128, 1, 7)),
        ("Mixed_6e.branch7x7_3.conv.weight", (192, 192, 7, 1)),
        ("Mixed_7a.branch7x7x3_4.conv.weight", (192, 192, 3, 3)),
        ("Mixed_7b.branch3x3dbl_3b.conv.weight", (384, 384, 3, 1)),
        ("Mixed_7c.branch1x1.conv.weight", (320, 2048, 1, 1)),
        ("fc.weight", (1008, 2048)),
        ("fc.bias", (1008,)),
    ],
)
def test_parameters_carry_the_names_of_the_published_file(network, name, shape):
    assert tuple(network.state_dict()[name].shape) == shape


def test_it_maps_small_grey_values_to_features_and_logits(network):
    with torch.inference_mode():
        features, logits = network(torch.rand(1, 3, 28, 28) * 255)
        assert features.shape == (1, 2048)
        assert torch.allclose(logits, features @ network.fc.weight.T)


def test_maps_have_the_sizes_of_the_paper(network):
    sizes = {}
    for name in ("Conv2d_4a_3x3", "Mixed_5d", "Mixed_6e", "Mixed_7c"):
        hook = lambda module, given, out, name=name: sizes.update({name: tuple(out.shape[1:])})  # noqa: E731
        getattr(network, name).register_forward_hook(hook)
    with torch.inference_mode():
        network(torch.zeros(1, 3, 32, 32))
    assert sizes == {
        "Conv2d_4a_3x3": (192, 71, 71),
        "Mixed_5d": (288, 35, 35),
        "Mixed_6e": (768, 17, 17),
        "Mixed_7c": (2048, 8, 8),
    }


def pooled(block, x):
    """What the pool branch of a block sees."""
    seen = []
    block.branch_pool.register_forward_hook(lambda module, given, out: seen.append(given[0]))
    block.eval()(x)
    return seen[0]


def test_average_pools_leave_their_padding_out():
    assert torch.allclose(pooled(BlockA(2, pooled=4), torch.ones(1, 2, 5, 5)), torch.ones(1, 2, 5, 5))


def test_only_the_last_block_pools_by_maximum(network):
    x = torch.zeros(1, 2, 3, 3)
    x[..., 1, 1] = 9
    assert torch.equal(pooled(BlockE(2, max_pool=True), x), torch.full((1, 2, 3, 3), 9.0))
    assert pooled(BlockE(2, max_pool=False), x)[0, 0, 1, 1] == 1
    assert network.Mixed_7c.pool is not network.Mixed_7b.pool


@pytest.mark.parametrize("size", [(28, 28), (64, 48), (400, 320)])
def test_resizing_samples_at_i_times_size_over_side(size):
    image = torch.rand(1, 1, *size)
    grid = np.meshgrid(*(np.arange(299) * (side / 299) for side in size), indexing="ij")
    expected = map_coordinates(image[0, 0].numpy(), grid, order=1, mode="nearest")
    assert np.allclose(resize_like_graph(image, 299)[0, 0].numpy(), expected, atol=1e-5)


def test_resizing_to_the_same_size_changes_nothing():
    image = torch.rand(1, 3, 299, 299)
    assert torch.equal(resize_like_graph(image, 299), image)
