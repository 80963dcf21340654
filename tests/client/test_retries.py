import httpx
import pytest
from tests.client.service import Sleeps, client_with, image_of, scripted

from synthetyk.client.retries import Retries
from synthetyk.core.errors import ImageNotFoundError, OverloadedError, ServiceUnavailableError

MODELS = {"models": []}


@pytest.mark.parametrize(
    "outcome",
    [
        *(httpx.ConnectError, httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError),
        *(httpx.Response(status) for status in (429, 502, 503, 504)),
    ],
)
def test_what_passes_is_asked_again(outcome):
    transport, got = scripted(outcome, outcome, httpx.Response(200, json=MODELS))
    assert client_with(transport).models() == ()
    assert len(got) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422, 500])
def test_what_will_not_change_is_not_asked_again(status):
    transport, got = scripted(httpx.Response(status))
    with pytest.raises(Exception, match=str(status)):
        client_with(transport).models()
    assert len(got) == 1


def test_the_body_is_sent_again_whole():
    record = {"id": "a" * 64, "size": 1, "created": 1, "media_type": "m", "width": 1, "height": 1, "channels": 1}
    transport, got = scripted(httpx.WriteError, httpx.Response(201, json=record))
    client_with(transport).put_image(image_of(3))
    assert [each.content for each in got] == [image_of(3)] * 2


def test_after_the_last_attempt_the_service_is_said_to_be_away():
    transport, got = scripted(*[httpx.ConnectTimeout] * 3)
    with pytest.raises(ServiceUnavailableError, match="ConnectTimeout"):
        client_with(transport, attempts=3).models()
    assert len(got) == 3


def test_what_the_service_said_last_is_what_is_raised():
    said = {"found": "The queue is full", "action": "Ask again", "error": "OverloadedError"}
    transport, _ = scripted(httpx.ConnectError, httpx.Response(503, json=said))
    with pytest.raises(OverloadedError, match="The queue is full. Ask again."):
        client_with(transport, attempts=2).models()


def test_a_name_of_an_error_that_is_none_is_not_taken_at_its_word():
    for name in ("Callable", "_rebuild", "KeyError", 3, None):
        transport, _ = scripted(httpx.Response(503, json={"found": "x", "error": name}))
        with pytest.raises(ServiceUnavailableError):
            client_with(transport, attempts=1).models()


def test_the_waits_double_at_random_and_honour_what_the_service_asks():
    retries = Retries(attempts=9, first=1.0, longest=5.0)
    assert [retries.wait(n, None, lambda: 1.0) for n in range(1, 6)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    assert retries.wait(3, None, lambda: 0.25) == 1.0
    asked = httpx.Response(503, headers={"Retry-After": "3"})
    assert retries.wait(1, asked, lambda: 0.5) == 3.5
    assert retries.wait(1, httpx.Response(503, headers={"Retry-After": "6"}), lambda: 0.5) is None
    assert retries.wait(1, httpx.Response(503, headers={"Retry-After": "Thu, 26 Nov 2026"}), lambda: 0.5) == 0.5
    assert retries.wait(9, None, lambda: 0.5) is None


def test_a_client_waits_before_it_asks_again():
    sleeps = Sleeps()
    transport, _ = scripted(
        httpx.Response(429, headers={"Retry-After": "2"}), httpx.ReadError, httpx.Response(200, json=MODELS)
    )
    client_with(transport, sleeps).models()
    waits = [each for each in sleeps if each]
    assert 2.0 <= waits[0] < 2.25
    assert 0.0 < waits[1] < 0.5


def test_an_image_that_a_lost_answer_was_about_counts_as_deleted():
    client_with(scripted(httpx.ReadError, httpx.Response(404))[0]).delete("ab" * 32)
    with pytest.raises(ImageNotFoundError):
        client_with(scripted(httpx.Response(404))[0]).delete("ab" * 32)
