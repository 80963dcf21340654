import pytest

from synthetyk.store.record import Event


def test_events_are_listed_the_latest_first_page_by_page(client, store):
    for number in range(3):
        store.put_event(Event(kind="generation", id=f"e{number}", created=number, details={"count": number}))
    store.put_event(Event.of("turing", {"right": 1}))
    first = client.get("/v1/events/generation", params={"limit": 2}).json()
    second = client.get("/v1/events/generation", params={"limit": 2, "after": first["after"]}).json()
    assert [event["details"]["count"] for event in first["events"] + second["events"]] == [2, 1, 0]
    assert second["after"] is None
    assert len(client.get("/v1/events/turing").json()["events"]) == 1


@pytest.mark.parametrize("asked", ["deletion", "generation?limit=0", "generation?after=x", "generation?before=1"])
def test_a_wrong_question_is_refused(client, asked):
    assert client.get(f"/v1/events/{asked}").status_code == 422
