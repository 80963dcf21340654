import asyncio

import pytest
from tests.service.guarded import call, client_of, guarded, with_keys

from synthetyk.service.limits import Bodies, RateLimiter


def test_a_body_of_the_limit_is_taken_and_one_byte_more_is_not():
    client = call(max_body=2048)
    assert client.post("/v1/images", content=b"a" * 2048).json() == 2048
    refused = client.post("/v1/images", content=b"a" * 2049)
    assert refused.status_code == 413
    assert refused.json()["expected"] == "at most 2,048 bytes"
    assert refused.headers["connection"] == "close"


class Sent(list):
    """What an application sends."""

    async def __call__(self, message):
        self.append(message)

    @property
    def status(self):
        return [each["status"] for each in self if "status" in each]


def scope_of(*headers):
    return {
        **{"type": "http", "method": "POST", "path": "/v1/images", "query_string": b"", "http_version": "1.1"},
        **{"headers": [(b"host", b"127.0.0.1"), *headers], "server": ("127.0.0.1", 8000)},
    }


@pytest.mark.parametrize("said", [None, b"1000000", b"many"])
def test_a_body_is_not_read_on_once_it_is_too_long(said):
    read, sent = [], Sent()

    async def receive():
        read.append(1)
        return {"type": "http.request", "body": b"a" * 1000, "more_body": True}

    headers = [(b"content-length", said)] if said else []
    asyncio.run(guarded(max_body=2048)(scope_of(*headers), receive, sent))
    assert sent.status == [413]
    assert len(read) == (0 if said == b"1000000" else 3)


async def whole(scope, receive, send):
    """An application that reads a body whole and says that it has."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_a_body_that_stands_still_is_given_up():
    async def receive():
        await asyncio.Event().wait()

    sent = Sent()
    asyncio.run(Bodies(whole, 10, 10, patience=0.01)(scope_of(), receive, sent))
    assert sent.status == [408]
    assert (b"connection", b"close") in sent[0]["headers"]


def test_who_waits_for_an_answer_is_not_given_up():
    async def slow(scope, receive, send):
        await receive()
        gone = asyncio.ensure_future(receive())
        await asyncio.sleep(0.05)
        assert not gone.done()
        gone.cancel()
        await whole(scope, one_piece, send)

    async def receive():
        if taken:
            await asyncio.Event().wait()
        return taken.append(1) or {"type": "http.request", "body": b"a"}

    taken, sent = [], Sent()
    asyncio.run(Bodies(slow, 10, 10, patience=0.01)(scope_of(), receive, sent))
    assert sent.status == [200]


async def one_piece():
    return {"type": "http.request", "body": b"aaaa"}


def test_bodies_in_flight_are_limited_together_and_make_room_when_they_are_answered():
    begun, sent = asyncio.Event(), [Sent() for _ in range(4)]

    async def waits(scope, receive, send):
        await receive()
        await begun.wait()
        await whole(scope, one_piece, send)

    async def asked():
        bodies = Bodies(waits, 10, 8)
        waiting = [asyncio.ensure_future(bodies(scope_of(), one_piece, each)) for each in sent[:3]]
        await asyncio.sleep(0.01)
        begun.set()
        await asyncio.gather(*waiting)
        await bodies(scope_of(), one_piece, sent[3])

    asyncio.run(asked())
    assert [each.status for each in sent] == [[200], [200], [503], [200]]
    assert (b"retry-after", b"1") in sent[2][0]["headers"]


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


def test_who_is_refused_is_counted_too_and_by_address(tmp_path):
    file, keys = with_keys(tmp_path)
    client = call(rate=2, keys=file)
    tried = [client.get("/v1/images", headers={"X-API-Key": f"synthetyk_{n}"}).status_code for n in range(3)]
    assert tried == [401, 401, 429]
    assert client.get("/v1/images").status_code == 429
    assert client.get("/v1/images", headers={"X-API-Key": keys["read"]}).status_code == 200


def test_what_a_key_does_not_open_is_counted_for_that_key(tmp_path):
    file, keys = with_keys(tmp_path)
    client = call(rate=1, keys=file)
    reads, writes = ({"X-API-Key": keys[scope]} for scope in ("read", "write"))
    assert [client.post("/v1/images", headers=reads).status_code for _ in range(2)] == [403, 429]
    assert client.post("/v1/images", headers=writes).status_code == 200


def test_a_network_of_ipv6_addresses_is_one_asker():
    app = guarded(rate=1)
    first, second = (client_of(app, client=(address, 1)) for address in ("2001:db8::1", "2001:db8::2:1"))
    other = client_of(app, client=("2001:db8:0:1::1", 1))
    assert [each.get("/v1/images").status_code for each in (first, second, other)] == [200, 429, 200]
