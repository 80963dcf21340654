"""Every built-in store keeps the contract."""

import pytest

from synthetyk.store.contract import StoreContract
from synthetyk.store.copy import every_image
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


@pytest.mark.xdist_group("cassandra")
class TestCassandra(StoreContract):
    @pytest.fixture(scope="class")
    def opened(self, cassandra):
        """Making tables takes seconds, so that all tests of the contract share them."""
        with cassandra.keyspace() as url:
            store = open_store(url)
            yield store
            store.close()

    @pytest.fixture
    def store(self, opened):
        yield opened
        for record in list(every_image(opened)):
            opened.delete(record.id)
