"""From a location that a user typed to the source that reads it."""

from pathlib import Path

from synthetyk.core.errors import ConfigError, DatasetError, DatasetNotFoundError
from synthetyk.data.source import SOURCES, Source, SourceOptions

# The first that recognises a location takes it: a table of the user's own, then known layouts, then any folder.
BUILT_IN = ("phantom", "npz", "table", "idc", "cbis-ddsm", "dicom", "folder")
TABLE_OPTIONS = ("image_column", "label_column", "group_column", "split_column", "images_root")
UNDERSTOOD = {"table": TABLE_OPTIONS, "cbis-ddsm": ("image_column", "label_column")}


def open_source(location: str, options: SourceOptions | None = None) -> Source:
    """Open a data set: ``phantom``, an npz file, a table, a known layout, DICOM, a folder, or what a plug-in knows.

    Args:
        location: A path, or a name such as ``phantom:n=300``.
        options: What the user says about the data set.

    Raises:
        DatasetNotFoundError: Nothing lies there.
        DatasetError: No source knows what lies there, or its source finds it unusable.
        ConfigError: An option does not fit.
    """
    options = options or SourceOptions()
    names = [*BUILT_IN, *(name for name in SOURCES.names() if name not in BUILT_IN)]
    for name in names:
        source: type[Source] = SOURCES.load(name)
        if source.recognises(location):
            _check_options(name, location, options)
            return source.open(location, options)
    if not Path(location).exists():
        raise DatasetNotFoundError(f"There is nothing at {location!r}", expected=_EXPECTED)
    raise DatasetError(f"{location!r} is no data set that Synthetyk knows", expected=_EXPECTED)


_EXPECTED = "a folder of images, a CSV table, an npz file, DICOM, or phantom"


def _check_options(name: str, location: str, options: SourceOptions) -> None:
    """Refuse options about tables for what is no table: they would be ignored without a word."""
    given = [option for option in TABLE_OPTIONS if getattr(options, option) is not None]
    refused = [option for option in given if option not in UNDERSTOOD.get(name, ())]
    if name in BUILT_IN and refused:
        option = "--" + refused[0].replace("_", "-")
        raise ConfigError(
            f"{option} needs a table, and {location!r} was taken as a data set of kind {name}",
            action="Give the path of the CSV file itself",
        )
