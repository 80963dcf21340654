import pytest

from synthetyk.core.errors import ConfigError, StoreError, UnknownNameError
from synthetyk.store.drivers.memory import MemoryStore
from synthetyk.store.drivers.sqlite import SqliteStore
from synthetyk.store.open import open_store


def test_a_url_opens_its_kind_of_store(tmp_path):
    assert isinstance(open_store("memory:"), MemoryStore)
    store = open_store(f"sqlite:///{tmp_path}/a.db")
    assert isinstance(store, SqliteStore)
    assert store.path == tmp_path / "a.db"
    store.close()


def test_an_unknown_kind_names_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'sqlite'"):
        open_store("sqlit:///a.db")


def test_what_is_no_url_is_refused():
    with pytest.raises(ConfigError, match="memory:, sqlite:"):
        open_store("images.db")


def test_a_store_that_has_to_be_there_is_not_made(tmp_path):
    with pytest.raises(StoreError, match="no store"):
        open_store(f"sqlite:///{tmp_path}/none.db", must_exist=True)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StoreError, match="empty when it is opened"):
        open_store("memory:", must_exist=True)
