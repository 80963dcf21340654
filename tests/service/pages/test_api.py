import shlex

import pytest

from synthetyk.service.pages.api import curl, operations


def test_every_route_of_the_api_stands_on_the_page(served):
    document = served.client.get("/openapi.json").json()
    text = served.get("/api")
    for path, methods in document["paths"].items():
        for method in methods:
            assert f'<span class="method">{method.upper()}</span> <code>{path}</code>' in text


def test_the_page_that_others_call_docs_leads_here(served):
    answer = served.client.get("/docs", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, "/api")


@pytest.mark.parametrize(
    ("method", "path", "content", "expected"),
    [
        ("GET", "/v1/images/{image}", {}, ["curl", "http://x/v1/images/IMAGE"]),
        (
            "POST",
            "/v1/images",
            {"image/png": {}},
            ["curl", "-X", "POST", "--data-binary", "@image.png", "http://x/v1/images"],
        ),
    ],
)
def test_an_example_is_a_command(method, path, content, expected):
    assert shlex.split(curl(method, path, {"requestBody": {"content": content}}, "http://x", keys=False)) == expected


def test_the_examples_of_what_takes_json_are_answered(served):
    document = served.client.get("/openapi.json").json()
    for routes in operations(document, "http://127.0.0.1", keys=False).values():
        for route in (route for route in routes if route.path == "/v1/generate"):
            words = shlex.split(route.example)
            answer = served.client.post(route.path, content=words[words.index("-d") + 1])
            assert answer.status_code == 200


def test_with_keys_the_examples_bring_one_and_scopes_are_told(served):
    document = served.client.get("/openapi.json").json()
    routes = {(r.method, r.path): r for rs in operations(document, "http://x", keys=True).values() for r in rs}
    assert "Bearer $KEY" in routes["POST", "/v1/images"].example
    assert "Bearer" not in routes["GET", "/healthz"].example
    assert routes["DELETE", "/v1/images/{image}"].scope == "admin"
    assert routes["GET", "/v1/images"].scope == "read"
