import pytest


@pytest.fixture
def image(client, png):
    return client.post("/v1/images", content=png).headers["location"]


@pytest.mark.parametrize(
    "path", ["/v1/images", "/v1/models", "{image}", "{image}/content", "{image}/predictions", "/healthz", "/readyz"]
)
def test_what_can_be_asked_for_can_be_asked_for_its_head(client, image, path):
    path = path.format(image=image)
    whole, head = client.get(path), client.head(path)
    assert (whole.status_code, head.status_code, head.content) == (200, 200, b"")
    for name in ("content-type", "content-length", "x-content-type-options"):
        assert head.headers.get(name) == whole.headers.get(name)


def test_the_head_of_what_is_not_there_says_so(client):
    assert client.head(f"/v1/images/{'0' * 64}").status_code == 404


def test_what_only_takes_something_has_no_head(client):
    assert client.head("/v1/predict").status_code == 405


def test_it_is_counted_as_what_it_was_by_its_route(client, image):
    client.head(image)
    assert (
        'synthetyk_requests_total{method="HEAD",route="/v1/images/{image}",status="200"} 1.0'
        in client.get("/metrics").text
    )
