import asyncio

import pytest
from tests.service.guarded import call, client_of, guarded, with_keys

from synthetyk.service.limits import RateLimiter


def test_a_body_of_the_limit_is_taken_and_one_byte_more_is_not():
    client = call(max_body=2048)
    assert client.post("/v1/images", content=b"a" * 2048).json() == 2048
    refused = client.post("/v1/images", content=b"a" * 2049)
    assert refused.status_code == 413
    assert refused.json()["expected"] == "at most 2,048 bytes"
    assert refused.headers["connection"] == "close"


@pytest.mark.parametrize("said", [None, b"1000000", b"many"])
def test_a_body_is_not_read_on_once_it_is_too_long(said):
    read, sent = [], []
    scope = {
        **{"type": "http", "method": "POST", "path": "/v1/images", "query_string": b"", "http_version": "1.1"},
        "headers": [(b"host", b"127.0.0.1"), *([(b"content-length", said)] if said else [])],
        "server": ("127.0.0.1", 8000),
    }

    async def receive():
        read.append(1)
        return {"type": "http.request", "body": b"a" * 1000, "more_body": True}

    async def send(message):
        sent.append(message)

    asyncio.run(guarded(max_body=2048)(scope, receive, send))
    assert [each["status"] for each in sent if "status" in each] == [413]
    assert len(read) == (0 if said == b"1000000" else 3)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_a_bucket_holds_a_minute_and_fills_steadily():
    clock = Clock()
    limiter = RateLimiter(30, clock=clock)
    assert [limiter.take("a") for _ in range(30)] == [0.0] * 30
    assert limiter.take("a") == pytest.approx(2.0)
    assert limiter.take("b") == 0.0
    clock.now += 2.0
    assert limiter.take("a") == 0.0
    assert limiter.take("a") == pytest.approx(2.0)
    clock.now += 3600
    assert sum(limiter.take("a") == 0.0 for _ in range(40)) == 30


def test_asking_in_vain_costs_nothing():
    clock = Clock()
    limiter = RateLimiter(1, clock=clock)
    assert [limiter.take("a") > 0 for _ in range(100)] == [False, *[True] * 99]
    clock.now += 60
    assert limiter.take("a") == 0.0


def test_only_so_many_are_remembered_and_who_asked_last_is():
    limiter = RateLimiter(1, clock=Clock(), remembered=3)
    for who in "abcd":
        limiter.take(who)
    assert limiter.take("d") > 0
    assert limiter.take("a") == 0.0
    assert len(limiter._full_at) == 3


def test_who_asks_too_often_is_told_when_to_ask_again():
    client = call(rate=2)
    assert [client.get("/v1/images").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get("/v1/images")
    assert refused.headers["retry-after"] == "30"
    assert refused.json()["action"] == "Ask again in 30 s"
    assert client.get("/healthz").status_code == 200


def test_keys_have_a_rate_of_their_own_each(tmp_path):
    file, keys = with_keys(tmp_path)
    client = call(rate=1, keys=file)
    for key in keys.values():
        asked = {"X-API-Key": key}
        assert [client.get("/v1/images", headers=asked).status_code for _ in range(2)] == [200, 429]


def test_a_network_of_ipv6_addresses_is_one_asker():
    app = guarded(rate=1)
    first, second = (client_of(app, client=(address, 1)) for address in ("2001:db8::1", "2001:db8::2:1"))
    other = client_of(app, client=("2001:db8:0:1::1", 1))
    assert [each.get("/v1/images").status_code for each in (first, second, other)] == [200, 429, 200]
