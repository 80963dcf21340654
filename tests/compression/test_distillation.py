import numpy as np
import torch

from synthetyk.compression.channels import with_fewer_channels
from synthetyk.compression.distillation import SOFTNESS, Student, distillation_loss
from synthetyk.compression.sparsity import magnitude_masks


def test_the_loss_is_the_softened_divergence_in_nats():
    random = torch.Generator().manual_seed(0)
    student, teacher = (torch.randn(5, 3, generator=random, dtype=torch.float64) for _ in range(2))
    p, q = ((each / SOFTNESS).softmax(dim=1).numpy() for each in (teacher, student))
    expected = SOFTNESS**2 * (p * np.log(p / q)).sum(axis=1).mean()
    np.testing.assert_allclose(distillation_loss(student, teacher).item(), expected)
    assert abs(distillation_loss(teacher, teacher).item()) < 1e-12


def settings(trained, steps=10):
    return trained.config.replace(steps=steps, evaluate_every=steps, seed=1)


def test_a_student_comes_nearer_to_its_teacher(trained, discs):
    def apart(network):
        with torch.no_grad():
            images = torch.from_numpy(discs.train.all().astype(np.float32) / 127.5 - 1)
            return distillation_loss(network(images), trained.network(images)).item()

    student = Student(settings(trained, 60), discs.train, discs.val, trained)
    before = apart(student.average.network)
    assert apart(student.fit().network) < 0.7 * before


def test_a_smaller_network_is_trained_on_from_its_weights(trained, discs):
    smaller = with_fewer_channels(trained.network, 0.5)
    start = smaller.head.weight.clone()
    student = Student(settings(trained, 1), discs.train, discs.val, trained, network=smaller)
    assert torch.equal(student.network.head.weight, start)
    tuned = student.fit()
    assert tuned.network.head.weight.shape == start.shape
    assert not torch.equal(tuned.network.head.weight, start)
    assert not any(parameter.requires_grad for parameter in trained.network.parameters())


def test_pruned_weights_stay_pruned_while_the_others_learn(trained, discs):
    masks = magnitude_masks(trained.network, 0.6)
    network = with_fewer_channels(trained.network, 1)  # a copy
    tuned = Student(settings(trained, 2), discs.train, discs.val, trained, network=network, masks=masks).fit()
    parameters = dict(tuned.network.named_parameters())
    for name, mask in masks.items():
        assert (parameters[name][mask == 0] == 0).all()
        assert (parameters[name][mask == 1] != 0).float().mean() > 0.99
