import pytest
from tests.runtime.tiny import classifier_part, generator_part, tiny_classifier, tiny_generator, tiny_manifest

from synthetyk.core.errors import RequestError, UnknownNameError
from synthetyk.runtime.package import write_package
from synthetyk.service.models import ServedModel, ServedModels, batch_of
from synthetyk.service.settings import ServiceSettings


@pytest.fixture
def two(tmp_path):
    """A package that only predicts, and one that only draws."""
    write_package(tmp_path / "tells", tiny_manifest(classifier_part(), None), {"classifier.onnx": tiny_classifier()})
    write_package(tmp_path / "draws", tiny_manifest(None, generator_part()), {"generator.onnx": tiny_generator()})
    return ServedModels([ServedModel.open(tmp_path / name, ServiceSettings()) for name in ("tells", "draws")])


def test_without_a_name_the_first_that_can_do_it_is_asked(two):
    tells, draws = two
    assert two.classifier() == (tells, tells.classifier)
    assert two.generator() == (draws, draws.generator)


def test_a_name_a_hash_or_its_head_finds_a_model(two):
    _, draws = two
    for name in ("draws", draws.sha256, draws.sha256[:10]):
        assert two.generator(name) == (draws, draws.generator)


def test_a_model_that_cannot_do_it_is_no_other_model(two):
    with pytest.raises(RequestError, match="'tells' has no generator"):
        two.generator("tells")
    with pytest.raises(RequestError, match="'draws' has no classifier"):
        two.classifier("draws")


def test_what_is_not_served_is_named_with_what_is(two):
    with pytest.raises(UnknownNameError, match="Expected one of tells, draws. Did you mean 'draws'"):
        two.find("draw")
    with pytest.raises(UnknownNameError):
        two.find("")


def test_a_served_generator_draws_single_images_where_that_changes_nothing(two):
    assert two.generator()[1].sizes


@pytest.mark.parametrize(("side", "expected"), [(28, 64), (128, 64), (256, 16), (2048, 1)])
def test_of_large_images_fewer_are_computed_together(side, expected):
    assert batch_of((1, side, side), ServiceSettings()) == expected
    assert batch_of((1, side, side), ServiceSettings(max_batch=4)) == min(4, expected)
