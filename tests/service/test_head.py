import asyncio

import pytest

from synthetyk.service.head import Heads


@pytest.fixture
def image(client, png):
    return client.post("/v1/images", content=png).headers["location"]


@pytest.mark.parametrize(
    "path", ["/v1/images", "/v1/models", "{image}", "{image}/content", "{image}/predictions", "/healthz", "/readyz"]
)
def test_what_can_be_asked_for_can_be_asked_for_its_head(client, image, path):
    path = path.format(image=image)
    whole, head = client.get(path), client.head(path)
    assert (whole.status_code, head.status_code) == (200, 200)
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


def test_no_part_of_a_body_is_sent():
    async def app(scope, receive, send):
        assert scope["method"] == "GET"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"ab", "more_body": True})
        await send({"type": "http.response.body", "body": b"cd"})

    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(Heads(app)({"type": "http", "method": "HEAD", "path": "/"}, None, send))
    assert [message.get("body", b"") for message in sent] == [b"", b"", b""]
    assert sent[0]["headers"] == [(b"content-length", b"4")]


def test_a_failure_is_told_with_its_route_too():
    async def app(scope, receive, send):
        scope["route"] = "the route"
        raise RuntimeError

    scope = {"type": "http", "method": "HEAD", "path": "/"}
    with pytest.raises(RuntimeError):
        asyncio.run(Heads(app)(scope, None, None))
    assert (scope["method"], scope["route"]) == ("HEAD", "the route")
