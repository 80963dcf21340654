import torch
from torch import nn

from synthetyk.models.encoder import EncoderShape
from synthetyk.models.image_classifier import ImageClassifier

SHAPE = EncoderShape(1, 28, 28, base=8)


def images(count: int = 3) -> torch.Tensor:
    return torch.rand(count, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def test_logits_are_the_head_on_the_pooled_features() -> None:
    network = ImageClassifier.build("edgenet", SHAPE, 2, 0).eval()
    assert network.features(images()).shape == (3, network.dimension) == (3, 32)
    torch.testing.assert_close(network(images()), network.head(network.features(images())))


def test_activation_maps_average_to_the_logits() -> None:
    network = ImageClassifier.build("edgenet", SHAPE, 3, 0).eval()
    maps = network.activation_maps(images())
    assert maps.shape == (3, 3, 4, 4)
    torch.testing.assert_close(maps.mean(dim=(2, 3)), network(images()))


def test_activation_maps_say_where_a_class_is() -> None:
    network = ImageClassifier(Bright(), 2, 0)
    network.head.load_state_dict({"weight": torch.tensor([[-1.0], [1.0]]), "bias": torch.zeros(2)})
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, 1, 3] = 1
    assert network.activation_maps(x)[0, 1].argmax().item() == 7
    assert network.activation_maps(x)[0, 0].argmin().item() == 7


def test_a_fresh_classifier_says_that_all_classes_are_alike() -> None:
    probabilities = ImageClassifier.build("edgenet", SHAPE, 4, 0).eval()(images()).softmax(dim=1)
    torch.testing.assert_close(probabilities, torch.full((3, 4), 0.25), atol=0.02, rtol=0)


def test_the_seed_decides_the_head_too() -> None:
    first, again, other = (ImageClassifier.build("edgenet", SHAPE, 2, seed).head.weight for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


class Bright(nn.Module):
    """An encoder whose only map is the image."""

    dimension = 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x
