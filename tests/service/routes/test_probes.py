import threading

from synthetyk.core.errors import StoreUnavailableError


def test_a_service_is_alive_and_ready(client):
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_a_service_whose_store_takes_nothing_is_not_ready(client, store, monkeypatch):
    def refuse():
        raise StoreUnavailableError("full")

    monkeypatch.setattr(store, "check", refuse)
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_a_store_that_does_not_answer_holds_no_probe_up(client, store, monkeypatch):
    end = threading.Event()
    monkeypatch.setattr(store, "check", lambda: end.wait(60))
    monkeypatch.setattr("synthetyk.service.routes.probes.PATIENCE", 0.05)
    answer = client.get("/readyz")
    end.set()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_numbers_are_told_as_prometheus_reads_them(client):
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "# TYPE synthetyk_requests_total counter" in answer.text
