import numpy as np
import pytest
from PIL import Image
from tests.service.on_device.browser import new_page, serving

pytestmark = pytest.mark.xdist_group("on this device")

ORIGIN = "http://localhost"  # as secure as HTTPS for a browser, so that it keeps the page
# Chromium asks its maker what the fields of a form are for, on every page that has some; no page can stop it.
BROWSERS_OWN = ("CONNECT", "content-autofill.googleapis.com:443")


@pytest.fixture(scope="module")
def left_behind(chromium, site):
    """The page after its server is gone, and every request that left the browser before."""
    with serving(site) as server:
        context = chromium.new_context(proxy={"server": server.url, "bypass": "<-loopback>"})
        page = new_page(context)
        page.goto(ORIGIN)
        page.locator("#on-device[data-ready]").wait_for()
        page.evaluate("navigator.serviceWorker.ready.then(() => {})")
    page.reload()
    yield page, server.asked
    context.close()


def test_the_page_opens_and_works_without_a_network(left_behind, tmp_path):
    page, _ = left_behind
    Image.fromarray(np.eye(30, dtype=np.uint8) * 200).save(tmp_path / "image.jpg")
    page.locator("#on-device[data-ready]").wait_for()
    page.set_input_files("#file", tmp_path / "image.jpg")
    page.locator("#result").wait_for()
    page.click("#go")
    page.locator("#tiles li").nth(7).wait_for()


def test_no_request_leaves_the_browser_but_for_the_pages_own_files(left_behind, site):
    _, asked = left_behind
    asked = [each for each in asked if each[:2] != BROWSERS_OWN]
    assert {(method, size) for method, _, size in asked} == {("GET", 0)}
    assert all(path.startswith(f"{ORIGIN}/") for _, path, _ in asked)
    own = {f"{ORIGIN}/{path.relative_to(site)}" for path in site.rglob("*") if path.is_file()}
    assert {path for _, path, _ in asked} - {f"{ORIGIN}/"} == own - {f"{ORIGIN}/index.html"}
