"""``synthetyk serve``: packaged models and stored images over REST."""

import inspect
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, get_origin

import typer

from synthetyk.cli.display import say
from synthetyk.cli.docstrings import described
from synthetyk.core.errors import ConfigError, MissingDependencyError
from synthetyk.runtime.manifest import PackageManifest
from synthetyk.service.serving import PREFIX, STORE, Serving
from synthetyk.service.settings import ServiceSettings


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each setting of a service, which the environment may say too."""
    own = [
        each
        for each in inspect.signature(command).parameters.values()
        if each.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    words = described(ServiceSettings)
    options = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=list(field.default) if get_origin(field.annotation) is tuple else field.default,
            annotation=Annotated[
                list[str] if get_origin(field.annotation) is tuple else field.annotation,
                typer.Option(
                    help=words[name].replace("``", "").replace("None:", "unset:"),
                    envvar=PREFIX + name.upper(),
                    show_envvar=False,
                ),
            ],
        )
        for name, field in ServiceSettings.model_fields.items()
    ]
    command.__signature__ = inspect.Signature([*own, *options])  # type: ignore[attr-defined]
    return command


@_with_settings
def serve(
    packages: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PACKAGE...", help="Packages of models, or the MLflow models around them.", show_default=False
        ),
    ] = None,
    *,
    store: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Where images are kept (docs: how-to/keep-images).",
            envvar=PREFIX + "STORE",
            show_envvar=False,
        ),
    ] = STORE,
    **settings: Any,
) -> None:
    """Serve packaged models over REST, and keep every image that comes in; without a package, only keep images.

    SIGTERM or Ctrl-C: it is no longer ready, answers what it has begun, and ends with exit code 0.
    """
    serving = Serving(
        packages=tuple(packages or ()),
        store=store,
        settings=ServiceSettings.parse(settings, where="the command line"),
    )
    try:
        _serve(serving)
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"{error.name} is not installed, which this command needs", action="Run: pip install 'synthetyk[serve]'"
        ) from error


def _serve(serving: Serving) -> None:
    from synthetyk.service.asgi import Application
    from synthetyk.service.guard import check_exposure
    from synthetyk.service.logs import log_as_json
    from synthetyk.service.server import Server, address_of, listen
    from synthetyk.service.sessions import share_secret
    from synthetyk.service.workers import supervise

    check_exposure(serving.settings)
    with listen(serving.settings.host, serving.settings.port) as listener:

        def ready() -> None:
            say(f"Serving at {address_of(listener)}", style="bold")

        application = Application(lambda: serving)
        _introduce(serving)
        share_secret()
        log_as_json()
        if serving.settings.workers > 1:
            _try_store(serving.store)
            supervise(serving, listener, ready)
        else:
            application.open()
            Server(application, serving, ready=ready).run([listener])


def _introduce(serving: Serving) -> None:
    """Say what is served.

    Raises:
        PackageError: A package is not what its manifest says.
    """
    from synthetyk.runtime.package import open_package

    for path in serving.packages:
        say(f"model:  {path.resolve().name}: {_in_words(open_package(path).manifest)}")
    say(f"images: {_where(serving.store)}")


def _try_store(url: str) -> None:
    """Open a store once, so that what is wrong with it is told before several processes begin.

    Raises:
        ConfigError: Processes cannot share it.
        StoreError: It cannot be used.
    """
    from synthetyk.store.open import open_store

    if url.startswith("memory:"):
        raise ConfigError("Several processes cannot share a store in memory", expected="another store, or --workers 1")
    with closing(open_store(url)) as store:
        store.check()


def _in_words(manifest: PackageManifest) -> str:
    parts = [
        f"{name} ({part.precision})"
        for name, part in (("classifier", manifest.classifier), ("generator", manifest.generator))
        if part
    ]
    return " and ".join(parts)


def _where(store: str) -> str:
    """Return a store's URL with the file's whole path."""
    path = store.removeprefix("sqlite:///")
    return store if path == store else f"sqlite:///{Path(path).absolute()}"
