import pytest
from tests.service.guarded import call, client_of, guarded, with_keys

from synthetyk.core.errors import ArtifactError, ConfigError
from synthetyk.service.guard import check_exposure, is_loopback
from synthetyk.service.keys import read_keys
from synthetyk.service.settings import ServiceSettings


@pytest.fixture
def keyed(tmp_path):
    """A client of a service with keys, and the keys by scope."""
    file, keys = with_keys(tmp_path)
    return call(keys=file), keys


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def test_without_keys_only_an_address_of_this_machine_is_served(tmp_path):
    check_exposure(ServiceSettings(host="127.0.0.1"))
    check_exposure(ServiceSettings(host="0.0.0.0", allow_open=True))
    check_exposure(ServiceSettings(host="0.0.0.0", keys=tmp_path / "keys.json"))
    for host in ("0.0.0.0", "", "192.168.1.5", "::", "example.org"):
        with pytest.raises(ConfigError, match="keys add NAME.*--allow-open"):
            check_exposure(ServiceSettings(host=host))
    with pytest.raises(ConfigError):
        guarded(host="0.0.0.0")


@pytest.mark.parametrize(
    ("host", "near"), [("127.8.8.8", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("", False)]
)
def test_loopback_is_told_from_other_addresses(host, near):
    assert is_loopback(host) is near


def test_a_service_does_not_start_with_a_file_of_keys_that_is_not_there(tmp_path):
    with pytest.raises(ArtifactError, match="is missing"):
        guarded(keys=tmp_path / "keys.json")


def test_who_shows_no_key_or_an_unknown_one_is_told_how(keyed):
    client, keys = keyed
    for headers in ({}, bearer("synthetyk_no"), bearer(""), {"X-API-Key": keys["read"] + "a"}, {"Authorization": "x"}):
        refused = client.get("/v1/images", headers=headers)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["request_id"] == refused.headers["x-request-id"]


def test_each_scope_opens_what_it_says(keyed):
    client, keys = keyed
    requests = [("GET", "/v1/images"), ("POST", "/v1/images"), ("DELETE", "/v1/images/a"), ("POST", "/runs")]
    opened = {
        scope: [client.request(*each, headers=bearer(key)).status_code for each in requests]
        for scope, key in keys.items()
    }
    assert opened == {"read": [200, 403, 403, 403], "write": [200, 200, 403, 403], "admin": [200, 200, 200, 200]}
    assert "write" in client.post("/v1/images", headers=bearer(keys["read"])).json()["expected"]


def test_either_header_shows_a_key(keyed):
    client, keys = keyed
    assert client.get("/v1/images", headers={"X-API-Key": keys["read"]}).status_code == 200
    assert client.get("/v1/images", headers={"authorization": f"bearer {keys['read']}"}).status_code == 200


def test_probes_need_no_key(keyed):
    client, _ = keyed
    assert client.get("/healthz").status_code == 200
    assert client.get("/healthz/../v1/images").status_code == 401
    assert client.get("//healthz").status_code == 401


def test_a_revoked_key_opens_nothing_from_the_next_request_on(tmp_path):
    file, keys = with_keys(tmp_path)
    client = call(keys=file)
    assert client.get("/v1/images", headers=bearer(keys["read"])).status_code == 200
    read_keys(file).revoked("a-read").save(file)
    assert client.get("/v1/images", headers=bearer(keys["read"])).status_code == 401


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000"])
def test_this_machine_is_called_by_its_own_names(host):
    assert call().get("/v1/images", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "[", "", "a:b:c"])
def test_other_names_that_lead_to_this_machine_are_refused(host):
    refused = call().get("/v1/images", headers={"Host": host})
    assert refused.status_code == 421
    assert refused.json()["expected"] == "one of 127.0.0.1, ::1, localhost"


def test_names_can_be_given_to_a_service(tmp_path):
    file, keys = with_keys(tmp_path)
    for client in (call(hosts=("images.example",)), call(hosts=("images.example",), keys=file)):
        asked = {"X-API-Key": keys["read"], "Host": "images.example:443"}
        assert client.get("/v1/images", headers=asked).status_code == 200
        assert client.get("/v1/images", headers=asked | {"Host": "127.0.0.1"}).status_code == 421


def test_with_keys_or_in_the_open_a_service_has_any_name(keyed):
    client, keys = keyed
    asked = {"X-API-Key": keys["read"], "Host": "images.example"}
    assert client.get("/v1/images", headers=asked).status_code == 200
    assert call(host="0.0.0.0", allow_open=True).get("/v1/images", headers=asked).status_code == 200


def test_a_server_that_was_bound_elsewhere_by_others_is_not_open_either():
    client = client_of(guarded())
    client.base_url = "http://10.0.0.5"
    assert client.get("/v1/images", headers={"Host": "127.0.0.1"}).status_code == 421


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://127.0.0.1"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
    ],
)
def test_pages_of_other_sites_cannot_send_anything(headers, status):
    assert call().post("/v1/images", content=b"a", headers=headers).status_code == status


def test_links_from_other_sites_work():
    assert call().get("/v1/images", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_people_are_led_to_the_form_and_programs_are_not(keyed):
    client, _ = keyed
    led = client.get("/runs?state=done", headers={"Accept": "text/html,*/*"})
    assert (led.status_code, led.headers["location"]) == (303, "/login?next=%2Fruns%3Fstate%3Ddone")
    assert client.get("/v1/images", headers={"Accept": "text/html"}).status_code == 401
    assert client.post("/runs", headers={"Accept": "text/html"}).headers["location"] == "/login?next=%2F"
    assert client.post("/runs").status_code == 401


def test_the_description_says_what_needs_a_key(keyed):
    client, keys = keyed
    said = client.get("/openapi.json", headers=bearer(keys["read"])).json()
    assert said["security"] == [{"bearer": []}, {"key": []}]
    assert said["paths"]["/healthz"]["get"]["security"] == []
    assert "security" not in said["paths"]["/v1/images"]["post"]
    assert "security" not in call().get("/openapi.json").json()
