import asyncio
from types import SimpleNamespace

import pytest

from synthetyk.service.middleware import add_headers, header_of, route_of, with_head


@pytest.mark.parametrize(
    ("template", "path", "names", "route"),
    [
        ("/v1/images/{image}", "/v1/images/Doe", {"image": "Doe"}, "/v1/images/{image}"),
        ("/{image}", "/v1/images/Doe", {"image": "Doe"}, "/v1/images/{image}"),
        ("", "/v1/images", {}, "/v1/images"),
        ("/{image}/content", "/v1/of/Ann/Doe/content", {"who": "Ann", "image": "Doe"}, "/v1/of/{who}/{image}/content"),
        ("/on-device/{path:path}", "/on-device/a/b/c.js", {"path": "a/b/c.js"}, "/on-device/{path:path}"),
    ],
)
def test_a_route_has_its_routers_prefix_and_names_for_what_varies(template, path, names, route):
    scope = {"path": path, "path_params": names, "route": SimpleNamespace(path=template)}
    assert route_of(scope) == route


def test_what_went_to_no_route_is_told_by_its_folder_alone():
    assert route_of({"path": "/Doe"}) == ""
    assert route_of({"path": "/static/Doe.css", "root_path": "/static"}) == "/static"


def test_of_several_headers_of_a_name_the_first_counts():
    scope = {"headers": [(b"host", b"a"), (b"accept", b"b"), (b"accept", b"c")]}
    assert (header_of(scope, b"accept"), header_of(scope, b"origin")) == (b"b", None)


def test_the_head_of_an_answer_is_changed_and_the_rest_passes():
    sent = []

    async def send(message):
        sent.append(dict(message))

    async def answer():
        changed = with_head(send, lambda head: add_headers(head, [(b"b", b"2")]))
        await changed({"type": "http.response.start", "status": 200, "headers": [(b"a", b"1")]})
        await changed({"type": "http.response.body", "body": b"c"})

    asyncio.run(answer())
    assert sent[0]["headers"] == [(b"a", b"1"), (b"b", b"2")]
    assert sent[1] == {"type": "http.response.body", "body": b"c"}
