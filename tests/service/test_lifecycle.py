import asyncio

from synthetyk.service.lifecycle import Counted, Lifecycle


async def ask(app, path="/v1/images"):
    """Return status and headers of an answer."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    await app({"type": "http", "method": "GET", "path": path}, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"])


def held(lifecycle, end):
    """An application that answers when it is told."""

    async def answer(scope, receive, send):
        await end.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return Counted(answer, lifecycle)


def test_what_is_in_flight_is_answered_before_the_end_and_nothing_new_is_taken():
    async def stop():
        lifecycle, end = Lifecycle(), asyncio.Event()
        app = held(lifecycle, end)
        begun = asyncio.create_task(ask(app))
        await asyncio.sleep(0)
        draining = asyncio.create_task(lifecycle.drain(linger=0, patience=30))
        while not lifecycle.closed:
            await asyncio.sleep(0.01)
        refused = await ask(app)
        end.set()
        return await begun, refused, await draining

    begun, refused, drained = asyncio.run(stop())
    assert begun == (200, {b"connection": b"close"})
    assert refused[0] == 503
    assert refused[1][b"retry-after"] == b"1"
    assert drained


def test_requests_are_still_taken_until_their_senders_have_learnt_of_it():
    async def stop():
        lifecycle, end = Lifecycle(), asyncio.Event()
        end.set()
        draining = asyncio.create_task(lifecycle.drain(linger=0.2, patience=0))
        await asyncio.sleep(0.05)
        return lifecycle.draining, await ask(held(lifecycle, end)), await draining

    draining, (status, _), drained = asyncio.run(stop())
    assert (draining, status, drained) == (True, 200, True)


def test_patience_ends():
    async def stop():
        lifecycle = Lifecycle()
        begun = asyncio.create_task(ask(held(lifecycle, asyncio.Event())))
        await asyncio.sleep(0)
        drained = await lifecycle.drain(linger=0, patience=0.05)
        begun.cancel()
        return drained

    assert not asyncio.run(stop())


def test_a_service_that_is_stopping_is_alive_but_not_ready(app, client):
    assert client.get("/readyz").status_code == 200
    app.state.service.lifecycle.draining = app.state.service.lifecycle.closed = True
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    assert client.get("/v1/images").status_code == 503
