"""The page on this device as a mapping from paths to contents: written into a folder, or answered by the service."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

import synthetyk
from synthetyk.core.artifacts import write_bytes
from synthetyk.core.errors import ConfigError
from synthetyk.runtime.manifest import OWN_FILES
from synthetyk.runtime.package import Package
from synthetyk.service.on_device.page import PageConfig
from synthetyk.service.on_device.web_runtime import FILES

HERE = Path(__file__).parent
STATIC, LOOK = HERE / "static", HERE.parent / "pages/static"
SHARED = ("style.css", "icon.svg", "upload.js")  # with the pages of a service
PAGE, CONFIG = "index.html", "page.json"
# The page's own promise to the browser: scripts, styles and requests from where it came from, and from nowhere else.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'"
)

Site = Mapping[str, bytes | Path]


def site_of(
    packages: Sequence[tuple[str, Package]], runtime: Path | None, *, home: str = "./", places: Sequence[object] = ()
) -> Site:
    """Return every file of the page by its path, as bytes or as the file that holds them.

    Args:
        packages: What it offers, each with a short name.
        runtime: Folder with the files of `web_runtime.FILES`; None: the page says that they are missing.
        home: Where the name of the project leads.
        places: Other pages of a service, as its frame shows them.
    """
    config = PageConfig.of(packages)
    files: dict[str, bytes | Path] = {**_own(), **_runtime(runtime)}
    for offered, (_, package) in zip(config.packages, packages, strict=True):
        files |= {offered.folder + name: package.folder / name for name in _names(package)}
    config = config.model_copy(update={"files": tuple(sorted(files))})
    files[PAGE] = _render(home=home, places=places, missing=_missing(config, runtime)).encode()
    files[CONFIG] = _as_json(config)
    return files


def write_site(site: Site, folder: Path) -> None:
    """Write a page into a folder, the page itself last; files of an earlier export that it lacks are removed.

    Raises:
        ConfigError: The folder holds something else.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / CONFIG).is_file():
        raise ConfigError(f"{folder} is not empty", expected="a new folder, or that of an earlier export")
    earlier = PageConfig.load(folder / CONFIG).files if (folder / CONFIG).is_file() else ()
    for name, content in sorted(site.items(), key=lambda item: item[0] == PAGE):
        write_bytes(folder / name, content if isinstance(content, bytes) else content.read_bytes())
    for name in set(earlier) - set(site):
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve()):  # whatever the earlier page.json says
            path.unlink(missing_ok=True)


def _own() -> Site:
    own = {str(path.relative_to(STATIC)): path for path in sorted(STATIC.rglob("*")) if path.is_file()}
    return own | {name: LOOK / name for name in SHARED}


def _runtime(folder: Path | None) -> dict[str, bytes | Path]:
    return {f"runtime/{name}": folder / name for name in FILES} if folder else {}


def _missing(config: PageConfig, runtime: Path | None) -> str:
    if not config.packages:
        return "No model is served."
    return "" if runtime else "ONNX Runtime Web is not installed with this service. Run once: synthetyk web-runtime"


def _names(package: Package) -> list[str]:
    """Return the files of a package, so that a copy of them can be verified."""
    return [name for name in OWN_FILES if (package.folder / name).is_file()] + sorted(package.manifest.files)


def _render(**values: object) -> str:
    loader = ChoiceLoader([PackageLoader("synthetyk.service.on_device"), PackageLoader("synthetyk.service.pages")])
    templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    frame = {"here": "device", "person": "", "static": "", "version": synthetyk.__version__}
    return templates.get_template("page.html").render(frame, policy=POLICY, **values)


def _as_json(config: PageConfig) -> bytes:
    schema = f"{config.schema_name}/{config.schema_version}"
    return (json.dumps({"schema": schema, **config.model_dump(mode="json")}, ensure_ascii=False) + "\n").encode()
