"""The pages in real Chromium: what a person does, with mouse, keyboard, a phone, or without scripts."""

import re
import shutil
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import expect, sync_playwright
from tests.service.pages.conftest import until

expect.set_options(timeout=30_000)  # machines may be busy
CHROMIUM = shutil.which("chromium")
ADDRESSES = ("/", "/runs", "/generate", "/classify", "/library", "/which-is-real", "/api")

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def home(app_with_model):
    """A running service; where it is."""
    server = uvicorn.Server(uvicorn.Config(app_with_model, port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def open_tab(chromium, home):
    """Return a function that opens tabs; in none of them may anything go wrong or lead elsewhere."""
    opened, wrong = [], []

    def tab(**options):
        context = chromium.new_context(base_url=home, **options)
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: message.type in ("error", "warning") and wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: _here(request.url, home) or wrong.append(f"asked {request.url}"))
        return page

    yield tab
    for context in opened:
        context.close()
    assert wrong == []


def _here(address, home):
    return address.startswith(("data:", "blob:")) or urlsplit(address)[:2] == urlsplit(home)[:2]


def test_images_are_generated_kept_and_downloaded(open_tab):
    page = open_tab()
    page.goto("/generate")
    page.get_by_label("Class").select_option("benign")
    page.get_by_role("spinbutton", name="Images").fill("3")
    page.get_by_label("Keep them in the library").check()
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_role("heading", name="3 images by tiny")).to_be_visible()
    first = page.get_by_alt_text("Synthetic image 0 of class benign")
    expect(first).to_have_js_property("naturalWidth", 8)
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Download as a zip").click()
    assert Path(downloaded.value.path()).read_bytes()[:2] == b"PK"
    first.click()
    expect(page.get_by_role("heading", name="Synthetic image, benign")).to_be_visible()


def test_an_image_is_chosen_classified_and_its_heat_map_faded(open_tab, picture):
    page = open_tab()
    page.goto("/classify")
    page.get_by_label(re.compile("Drop an image here")).set_input_files(
        {"name": "x.png", "mimeType": "image/png", "buffer": picture(5)}
    )
    page.get_by_role("button", name="Store and classify").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Most likely:")
    heat = page.locator("#heat")
    until(lambda: heat.evaluate("image => image.naturalWidth") > 8, 30)
    page.get_by_label("Heat map", exact=True).fill("20")
    expect(heat).to_have_css("opacity", "0.2")
    page.get_by_role("link", name=re.compile("^show where")).first.click()
    page.wait_for_url("**?seen=*")


def test_an_image_is_dropped(open_tab, picture):
    page = open_tab()
    page.goto("/classify")
    drop = """(area, bytes) => {
        const brought = new DataTransfer();
        brought.items.add(new File([new Uint8Array(bytes)], "x.png", { type: "image/png" }));
        area.dispatchEvent(new DragEvent("drop", { dataTransfer: brought, bubbles: true, cancelable: true }));
    }"""
    page.locator(".drop").evaluate(drop, list(picture(5)))
    assert page.locator("#file").evaluate("field => field.files.length") == 1
    page.get_by_role("button", name="Store and classify").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Most likely:")


def test_a_trial_is_answered_by_keyboard_alone(open_tab, reals):
    page = open_tab()
    page.goto("/which-is-real")
    page.get_by_label("Pairs").fill("6")
    page.get_by_label("Pairs").press("Enter")
    for number in range(6):
        expect(page.get_by_text(f"Pair {number + 1} of 6")).to_be_visible()
        page.wait_for_load_state()  # the script listens
        page.keyboard.press("12"[number % 2])
    expect(page.get_by_role("heading", level=1)).to_contain_text("of 6 right")


def test_a_run_is_started_followed_and_stopped(open_tab):
    page = open_tab()
    page.goto("/runs")
    page.get_by_label("Data set").last.fill("phantom")
    page.get_by_role("button", name="Start the run").click()
    said = page.locator("#say")
    expect(said).to_have_text("Running: plan", timeout=60_000)
    expect(page.locator("#live")).to_contain_text("about 3 s left")
    page.get_by_text("What the command said").click()
    page.locator("#live details").evaluate("part => { part.dataset.before = ''; }")
    expect(page.locator("#live details[data-before]")).to_have_count(0)  # it was made anew
    expect(page.locator("#live details")).to_have_attribute("open", "")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible(timeout=60_000)
    expect(page.locator(".badge").first).to_contain_text("Stopped")


def test_the_first_stop_of_the_keyboard_skips_to_the_content_and_the_rest_are_in_order(open_tab):
    page = open_tab()
    page.goto("/generate")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    stops = []
    while "Generate" not in stops[8:]:
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.innerText || document.activeElement.id"))
    nav = ["Synthetyk", "Runs", "Generate", "Classify", "Library", "Which one is real?", "On this device", "API"]
    assert [stop.strip() for stop in stops[:8]] == nav
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_skip_link_leads_to_the_content(open_tab):
    page = open_tab()
    page.goto("/library")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_the_screen(open_tab, reals, width):
    page = open_tab(viewport={"width": width, "height": 800})
    for address in ADDRESSES:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_everything_works_without_scripts(open_tab, picture, reals):
    page = open_tab(java_script_enabled=False)
    page.goto("/generate")
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_role("heading", name="12 images by tiny")).to_be_visible()
    page.goto("/classify")
    page.locator("#file").set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": picture(5)})
    page.get_by_role("button", name="Store and classify").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Most likely:")
    page.goto("/which-is-real")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Left is real").click()
    expect(page.get_by_text(re.compile("^Pair 2 of"))).to_be_visible()
