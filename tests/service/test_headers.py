import pytest
from fastapi import Response
from tests.service.guarded import call, client_of, guarded


def policy(answer):
    said = (part.partition(" ") for part in answer.headers["content-security-policy"].split("; "))
    return {name: value for name, _, value in said}


@pytest.mark.parametrize("path", ["/v1/images", "/none", "/v1/images/a/content", "/healthz"])
def test_every_answer_forbids_what_no_page_of_ours_does(path):
    answer = call().get(path)
    said = policy(answer)
    assert said["default-src"] == said["frame-ancestors"] == said["base-uri"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-embedder-policy"] == "require-corp"
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize(("path", "wasm"), [("/on-device", True), ("/on-device/a", True), ("/on-devices", False)])
def test_only_the_page_that_runs_models_may_compile_them(path, wasm):
    assert policy(call().get(path))["script-src"] == ("'self' 'wasm-unsafe-eval'" if wasm else "'self'")


def test_a_route_keeps_the_headers_that_it_brings():
    app = guarded()
    app.add_api_route("/own", lambda: Response("", headers={"Content-Security-Policy": "sandbox"}))
    answer = client_of(app).get("/own")
    assert answer.headers.get_list("content-security-policy") == ["sandbox"]
    assert answer.headers["x-frame-options"] == "DENY"


def test_styles_and_scripts_may_be_kept_and_tls_is_to_stay():
    client = client_of(guarded())
    assert "cache-control" not in client.get("/static/style.css").headers
    client.base_url = "https://127.0.0.1"
    assert client.get("/v1/images").headers["strict-transport-security"] == "max-age=31536000"
