import os
from pathlib import Path

import pytest

from synthetyk.core.errors import ConfigError
from synthetyk.service.serving import STORE, Serving


def test_without_a_word_images_are_kept_beside_and_nothing_else_is_served():
    assert Serving.from_environment({"SYNTHETYK_DATA": "x"}) == Serving()
    assert Serving().store == STORE


def test_the_environment_says_packages_store_and_settings():
    found = Serving.from_environment(
        {
            "SYNTHETYK_SERVE_PACKAGES": os.pathsep.join(["a", "b/c"]),
            "SYNTHETYK_SERVE_STORE": "memory:",
            "SYNTHETYK_SERVE_MAX_BATCH": "7",
            "SYNTHETYK_SERVE_KEYS": "keys.json",
            "SYNTHETYK_SERVE_HOSTS": "a.example b.example",
            "SYNTHETYK_SERVE_ALLOW_OPEN": "true",
        }
    )
    assert (found.packages, found.store) == ((Path("a"), Path("b/c")), "memory:")
    assert (found.settings.max_batch, found.settings.keys) == (7, Path("keys.json"))
    assert (found.settings.hosts, found.settings.allow_open) == (("a.example", "b.example"), True)


@pytest.mark.parametrize(("name", "value"), [("THREDS", "2"), ("THREADS", "two")])
def test_what_the_environment_says_wrong_is_told(name, value):
    with pytest.raises(ConfigError, match="the environment"):
        Serving.from_environment({f"SYNTHETYK_SERVE_{name}": value})
