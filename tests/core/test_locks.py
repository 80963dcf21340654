import threading

import pytest

from synthetyk.core.locks import changing


def test_who_would_change_a_file_meanwhile_waits(tmp_path):
    path, inside = tmp_path / "new" / "a.json", threading.Event()

    def change():
        with changing(path):
            inside.set()

    other = threading.Thread(target=change)
    with changing(path):
        other.start()
        assert not inside.wait(0.05)
    assert inside.wait(20)
    other.join()


def test_a_change_that_fails_holds_nobody_up(tmp_path):
    with pytest.raises(ValueError, match="no"), changing(tmp_path / "a.json"):
        raise ValueError("no")
    with changing(tmp_path / "a.json"):
        pass
