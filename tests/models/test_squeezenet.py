import numpy as np
import pytest
import torch
from PIL import Image

from synthetyk.models.squeezenet import BGR_MEAN, Fire, SqueezeNet
from synthetyk.models.weights import load_strictly, read_state


def test_the_parameter_count_is_that_of_the_paper():
    assert sum(p.numel() for p in SqueezeNet().parameters()) == 1_248_424  # table 1


@pytest.mark.parametrize("side", [64, 112, 224])
def test_features_and_logits_have_their_shapes_at_any_size(side):
    features, logits = SqueezeNet(classes=10).eval()(torch.rand(2, 3, side, side) * 255)
    assert features.shape == (2, 512)
    assert logits.shape == (2, 10)


def test_pools_keep_the_last_row_as_caffe_does():
    network = SqueezeNet()
    maps = network.features[:12](torch.zeros(1, 3, 224, 224))
    assert maps.shape[-2:] == (13, 13)  # floor-mode pools would give 12


def test_the_mean_colour_is_taken_off_in_blue_green_red_order():
    network = SqueezeNet()
    seen = []
    network.features[0].register_forward_hook(lambda module, given, out: seen.append(given[0]))
    blue, green, red = BGR_MEAN
    network(torch.tensor([red + 1, green, blue]).view(1, 3, 1, 1).expand(1, 3, 64, 64))
    assert torch.equal(seen[0][0, :, 0, 0], torch.tensor([0.0, 0.0, 1.0]))


def test_a_fire_module_stacks_1x1_before_3x3():
    fire = Fire(2, 2, 3)
    with torch.no_grad():
        for parameter in fire.parameters():
            parameter.zero_()
        fire.expand1x1.bias.fill_(1)
        fire.expand3x3.bias.fill_(-1)
    out = fire(torch.rand(1, 2, 4, 4))
    assert torch.equal(out[0, :, 0, 0], torch.tensor([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]))


def test_the_published_weights_recognise_a_photograph(real_data):
    samples = pytest.importorskip("sklearn.datasets")
    network = SqueezeNet().eval()
    load_strictly(network, read_state(real_data("../weights/squeezenet1_0_imagenet.npz")), "the published weights")
    pagoda = Image.fromarray(samples.load_sample_image("china.jpg")).resize((160, 160))
    rgb = torch.from_numpy(np.asarray(pagoda, dtype=np.float32)).permute(2, 0, 1)[None]
    with torch.inference_mode():
        right, swapped = (int(network(image)[1].argmax()) for image in (rgb, rgb.flip(1)))
    assert right == 442  # "bell cote"
    assert swapped == 449  # "boathouse": what a mistaken order of colours makes of it
