import numpy as np
import pytest
import torch
from tests.runtime.tiny import LATENT, NOISE_SCALE, SHAPE, generator_part, tiny_generator, tiny_manifest
from torch import nn

from synthetyk.core.errors import RequestError
from synthetyk.runtime.generator import CHUNK, GeneratorSession, Numbered
from synthetyk.runtime.package import open_package, write_package
from synthetyk.runtime.session import OnnxModel
from synthetyk.training.sampler import Sampler


def session(classes=3, batch=0, **changes):
    part = generator_part(class_names=generator_part().class_names[:classes], **changes)
    return GeneratorSession(OnnxModel(tiny_generator(classes), "g"), part, batch=batch)


def test_one_by_one_shuffled_and_in_bulk_give_the_same_bytes():
    draws = session()
    bulk = draws.sample(1, range(3 * CHUNK))
    shuffled = np.random.default_rng(0).permutation(3 * CHUNK)
    assert np.array_equal(draws.sample(1, shuffled), bulk[shuffled])
    assert np.array_equal(np.concatenate([draws.sample(1, [i]) for i in range(6, 10)]), bulk[6:10])


def test_requests_that_are_computed_together_get_the_bytes_they_get_alone():
    asked = [Numbered(1, [3, 17], seed=7), Numbered(0, range(5), seed=8, truncation=0.5), Numbered(2, [3], seed=7)]
    alone = [session().sample(one.label, one.indices, seed=one.seed, truncation=one.truncation) for one in asked]
    for batch in (0, 1, 8, 32):
        together = session(batch=batch).sample_all(asked)
        assert [images.tolist() for images in together] == [images.tolist() for images in alone]


def test_images_come_out_of_small_batches_where_these_change_nothing():
    assert session().sizes == ()
    draws, ran = session(batch=16), []
    assert draws.sizes
    run = draws._model.run
    draws._model.run = lambda outputs, inputs: (ran.append(len(inputs["noise"])), run(outputs, inputs))[1]
    draws.sample(0, [5])
    assert ran == [draws.sizes[0]]


class Tiny(nn.Module):
    """What `tiny_generator` computes, in torch."""

    def __init__(self, classes):
        super().__init__()
        rng = np.random.default_rng(1)
        size = int(np.prod(SHAPE))
        self.w = nn.Parameter(torch.from_numpy(rng.normal(size=(LATENT, size)).astype(np.float32)))
        self.e = nn.Parameter(torch.from_numpy(rng.normal(size=(max(classes, 1), size)).astype(np.float32)))

    def forward(self, noise, labels):
        drawn = noise @ self.w if labels is None else noise @ self.w + self.e[labels]
        return torch.tanh(drawn).reshape(-1, *SHAPE)


@pytest.mark.parametrize(("classes", "label"), [(0, None), (3, 2)])
@pytest.mark.parametrize("truncation", [1.0, 0.6])
def test_the_noise_is_that_of_the_training(classes, label, truncation):
    theirs = Sampler(Tiny(classes), classes, LATENT, seed=7, noise_scale=NOISE_SCALE)
    ours = session(classes).sample(label, range(40), truncation=truncation)
    expected = theirs.sample(label, range(40), truncation=truncation)
    assert np.abs(ours.astype(int) - expected).max() <= 1
    assert (ours != expected).mean() < 0.01


def test_another_seed_draws_other_images():
    draws = session()
    assert np.array_equal(draws.sample(0, [0]), draws.sample(0, [0], seed=7))
    assert not np.array_equal(draws.sample(0, [0]), draws.sample(0, [0], seed=8))


@pytest.mark.parametrize(
    ("classes", "label", "indices", "truncation", "message"),
    [
        (3, None, [0], 1.0, "from 0 to 2"),
        (3, 3, [0], 1.0, "from 0 to 2"),
        (3, -1, [0], 1.0, "from 0 to 2"),
        (0, 0, [0], 1.0, "no classes"),
        (0, None, [], 1.0, "none, or negative"),
        (0, None, [-1], 1.0, "none, or negative"),
        (0, None, [0], float("nan"), "truncation"),
        (0, None, [0], -1.0, "truncation"),
    ],
)
def test_what_does_not_fit_the_generator_is_refused(classes, label, indices, truncation, message):
    with pytest.raises(RequestError, match=message):
        session(classes).sample(label, indices, truncation=truncation)


def test_classes_are_found_by_name():
    assert session().label_of("malignant") == 2
    assert session(classes=0).label_of("") is None
    with pytest.raises(RequestError, match="No class was asked for. Expected one of normal, benign, malignant"):
        session().label_of("")
    with pytest.raises(RequestError, match="it has no classes"):
        session(classes=0).label_of("normal")


def test_a_package_opens_its_generator(package, tmp_path):
    assert GeneratorSession.open(package).sample(0, [3]).shape == (1, *SHAPE)
    write_package(tmp_path / "bare", tiny_manifest(), {})
    with pytest.raises(RequestError, match="no generator"):
        GeneratorSession.open(open_package(tmp_path / "bare"))
