import torch

from synthetyk.models.spectral import GAIN, SpectralConv2d


def layer():
    found = SpectralConv2d(6, 10)
    torch.nn.init.normal_(found.weight, generator=torch.Generator().manual_seed(0))
    torch.nn.init.zeros_(found.bias)
    return found


def test_the_largest_singular_value_comes_to_be_that_of_the_decomposition():
    found, x = layer(), torch.randn(1, 6, 8, 8)
    for _ in range(60):
        found(x)
    largest = torch.linalg.svdvals(found.weight.flatten(1))[0]
    plain = torch.nn.functional.conv2d(x, found.weight / largest, None, 2, 1)
    torch.testing.assert_close(found(x), GAIN * plain, rtol=1e-4, atol=1e-5)


def test_scaling_the_weights_changes_nothing():
    one, two, x = layer(), layer(), torch.randn(2, 6, 8, 8)
    with torch.no_grad():
        two.weight.mul_(7)
    torch.testing.assert_close(one(x), two(x))


def test_the_estimate_goes_on_in_training_only_and_is_part_of_the_state():
    found, x = layer(), torch.randn(1, 6, 8, 8)
    found.eval()(x)
    assert torch.equal(found.u, layer().u)
    found.train()(x)
    assert not torch.equal(found.u, layer().u)
    assert "u" in found.state_dict()


def test_weights_learn_through_the_norm():
    found = layer()
    found(torch.randn(1, 6, 8, 8)).square().mean().backward()
    along = (
        found.weight.grad * found.weight
    ).sum()  # no gain from larger weights, since they are divided by their norm
    assert found.weight.grad.abs().max() > 0
    assert abs(along) < 0.2 * found.weight.grad.norm() * found.weight.norm()
