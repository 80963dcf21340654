import numpy as np
import pytest

from synthetyk.core.errors import TrainingError
from synthetyk.training.gan_data import check_data, data_digest, reference_images


def test_fewer_than_100_images_are_refused(discs, tiny):
    check_data(tiny(), discs(100))
    with pytest.raises(TrainingError, match="only 99 training images"):
        check_data(tiny(), discs(99))


def test_images_of_another_shape_are_refused(discs, tiny):
    config = tiny(network={"resolution": 64, "classes": 2})
    with pytest.raises(TrainingError, match="64, 64"):
        check_data(config, discs())


def test_classes_must_be_the_datas(discs, tiny):
    with pytest.raises(TrainingError, match="3 classes"):
        check_data(tiny(classes=3), discs())
    with pytest.raises(TrainingError, match="120 images without a label"):
        check_data(tiny(classes=2), discs(labelled=False))
    check_data(tiny(classes=0), discs(labelled=False))


def test_the_digest_tells_other_rows_and_labels_apart(discs):
    data = discs()
    assert data_digest(data) == data_digest(discs())
    assert data_digest(data) != data_digest(data.select(np.arange(110)))
    assert data_digest(data) != data_digest(discs(labelled=False))


def test_real_images_of_each_class_are_shown_to_the_monitor(discs, tiny):
    found = reference_images(tiny(), discs())
    assert {name: len(images) for name, images in found.items()} == {"left": 64, "right": 40}
    assert found["left"][:, :, :, :14].mean() > found["left"][:, :, :, 14:].mean()
    assert list(reference_images(tiny(classes=0), discs(labelled=False))) == ["all"]
