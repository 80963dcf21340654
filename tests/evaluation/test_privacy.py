import dataclasses

import numpy as np
import pytest

from synthetyk.core.errors import MetricError
from synthetyk.data.dataset import Dataset
from synthetyk.evaluation.privacy import Privacy, PrivacyConfig, Space, audit, judge

CONFIG = PrivacyConfig()


def drawn(sampler, count=40):
    return np.concatenate([sampler.sample(label, np.arange(count)) for label in (0, 1)])


@pytest.fixture(scope="module")
def audited(blobs, projection):
    return lambda images: audit(blobs, images, projection, CONFIG)


def test_new_images_show_no_sign_of_memorisation(audited, fresh):
    found = audited(drawn(fresh))
    assert found.verdict == "no sign"
    assert found.sentence == "No sign of memorisation in 80 images."
    assert "no proof of privacy" in found.limits
    assert found.exact == ()
    assert all(0.8 < space.ratio < 1.2 and space.attack_low < 0.5 < space.attack_high for space in found.spaces)
    assert (found.synthetic, found.train, found.held_out, found.leaked) == (80, 240, 90, 0)


def test_copies_are_found_with_their_indexes(audited, fresh, copied):
    images = drawn(fresh)
    images[[3, 60]] = copied.sample(0, [5, 6])
    found = audited(images)
    assert found.verdict == "copies"
    assert found.exact == (3, 60)
    assert "do not share" in found.sentence
    assert "2 of 80 images equal a training image" in found.sentence


def test_mirrored_copies_are_found(audited, fresh, copied):
    images = drawn(fresh)
    images[7] = copied.sample(1, [5])[0, :, :, ::-1]
    assert audited(images).exact == (7,)


@pytest.mark.parametrize("mirror", [1, -1])
def test_near_copies_are_found_in_pixels_with_their_indexes(audited, fresh, copied, mirror):
    images = drawn(fresh)
    noise = np.random.default_rng(0).integers(-2, 3, (2, 1, 16, 16))
    images[[3, 60]] = np.clip(copied.sample(0, [5, 6]).astype(int) + noise, 0, 255)[..., ::mirror]
    found = audited(images)
    assert found.verdict == "copies"
    assert found.exact == ()
    assert found.spaces[0].name == "pixels"
    assert found.spaces[0].near == (3, 60)


def test_a_copied_set_has_ratio_zero_and_gives_its_members_away(audited, blobs):
    found = audited(blobs.train.all())
    assert [space.ratio for space in found.spaces] == [0, 0]
    assert [space.attack_auc for space in found.spaces] == [1, 1]
    assert len(found.exact) == 240


def test_blurred_copies_are_signs(audited, blobs):
    images = blobs.train.all().astype(int)
    shaken = np.clip(images + np.random.default_rng(0).normal(0, 10, images.shape), 0, 255).astype(np.uint8)
    found = audited(shaken)
    assert found.verdict == "signs"
    assert "Look at the nearest images" in found.sentence


def test_validation_images_that_stand_in_train_do_not_excuse_copies(blobs, projection, fresh, copied):
    images = blobs.images.copy()
    leaked = np.flatnonzero(blobs.splits == "val")[:30]
    images[leaked] = blobs.train.all()[:30]
    leaky = dataclasses.replace(blobs, images=images)
    synthetic = drawn(fresh)
    synthetic[0] = np.clip(copied.sample(0, [50])[0].astype(int) + 1, 0, 255)
    found = audit(leaky, synthetic, projection, CONFIG)
    assert (found.held_out, found.leaked) == (60, 30)
    assert found.spaces[0].near == (0,)
    assert found.verdict == "copies"


