import pytest
from starlette.testclient import TestClient

from synthetyk.service.app import create_app
from synthetyk.service.settings import ServiceSettings

PATHS = {"_generators": "/v1/generate", "_classifiers": "/v1/predict"}


@pytest.mark.parametrize("kind", PATHS)
def test_what_would_find_every_queue_full_is_refused_before_it_is_looked_at(store, models, kind):
    app = create_app(ServiceSettings(model_queue=1), store, models)
    (queue,) = getattr(app.state.service.queues, kind).values()
    with TestClient(app, base_url="http://127.0.0.1") as client:
        queue._count = 1  # as if somebody were waiting
        refused, other = (client.post(path, content=b"no image and no JSON") for path in _sorted(kind))
        queue._count = 0
        taken = client.post(PATHS[kind], content=b"no image and no JSON")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["request_id"] == refused.headers["x-request-id"]
    assert (other.status_code, taken.status_code) in ((415, 422), (422, 415))


def test_a_service_without_models_is_not_full(app):
    queues = app.state.service.queues
    assert not queues.generators_full
    assert not queues.classifiers_full


def _sorted(kind):
    return PATHS[kind], *(path for other, path in PATHS.items() if other != kind)
