import asyncio

from benchmarks.serving import overload
from benchmarks.serving.clients import Answers, ask_at_once, watch
from benchmarks.serving.rates import FP32, INT8, NETWORK, PEER, _row


def costs(**changes):
    """Milliseconds of two rounds, the second of which was twice as slow for all."""
    found = {(name, count): 10.0 for name in (PEER, "mlflow, plain", FP32, INT8, NETWORK) for count in (1, 16)}
    return {key: [cost, 2 * cost] for key, cost in (found | changes.pop("costs")).items()}


def test_ratios_are_taken_within_a_round():
    row = _row(FP32, 16, costs(costs={(FP32, 16): 4.0, (NETWORK, 16): 3.6}))
    assert (row["ms"], row["over_mlflow"], row["of_network"]) == (6.0, 2.5, 0.9)
    assert (row["goal"], row["met"]) == ("2.4, 0.85", "met")


def test_a_row_that_misses_one_of_its_goals_is_missed():
    assert _row(FP32, 16, costs(costs={(FP32, 16): 4.0, (NETWORK, 16): 3.0}))["met"] == "missed"
    assert _row(INT8, 1, costs(costs={(INT8, 1): 2.5}))["met"] == "missed"
    assert _row(PEER, 1, costs(costs={}))["met"] is None


def under(**changes):
    return {"slower": 2.0, "failed": 0, "refused_p99": 60.0, "probes": 9, "probes_failed": 0} | changes


def test_every_goal_under_overload_is_looked_at():
    assert overload.missed(under()) == []
    for changes in ({"slower": 4.0}, {"failed": 1}, {"refused_p99": 100.0}, {"refused_p99": 0.0}, {"probes_failed": 1}):
        assert len(overload.missed(under(**changes))) == 1


def test_answers_are_told_apart_by_status():
    found = Answers()
    found.seconds[200] = [0.001, 0.003]
    found.seconds[503].append(0.05)
    assert (found.count(200), found.milliseconds(200, 50), found.milliseconds(503, 99)) == (2, 2.0, 50.0)
    assert found.milliseconds(404, 50) is None


def test_clients_ask_until_time_is_up_each_time_with_another_number():
    seen = []

    async def answer(reader, writer):
        while head := await reader.read(4096):
            seen.append(head.rpartition(b"\r\n\r\n")[2])
            status = b"503 Busy" if len(seen) % 2 else b"200 OK"
            writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 2\r\n\r\nok")
        writer.close()

    async def scene():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            asked = await ask_at_once(port, "/draw", '{"seed": "SEED"}', 3, 0.1)
            seen_then = list(seen)
            probed = await watch(port, ("/healthz",), 0.05, 0.01)
        return asked, seen_then, probed

    asked, bodies, probed = asyncio.run(scene())
    assert asked.count(200) + asked.count(503) == len(bodies) > 3
    assert len(set(bodies)) == len(bodies)
    assert probed.count(200) + probed.count(503) > 0
