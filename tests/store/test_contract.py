"""Every built-in store keeps the contract."""

import pytest

from synthetyk.store.contract import StoreContract
from synthetyk.store.open import open_store


class TestMemory(StoreContract):
    @pytest.fixture
    def store(self):
        return open_store("memory:")


class TestSqlite(StoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        store = open_store(f"sqlite:///{tmp_path}/images.db")
        yield store
        store.close()
