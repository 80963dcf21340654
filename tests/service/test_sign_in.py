"""Signing in and out in real Chromium, on every page of a service with keys."""

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright
from tests.service.guarded import with_keys
from tests.service.served import served

from synthetyk.service.pages.page import PLACES

CHROMIUM = shutil.which("chromium")


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_a_person_signs_in_looks_around_and_leaves(tmp_path, package_folder):
    file, keys = with_keys(tmp_path)
    wrong = []
    with served(tmp_path / "here", package_folder, "--keys", file) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(base_url=server.address)
        page.set_default_timeout(60_000)
        page.goto("/library?origin=real")
        page.get_by_label("API key").fill(keys["read"])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("/library?origin=real")
        page.on("console", lambda message: message.type in ("error", "warning") and wrong.append(message.text))
        for place in PLACES:
            assert page.goto(place.path).status == 200
            assert page.evaluate("self.crossOriginIsolated")
            assert "synthetyk_session" not in page.evaluate("document.cookie")
        page.goto("/library")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.goto("/library")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        browser.close()
    assert wrong == []
