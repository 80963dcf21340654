"""The contract that every feature extractor keeps, and what is particular to each."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from synthetyk.core.errors import ArtifactError, MissingDependencyError, TrainingError, UnknownNameError
from synthetyk.evaluation.extractors.inception import InceptionExtractor
from synthetyk.evaluation.extractors.learned import LearnedExtractor, Turned
from synthetyk.evaluation.extractors.network import describe, softmax
from synthetyk.evaluation.extractors.registry import EXTRACTORS, open_extractor
from synthetyk.evaluation.extractors.squeezenet import SqueezeNetExtractor
from synthetyk.metrics.extractor import FeatureExtractor
from synthetyk.models.inception import InceptionV3
from synthetyk.models.squeezenet import SqueezeNet
from synthetyk.training.classifier import ClassifierConfig

QUICK = ClassifierConfig(width=8, steps=30, batch_size=32, evaluate_every=15)
COUNTS = {"train": (40, 40), "val": (20, 20)}


@pytest.fixture(scope="module")
def open_kind(tmp_path_factory, make_blobs):
    """Return a function that opens each kind of extractor, with random weights, for images of some channels."""
    folder = tmp_path_factory.mktemp("extractors")

    def squeezenet(channels):
        path = folder / "squeezenet.npz"
        torch.manual_seed(0)
        np.savez(path, **{name: value.numpy() for name, value in SqueezeNet().state_dict().items()})
        return SqueezeNetExtractor.open(path)

    def inception(channels):
        path = folder / "inception.safetensors"
        if not path.exists():
            save_file(InceptionV3().state_dict(), path)
        return InceptionExtractor.open(path)

    def learned(channels, *, labelled=True):
        data = make_blobs(COUNTS, channels=channels, labelled=labelled)
        location = folder / f"learned-{channels}-{labelled}"
        LearnedExtractor.fit(data.train, data.val, QUICK, location)
        return LearnedExtractor.open(location)

    def rotation(channels):
        return learned(channels, labelled=False)

    kinds = {"squeezenet": squeezenet, "inception": inception, "learned": learned, "rotation": rotation}
    opened = {}

    def open_(kind, channels):
        if (kind, channels) not in opened:
            opened[kind, channels] = kinds[kind](channels)
        return opened[kind, channels]

    return open_


@pytest.fixture(params=["squeezenet", "inception", "learned", "rotation"], scope="module")
def kind(request):
    return request.param


@pytest.fixture(params=[1, 3], scope="module")
def channels(request):
    return request.param


@pytest.fixture(scope="module")
def extractor(open_kind, kind, channels):
    return open_kind(kind, channels)


@pytest.fixture(scope="module")
def images(channels, kind, make_blobs):
    count = 2 if kind == "inception" else 20
    return make_blobs({"train": (count, 0)}, channels=channels).train.all()


def test_it_keeps_the_protocol(extractor):
    assert isinstance(extractor, FeatureExtractor)


def test_features_are_finite_float32_rows_of_its_dimension(extractor, images):
    features = extractor.features(images)
    assert features.shape == (len(images), extractor.dimension)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert features.std(axis=0).max() > 0


def test_probabilities_are_float32_rows_that_sum_to_one_or_none(extractor, images, kind):
    probabilities = extractor.probabilities(images)
    assert (probabilities is None) == (kind == "rotation")
    if probabilities is not None:
        assert probabilities.dtype == np.float32
        assert probabilities.min() >= 0
        assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_an_image_has_the_same_features_whatever_the_batch(extractor, images):
    together = extractor.features(images)
    alone = np.concatenate([extractor.features(images[i : i + 1]) for i in range(2)])
    assert np.allclose(together[:2], alone, rtol=1e-3, atol=1e-4 * np.abs(together).max())


def test_asking_twice_gives_the_same_bits_and_leaves_the_images_alone(extractor, images):
    before = images.copy()
    assert np.array_equal(extractor.features(images), extractor.features(images))
    assert np.array_equal(images, before)


def test_one_pass_gives_what_two_give(extractor, images):
    features, probabilities = describe(extractor, images)
    assert np.array_equal(features, extractor.features(images))
    if probabilities is not None:
        assert np.array_equal(probabilities, extractor.probabilities(images))


def test_an_extractor_without_a_pass_of_its_own_is_asked_twice(projection, make_blobs):
    images = make_blobs({"train": (3, 0)}).train.all()
    features, probabilities = describe(projection, images)
    assert np.array_equal(features, projection.features(images))
    assert np.array_equal(probabilities, projection.probabilities(images))


@pytest.mark.parametrize("make", [SqueezeNetExtractor, InceptionExtractor, LearnedExtractor])
def test_missing_weights_say_where_to_get_them(make, tmp_path):
    for location in (None, tmp_path / "absent"):
        with pytest.raises(MissingDependencyError, match=r"(github\.com|LearnedExtractor\.fit)"):
            make.open(location)


@pytest.mark.parametrize("make", [SqueezeNetExtractor, InceptionExtractor])
def test_weights_of_another_network_are_refused_by_name(make, tmp_path):
    path = tmp_path / "weights.npz"
    np.savez(path, **{"conv.weight": np.zeros(3, dtype=np.float32)})
    with pytest.raises(ArtifactError, match="is missing"):
        make.open(path)


def test_all_extractors_open_by_name(open_kind, tmp_path):
    assert {"inception", "learned", "squeezenet"} <= set(EXTRACTORS.names())
    with pytest.raises(MissingDependencyError):
        open_extractor("squeezenet", tmp_path / "absent")
    with pytest.raises(UnknownNameError, match="'learned'"):
        open_extractor("learnt", None)


def test_grey_and_the_same_grey_as_rgb_have_the_same_features(open_kind):
    grey = np.random.default_rng(0).integers(0, 256, (4, 1, 20, 20), dtype=np.uint8)
    extractor = open_kind("squeezenet", 1)
    assert np.allclose(extractor.features(grey), extractor.features(grey.repeat(3, axis=1)), atol=1e-5)


def test_softmax_survives_large_logits():
    assert np.allclose(softmax(np.array([[1e4, 1e4], [0.0, np.log(3)]])), [[0.5, 0.5], [0.25, 0.75]])


def test_the_learned_network_tells_the_classes_of_its_data(tmp_path, blobs):
    extractor = LearnedExtractor.fit(blobs.train, blobs.val, QUICK.replace(steps=120), tmp_path)
    assert (extractor.name, extractor.task, extractor.dimension) == ("learned", "classes", 32)
    assert (extractor.probabilities(blobs.test.all()).argmax(axis=1) == blobs.test.labels).mean() > 0.95


def test_the_same_seed_learns_the_same_bits_and_another_does_not(tmp_path, blobs):
    images = blobs.test.all()
    one, same, other = (
        LearnedExtractor.fit(blobs.train, blobs.val, QUICK.replace(seed=seed, steps=5), tmp_path).features(images)
        for seed in (0, 0, 1)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_saved_network_comes_back_the_same(tmp_path, blobs):
    fitted = LearnedExtractor.fit(blobs.train, blobs.val, QUICK.replace(steps=5), tmp_path)
    loaded = open_extractor("learned", tmp_path)
    assert np.array_equal(loaded.features(blobs.test.all()), fitted.features(blobs.test.all()))
    assert loaded.task == fitted.task


def test_one_class_is_learned_by_rotation(tmp_path, make_blobs):
    one = make_blobs({"train": (30, 0), "val": (10, 0)})
    extractor = LearnedExtractor.fit(one.train, one.val, QUICK.replace(steps=2), tmp_path)
    assert extractor.task == "rotation"
    assert extractor.classifier.class_names == ("0 degrees", "90 degrees", "180 degrees", "270 degrees")


def test_no_validation_images_are_an_error(tmp_path, make_blobs):
    data = make_blobs({"train": (10, 10)})
    with pytest.raises(TrainingError, match="no validation images"):
        LearnedExtractor.fit(data.train, data.val, QUICK, tmp_path)


def test_every_image_is_turned_by_each_quarter(blobs):
    turned = Turned(blobs.train)
    assert len(turned) == 4 * len(blobs.train)
    assert turned.labels[:8].tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    second = turned.batch(np.array([4, 5, 6, 7]))
    upright = blobs.train.batch(np.array([1]))[0, 0]
    for turn in range(4):
        assert np.array_equal(second[turn, 0], np.rot90(upright, turn))


def test_images_that_are_not_square_are_turned_by_halves(blobs):
    tall = dataclasses.replace(blobs.train, images=blobs.images[..., :12])
    assert Turned(tall).turns == (0, 2)
    assert Turned(tall).class_names == ("0 degrees", "180 degrees")
    images = Turned(tall).batch(np.array([0, 1]))
    assert np.array_equal(images[1], images[0][:, ::-1, ::-1])


def test_learned_features_see_noise_and_collapse(open_kind, fresh, noised, collapsed):
    from synthetyk.metrics.frechet import frechet_distance

    extractor = open_kind("rotation", 1)
    real, new, noisy, few = (
        extractor.features(np.concatenate([sampler.sample(label, np.arange(start, start + 60)) for label in (0, 1)]))
        for sampler, start in ((fresh, 0), (fresh, 60), (noised, 60), (collapsed, 0))
    )
    floor = frechet_distance(real, new)
    assert frechet_distance(real, noisy) > 3 * floor
    assert frechet_distance(real, few) > 3 * floor
