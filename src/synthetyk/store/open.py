"""Stores by their URL; built-ins and plug-ins register under ``synthetyk.stores``."""

from synthetyk.core.errors import ConfigError
from synthetyk.core.registry import Registry
from synthetyk.store.store import ImageStore

STORES = Registry("synthetyk.stores", "store")


def open_store(url: str, *, must_exist: bool = False) -> ImageStore:
    """Open a store; every kind has a ``classmethod open(location: str, *, must_exist: bool)`` that takes the URL.

    Args:
        url: Its kind, a colon, and what that kind says where it is: ``sqlite:///images.db``, ``memory:``.
        must_exist: Refuse a store that is not there, instead of making it.

    Raises:
        ConfigError: It is no URL of a store.
        StoreError: It has to be there, and is not.
        UnknownNameError: No store of that kind is registered.
        MissingDependencyError: It needs a package that is not installed.
        StoreUnavailableError: It cannot be reached.
    """
    kind, colon, _ = url.partition(":")
    if not colon:
        kinds = ", ".join(f"{name}:" for name in STORES.names())
        raise ConfigError(f"{url!r} names no store", expected=f"a URL that begins with one of {kinds}")
    store: ImageStore = STORES.load(kind).open(url, must_exist=must_exist)
    return store
