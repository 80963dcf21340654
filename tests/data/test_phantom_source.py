from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest

from synthetyk.core.errors import ConfigError
from synthetyk.data.phantom import draw
from synthetyk.data.source import Source, SourceOptions
from synthetyk.data.sources.phantom import PhantomSource


def phantom(location: str) -> PhantomSource:
    return PhantomSource.open(location, SourceOptions())


def test_it_keeps_the_protocol():
    assert isinstance(phantom("phantom"), Source)


@pytest.mark.parametrize(
    ("location", "expected"),
    [("phantom", True), ("phantom:n=5", True), ("phantoms", False), ("./phantom", False), ("data/phantom:1", False)],
)
def test_it_recognises_only_its_own_locations(location, expected):
    assert PhantomSource.recognises(location) is expected


def test_the_default_set_has_600_images_of_which_most_are_normal():
    counts = Counter(item.label for item in phantom("phantom").items())
    assert counts == {"normal": 360, "benign": 150, "malignant": 90}


def test_images_are_drawn_with_the_settings_of_the_location():
    source = phantom("phantom:n=4,size=40,channels=3")
    raw = source.read(source.items()[0])
    assert len(source.items()) == 4
    assert raw.pixels.shape == (40, 40, 3) and raw.mode == "RGB" and raw.bit_depth == 8


def test_classes_add_up_to_n_for_any_balance():
    assert Counter(item.label for item in phantom("phantom:n=10,balance=1/1/1").items()).total() == 10
    assert {item.label for item in phantom("phantom:n=10,balance=0/0/1").items()} == {"malignant"}


def test_every_patient_has_one_to_three_images_of_one_class():
    patients = defaultdict(list)
    for item in phantom("phantom").items():
        patients[item.group].append(item.label)
    assert {len(labels) for labels in patients.values()} == {1, 2, 3}
    assert all(len(set(labels)) == 1 for labels in patients.values())


def test_the_number_of_patients_can_be_given():
    assert len({item.group for item in phantom("phantom:n=100,patients=20").items()}) == 20


def test_classes_are_mixed_in_the_listing():
    labels = [item.label for item in phantom("phantom").items()]
    assert sum(a != b for a, b in pairwise(labels)) > 100


def test_no_split_is_official():
    assert {item.split for item in phantom("phantom:n=20").items()} == {None}


def test_reading_draws_the_factors_of_the_item():
    source = phantom("phantom:n=6,size=32")
    for item in source.items():
        factors = source.factors(item)
        assert factors.label == item.label
        assert np.array_equal(source.read(item).pixels, draw(factors, 32)[0])


def test_keys_are_unique_and_stable():
    first, second = (phantom("phantom:n=50,seed=4").items() for _ in range(2))
    assert first == second and len({item.key for item in first}) == 50


def test_the_hash_depends_on_every_setting_and_on_nothing_else():
    locations = ["phantom", "phantom:n=601", "phantom:size=32", "phantom:channels=3", "phantom:seed=1"]
    locations += ["phantom:balance=1/1/1", "phantom:patients=300"]
    assert len({phantom(location).content_hash() for location in locations}) == len(locations)
    assert phantom("phantom").content_hash() == phantom("phantom:size=64,n=600").content_hash()


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("phantom:sise=3", "Did you mean 'size'"),
        ("phantom:n=many", "n is 'many'"),
        ("phantom:n", "'n' without a value"),
        ("phantom:channels=2", "1 or 3"),
        ("phantom:balance=1/2", "balance"),
        ("phantom:balance=0/0/0", "not all zero"),
        ("phantom:n=3,patients=5", "at most one patient per image"),
    ],
)
def test_a_wrong_setting_is_named(location, message):
    with pytest.raises(ConfigError, match=message):
        phantom(location)


def test_nothing_is_unusable():
    assert not phantom("phantom:n=3").problems()
