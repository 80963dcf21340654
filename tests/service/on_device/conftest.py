"""A real Chromium that runs the page's own modules; without Chromium the tests are skipped by name."""

import shutil

import pytest
from tests.service.on_device.browser import BYTES, STATIC, serving


@pytest.fixture(scope="session")
def chromium():
    """A browser; tests make contexts and pages of their own in it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("needs Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def module(chromium):
    """Return a function that runs JavaScript with one of the page's modules as `m` and what was `given`."""
    with serving(STATIC) as server:
        page = chromium.new_page()
        page.goto(server.url + "js/")

        def run(name, body, given=None):
            code = f"async ([url, given]) => {{ {BYTES} const m = await import(url); {body} }}"
            return page.evaluate(code, [f"{server.url}js/{name}.js", given])

        yield run
        page.close()
