import logging

import numpy as np
import pytest

from synthetyk.core.errors import TrainingError
from synthetyk.training.gan_data import check_data, check_same, data_digest, identity, reference_images


def test_fewer_images_than_a_hundred_leave_for_training_are_refused(discs, tiny):
    check_data(tiny(), discs(60))
    with pytest.raises(TrainingError, match="only 59 images in the training split.*Add images.$"):
        check_data(tiny(), discs(59))


def test_a_class_without_a_training_image_is_refused_unless_classes_are_not_trained(discs, tiny):
    data = discs().of_class(0)
    with pytest.raises(TrainingError, match="No image in the training split shows right.*conditional=false"):
        check_data(tiny(), data)
    check_data(tiny(classes=0), data)


@pytest.mark.parametrize(("count", "said"), [(9, ["right: 9 training images"]), (10, [])])
def test_a_class_with_few_training_images_is_warned_of(discs, tiny, caplog, count, said):
    data = discs()
    few = data.select(np.concatenate([np.flatnonzero(data.labels == 0), np.flatnonzero(data.labels == 1)[:count]]))
    with caplog.at_level(logging.WARNING):
        check_data(tiny(), few)
    assert [message.partition(",")[0] for message in caplog.messages] == said


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


def test_a_training_of_an_older_version_is_the_same_where_new_settings_have_their_defaults(discs, tiny, tmp_path):
    data = discs()
    state = identity(tiny(), data)
    for name in ("r1", "ramp", "loss"):
        del state["config"][name]
    check_same(tiny(), data, state, tmp_path)
    with pytest.raises(TrainingError, match="other settings \\(network, r1\\)"):
        check_same(tiny(network=tiny().network.replace(architecture="residual"), r1=1), data, state, tmp_path)