def test_validation_images_of_training_patients_do_not_excuse_copies(blobs, projection, fresh, copied):
    images, groups = blobs.images.copy(), blobs.groups.copy()
    known = np.flatnonzero(blobs.splits == "val")[:30]
    images[known] = np.clip(blobs.train.all()[:30].astype(int) + 1, 0, 255)  # the next picture of the same patient
    groups[known] = blobs.train.groups[:30]
    synthetic = drawn(fresh)
    synthetic[0] = np.clip(copied.sample(0, [50])[0].astype(int) + 1, 0, 255)
    found = audit(dataclasses.replace(blobs, images=images, groups=groups), synthetic, projection, CONFIG)
    assert (found.held_out, found.leaked) == (60, 30)
    assert found.spaces[0].near == (0,)
    assert found.verdict == "copies"


def test_too_few_validation_images_are_an_error(make_blobs, projection, fresh):
    few = make_blobs({"train": (50, 50), "val": (5, 5)})
    with pytest.raises(MetricError, match="10 validation images"):
        audit(few, drawn(fresh), projection, CONFIG)


def test_no_synthetic_images_are_an_error(blobs, projection):
    with pytest.raises(MetricError, match="0 synthetic images"):
        audit(blobs, blobs.images[:0], projection, CONFIG)


def test_exact_copies_are_sought_beyond_the_reference_cap(blobs, projection, fresh):
    images = drawn(fresh)
    images[:5] = blobs.train.all()[200:205]
    found = audit(blobs, images, projection, CONFIG.replace(reference_cap=50))
    assert (found.reference, found.exact) == (50, (0, 1, 2, 3, 4))


def test_the_attack_resamples_whole_patients(blobs, projection, fresh):
    """With every image of one patient alike, the interval must be wider than over images."""
    rows = np.arange(len(blobs))
    grouped = dataclasses.replace(blobs, groups=rows // 20)
    single, groups = (audit(data, drawn(fresh), projection, CONFIG).spaces[0] for data in (blobs, grouped))
    assert single.attack_auc == groups.attack_auc
    assert (single.attack_low, single.attack_high) != (groups.attack_low, groups.attack_high)


def test_the_file_comes_back_and_progress_ends(blobs, projection, fresh, tmp_path):
    seen = []
    found = audit(
        blobs, drawn(fresh), projection, CONFIG, progress=lambda done, total, message="": seen.append((done, total))
    )
    found.save(tmp_path / "privacy.json")
    loaded = Privacy.load(tmp_path / "privacy.json")
    assert loaded.model_dump(exclude={"schema_"}) == found.model_dump(exclude={"schema_"})
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_test_split_is_never_used(blobs, projection, fresh):
    images = blobs.images.copy()
    images[blobs.splits == "test"] = 255
    other: Dataset = dataclasses.replace(blobs, images=images)
    assert audit(other, drawn(fresh), projection, CONFIG) == audit(blobs, drawn(fresh), projection, CONFIG)


def space(name="learned", **changes):
    innocent = {
        "ratio": 1.0,
        "synthetic": 1.0,
        "held_out": 1.0,
        "near": (),
        "held_out_near": 0,
        "threshold": 0.1,
        "attack_auc": 0.5,
        "attack_low": 0.45,
        "attack_high": 0.55,
    }
    return Space.parse({"name": name, **innocent, **changes})


@pytest.mark.parametrize(
    ("exact", "found", "verdict"),
    [
        (0, space(), "no sign"),
        (1, space(), "copies"),
        (0, space("pixels", near=(1,)), "copies"),
        (0, space("pixels", near=(1,), held_out_near=1), "no sign"),  # as many as held-out images show
        (0, space("pixels", near=(1, 2, 3), held_out_near=1), "copies"),
        (0, space(near=(1,)), "signs"),
        (0, space(ratio=0.89), "signs"),
        (0, space("pixels", ratio=0.75), "no sign"),  # smoothness alone can do that
        (0, space("pixels", ratio=0.69), "signs"),
        (0, space(attack_auc=0.56, attack_low=0.51), "signs"),
        (0, space(attack_auc=0.56, attack_low=0.49), "no sign"),
        (0, space(attack_auc=0.54, attack_low=0.51), "no sign"),
    ],
)
def test_the_verdict_follows_its_rules(exact, found, verdict):
    assert judge(100, exact, [found], held_out=50)[0] == verdict
