"""Feature extractors by name; built-ins and plug-ins register under ``synthetyk.extractors``."""

from pathlib import Path

from synthetyk.core.registry import Registry
from synthetyk.metrics.extractor import FeatureExtractor

EXTRACTORS = Registry("synthetyk.extractors", "feature extractor")


def open_extractor(name: str, location: Path | None) -> FeatureExtractor:
    """Open a registered extractor; every one has a ``classmethod open(location: Path | None)``.

    Args:
        name: For example ``learned``, ``squeezenet``, ``inception``.
        location: The folder or file with its weights; None if it needs none.

    Raises:
        UnknownNameError: No extractor has that name.
        MissingDependencyError: It needs weights that are not there; the message says where to get them.
    """
    extractor: FeatureExtractor = EXTRACTORS.load(name).open(location)
    return extractor
