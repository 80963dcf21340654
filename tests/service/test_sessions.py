import json
import re

import httpx
import pytest
from tests.service.guarded import client_of, guarded, with_keys
from tests.service.served import served

from synthetyk.service.keys import KeyRing, read_keys
from synthetyk.service.sessions import LIFE, SECRET, Sessions, share_secret


class Clock:
    now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def known(tmp_path):
    """File and keys by scope."""
    return with_keys(tmp_path)


def test_a_session_stands_for_its_key_for_a_while(known):
    file, keys = known
    clock = Clock()
    sessions = Sessions(KeyRing(file), clock=clock)
    cookie = sessions.begin(keys["write"])
    assert sessions.find(cookie).name == "a-write"
    assert keys["write"] not in cookie
    clock.now += LIFE
    assert sessions.find(cookie) is None


def test_nobody_can_make_or_lengthen_one(known):
    file, keys = known
    sessions = Sessions(KeyRing(file), clock=Clock())
    name, ends, mac = sessions.begin(keys["read"]).split(":")
    forged = [f"{name}:{int(ends) + 1}:{mac}", f"a-admin:{ends}:{mac}", f"{name}:{ends}:", name, "", "::", "a:²:b"]
    forged.append(Sessions(KeyRing(file), b"another secret", clock=Clock()).begin(keys["read"]))
    assert [sessions.find(each) for each in forged] == [None] * len(forged)
    assert sessions.begin("synthetyk_no") is None


def test_a_key_that_is_revoked_or_made_anew_ends_its_sessions(known):
    file, keys = known
    sessions = Sessions(KeyRing(file))
    cookie = sessions.begin(keys["read"])
    read_keys(file).revoked("a-read").added("a-read", "admin")[0].save(file)
    assert sessions.find(cookie) is None


def test_processes_share_the_secret(known, monkeypatch):
    file, keys = known
    monkeypatch.delenv(SECRET, raising=False)
    apart = Sessions(KeyRing(file)).begin(keys["read"])
    assert Sessions(KeyRing(file)).find(apart) is None
    monkeypatch.setenv(SECRET, "mine")
    share_secret()
    assert Sessions(KeyRing(file)).find(Sessions(KeyRing(file)).begin(keys["read"]))


@pytest.fixture
def browser(known):
    return client_of(guarded(keys=known[0]), headers={"Accept": "text/html"})


def fields(page):
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))


def sign_in(browser, key, target="/runs"):
    return browser.post("/login", data={**fields(browser.get("/login", params={"next": target})), "key": key})


def test_a_person_signs_in_works_and_leaves(browser, known):
    assert browser.get("/runs").status_code == 303
    answer = sign_in(browser, known[1]["read"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs")
    assert {"HttpOnly", "SameSite=strict", f"Max-Age={LIFE}"} <= set(answer.headers["set-cookie"].split("; "))
    assert browser.get("/runs").status_code == 200
    assert browser.post("/runs").status_code == 403
    assert browser.post("/logout", data=fields(browser.get("/login"))).headers["location"] == "/login"
    assert browser.get("/runs").status_code == 303


def test_a_wrong_key_begins_nothing(browser):
    answer = sign_in(browser, "synthetyk_no")
    assert answer.status_code == 401
    assert "opens nothing" in answer.text
    assert browser.get("/runs").status_code == 303


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "/\tevil", "runs"])
def test_nobody_is_led_to_another_site(browser, known, target):
    assert sign_in(browser, known[1]["read"], target).headers["location"] == "/"


def test_what_stands_in_a_link_is_no_markup(browser):
    page = browser.get("/login", params={"next": '/"><script>alert(1)</script>'}).text
    assert "<script>" not in page


def test_without_keys_there_is_nothing_to_sign_in_to():
    assert client_of(guarded()).get("/login?next=/runs").headers["location"] == "/runs"


def test_an_https_session_stays_on_https(known):
    browser = client_of(guarded(keys=known[0]))
    browser.base_url = "https://127.0.0.1"
    page = browser.get("/login")
    assert "Secure" in page.headers["set-cookie"]
    answer = browser.post("/login", data={**fields(page), "key": known[1]["read"]})
    assert "Secure" in answer.headers["set-cookie"]


def test_every_process_of_a_service_knows_a_session_that_one_of_them_began(known, tmp_path):
    file, keys = known
    with served(tmp_path / "here", "--keys", file, "--workers", "2") as server:
        with httpx.Client(base_url=server.address) as browser:
            page = browser.get("/login")
            assert browser.post("/login", data={**fields(page), "key": keys["read"]}).status_code == 303
            cookies = dict(browser.cookies)
        # Each client has a connection of its own, which any of the processes may take.
        asked = [httpx.get(f"{server.address}/v1/images", cookies=cookies).status_code for _ in range(12)]
        assert server.stop() == 0
        lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    assert asked == [200] * 12
    told = [(line["route"], line["key"]) for line in lines if line.get("route") == "/v1/images"]
    assert told == [("/v1/images", "a-read")] * 12
