"""A real Chromium that runs the page's own modules; without Chromium the tests are skipped by name."""

import shutil

import pytest
from tests.runtime.tiny import classifier_part, generator_part, tiny_classifier, tiny_generator, tiny_manifest
from tests.service.on_device.browser import HELPERS, STATIC, new_page, serving

from synthetyk.core.errors import MissingDependencyError
from synthetyk.runtime.package import open_package, write_package
from synthetyk.service.on_device.site import site_of, write_site
from synthetyk.service.on_device.web_runtime import fetch_runtime, find_runtime


@pytest.fixture(scope="module")
def chromium():
    """A browser; tests make contexts and pages of their own in it.

    It ends with the file that uses it: there can be only one Playwright in a process at a time.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("needs Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def module(chromium):
    """Return a function that runs JavaScript with one of the page's modules as `m` and what was `given`."""
    with serving(STATIC) as server:
        page = new_page(chromium)
        page.goto(server.url + "js/")

        def run(name, body, given=None):
            code = f"async ([url, given]) => {{ {HELPERS} const m = await import(url); {body} }}"
            return page.evaluate(code, [f"{server.url}js/{name}.js", given])

        yield run
        page.close()


@pytest.fixture(scope="session")
def web_runtime():
    """The folder of ONNX Runtime Web, which the code under test fetches once; without npm the test is skipped."""
    if found := find_runtime():
        return found
    try:
        return fetch_runtime()
    except MissingDependencyError as error:
        pytest.skip(f"needs ONNX Runtime Web: {error}")


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """A package with a tiny classifier and a tiny generator."""
    folder = tmp_path_factory.mktemp("on_device") / "package"
    files = {"classifier.onnx": tiny_classifier(), "generator.onnx": tiny_generator(), "model-card.md": b"# Tiny\n"}
    write_package(folder, tiny_manifest(classifier_part(), generator_part()), files)
    return open_package(folder)


@pytest.fixture(scope="session")
def colourful(tmp_path_factory):
    """A package with a generator alone, of images in colour and without classes."""
    folder, shape = tmp_path_factory.mktemp("on_device") / "colourful", (3, 6, 10)
    part = generator_part(shape=shape, class_names=(), seed=2**60 + 1)
    write_package(folder, tiny_manifest(None, part), {"generator.onnx": tiny_generator(classes=0, shape=shape)})
    return open_package(folder)


@pytest.fixture(scope="session")
def site(package, colourful, web_runtime, tmp_path_factory):
    """The folder of an exported page with both packages; tests read it only."""
    folder = tmp_path_factory.mktemp("site")
    write_site(site_of([("tiny", package), ("colourful", colourful)], web_runtime), folder)
    return folder
