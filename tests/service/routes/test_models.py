import pytest
from tests.runtime.tiny import CLASSES


def test_models_are_listed_with_what_they_can_do(modelled, models):
    (model,) = models
    (found,) = modelled.get("/v1/models").json()["models"]
    assert (found["sha256"], found["name"], found["title"]) == (model.sha256, "package", "tiny")
    assert [each["name"] for each in found["classifier"]["classes"]] == list(CLASSES)
    assert found["generator"]["class_names"] == list(CLASSES)
    assert "research only" in found["notice"]


@pytest.mark.parametrize("length", [64, 12, 0])
def test_a_model_is_found_by_its_hash_the_head_of_it_or_its_name(modelled, models, length):
    (model,) = models
    found = modelled.get(f"/v1/models/{model.sha256[:length] or 'package'}").json()
    assert found["sha256"] == model.sha256
    assert found["manifest"]["title"] == "tiny"


def test_a_model_that_is_not_served_is_not_found(modelled):
    answer = modelled.get("/v1/models/pakage")
    assert answer.status_code == 404
    assert answer.json()["action"] == "Did you mean 'package'"
