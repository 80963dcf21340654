"""What a service is told when it begins: packages, store, settings; from the command line or from the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_origin

from synthetyk.core.config import Config
from synthetyk.service.settings import ServiceSettings

PREFIX = "SYNTHETYK_SERVE_"
STORE = "sqlite:///synthetyk.db"


class Serving(Config):
    """What a service is told when it begins.

    Attributes:
        packages: Folders of packages, the default first; none: it stores images only.
        store: URL of the store of images.
        settings: How it runs.
    """

    packages: tuple[Path, ...] = ()
    store: str = STORE
    settings: ServiceSettings = ServiceSettings()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Serving":
        """Read ``SYNTHETYK_SERVE_PACKAGES`` (separated as in PATH), ``..._STORE``, and one variable for each setting.

        Raises:
            ConfigError: A variable is unknown or a value is refused.
        """
        found = os.environ if environment is None else environment
        said: dict[str, Any] = {
            name.removeprefix(PREFIX).lower(): value for name, value in found.items() if name.startswith(PREFIX)
        }
        packages = said.pop("packages", "")
        store = said.pop("store", STORE)
        for name, kind in ServiceSettings.model_fields.items():
            if name in said and get_origin(kind.annotation) is tuple:
                said[name] = said[name].split()  # by spaces, as the command line does
        return cls(
            packages=tuple(Path(part) for part in packages.split(os.pathsep) if part),
            store=store,
            settings=ServiceSettings.parse(said, where=f"the environment ({PREFIX}...)"),
        )
