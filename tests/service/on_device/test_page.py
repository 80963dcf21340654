"""The whole page, as a person uses it, in a browser whose every request is noted."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image
from tests.service.on_device.browser import new_page, serving
from tests.service.served import until

from synthetyk.runtime.classifier import ClassifierSession
from synthetyk.runtime.generator import GeneratorSession

pytestmark = pytest.mark.xdist_group("on this device")


@pytest.fixture(scope="module")
def opened(chromium, site):
    """The page with its models loaded, and its server; to load them takes longer than all that is done with them."""
    with serving(site) as server:
        page = new_page(chromium)
        page.wrong = []
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("console", lambda message: page.wrong.append(message.text) if message.type == "error" else None)
        page.goto(server.url)
        page.locator("#on-device[data-ready]").wait_for()
        page.click("summary:has-text('More settings')")
        yield page, server
        page.close()


@pytest.fixture
def page(opened):
    page, _ = opened
    page.set_viewport_size({"width": 1280, "height": 800})
    page.wrong.clear()
    yield page
    if page.input_value("#package") != "0":
        page.select_option("#package", "0")
        page.locator("#on-device[data-ready='0']").wait_for()
    assert page.wrong == []


@pytest.fixture
def picture(tmp_path):
    """A grey image of another size than the classifier's, as a file."""
    pixels = np.add.outer(np.arange(40) * 3, np.arange(52) * 2).astype(np.uint8)
    path = tmp_path / "secret-name.png"
    Image.fromarray(pixels).save(path)
    return path


def answered(page):
    """Wait for what the classifier says of the image that was given last; an earlier answer stands there until then."""
    page.locator("#classify:not([aria-busy])").wait_for()
    page.locator("#result").wait_for()


def classify(page, path):
    page.set_input_files("#file", path)
    answered(page)


def fill(page, label="0", **asked):
    page.select_option("#class", label)
    for name, value in {"count": 1, "seed": 7, "first": 0, "truncation": 1, **asked}.items():
        page.fill(f"#{name}", str(value))


def generate(page, **asked):
    fill(page, **asked)
    page.click("#go")
    page.locator("#go:enabled").wait_for()


def downloaded(page, selector):
    with page.expect_download() as download:
        page.click(selector)
    return download.value.suggested_filename, download.value.path().read_bytes()


def test_an_image_is_classified_as_the_service_classifies_it(page, package, picture):
    session = ClassifierSession.open(package)
    expected = session.predict(session.prepare(picture.read_bytes())[None])
    classify(page, picture)
    found = page.eval_on_selector_all(
        "#bars li", "all => all.map((each) => [each.innerText, each.querySelector('rect').width.baseVal.value / 100])"
    )
    shown = {text.split()[0]: share for text, share in found}
    by_name = dict(zip((each.name for each in session.about.classes), expected.probabilities[0], strict=True))
    assert shown == pytest.approx(by_name, abs=1e-5)
    most = max(by_name, key=by_name.__getitem__)
    assert page.inner_text("#answer") == f"{most}, {by_name[most]:.1%}"
    assert page.inner_text("#risk-badge") == f"Risk {expected.risk[0]:.1%}"


def test_the_map_of_a_class_lies_over_the_image_and_can_be_taken_away(page, picture):
    classify(page, picture)
    canvas = "canvas => canvas.toDataURL()"
    first = page.eval_on_selector("#heat", canvas)
    page.select_option("#heat-class", "1" if page.input_value("#heat-class") != "1" else "0")
    until(lambda: page.eval_on_selector("#heat", canvas) != first)
    assert "where it sees" in page.get_attribute("#seen", "aria-label")
    page.select_option("#heat-class", "")
    assert page.locator("#heat").is_hidden()


def test_what_is_no_image_is_said_in_words(page, tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("no image")
    page.set_input_files("#file", path)
    page.locator("#classify-error").wait_for()
    assert page.inner_text("#classify-error") == "The content is no image. Choose a PNG or a JPEG."
    assert page.locator("#result").is_hidden()


def test_a_dropped_image_is_classified(page, picture):
    drop = """async ([bytes]) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], "dropped.png"));
      const dropped = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
      document.getElementById("drop").dispatchEvent(dropped);
    }"""
    page.evaluate(drop, [list(picture.read_bytes())])
    answered(page)
    assert "dropped.png, 52 × 40 pixels" in page.inner_text("#about-file")


def test_the_images_of_a_seed_are_those_of_the_service(page, package):
    generate(page, label="1", count=9, seed=11)
    name, data = downloaded(page, "#save-all")
    assert name == "synthetic-11.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        assert files.testzip() is None
        manifest = json.loads(files.read("manifest.json"))
        images = [np.asarray(Image.open(io.BytesIO(files.read(each["file"])))) for each in manifest["images"]]
    expected = GeneratorSession.open(package).sample(1, range(9), seed=11)[:, 0]
    assert np.abs(np.stack(images).astype(int) - expected).max() <= 1
    assert (manifest["seed"], manifest["truncation"], manifest["synthetic"]) == ("11", 1, True)
    assert [each["number"] for each in manifest["images"]] == list(range(9))


def test_one_image_downloads_as_a_png(page, package):
    generate(page, label="2", count=1, seed=3, first=21, truncation=0.5)
    name, data = downloaded(page, "#tiles button")
    expected = GeneratorSession.open(package).sample(2, [21], seed=3, truncation=0.5)[0, 0]
    assert name == "synthetic-malignant-3-000021.png"
    assert np.abs(np.asarray(Image.open(io.BytesIO(data))).astype(int) - expected).max() <= 1
    assert page.locator("#save-all").is_hidden()


def test_every_class_is_drawn_in_equal_numbers(page):
    generate(page, label="every", count=2)
    assert page.locator("#tiles li").all_inner_texts() == [
        f"{name} {number}" for name in ("normal", "benign", "malignant") for number in (0, 1)
    ]


def test_another_package_can_be_chosen(page, colourful):
    page.select_option("#package", label="colourful")
    page.locator("#on-device[data-ready='1']").wait_for()
    assert page.input_value("#seed") == str(colourful.manifest.generator.seed)  # more digits than a number has
    assert [page.locator(name).is_hidden() for name in ("#classify", "#class-field", "#tiles")] == [True, True, True]
    for name, value in {"count": "4", "first": "0", "truncation": "1"}.items():
        page.fill(f"#{name}", value)
    page.click("#go")
    page.locator("#tiles li").nth(3).wait_for()
    _, data = downloaded(page, "#tiles li:nth-child(4) button")
    expected = GeneratorSession.open(colourful).sample(None, [3])[0].transpose(1, 2, 0)
    assert np.abs(np.asarray(Image.open(io.BytesIO(data))).astype(int) - expected).max() <= 1


def test_a_seed_that_is_no_number_is_refused(page):
    generate(page, seed="seven")
    assert page.inner_text("#generate-error") == "The seed is a whole number from 0."


def test_drawing_can_be_stopped(page):
    fill(page, count=200)
    page.evaluate("""() => {
      const stop = document.getElementById("stop");
      const watch = (changes) => changes.some((each) => each.addedNodes.length) && stop.click();
      new MutationObserver(watch).observe(document.getElementById("tiles"), { childList: true });
      document.getElementById("go").click();
    }""")
    page.locator("#drawn-words:has-text('Stopped after')").wait_for()
    assert 0 < page.locator("#tiles li").count() < 200


def test_nothing_but_the_pages_own_files_is_ever_asked_for(page, opened, picture, site):
    classify(page, picture)
    generate(page, count=2)
    own = {f"/{path.relative_to(site)}" for path in site.rglob("*") if path.is_file()} | {"/"}
    methods, paths, sizes = zip(*opened[1].asked, strict=True)
    assert set(methods) == {"GET"}
    assert set(paths) <= own
    assert set(sizes) == {0}


def test_the_page_is_used_by_keyboard_alone(page):
    fill(page, seed=4321)
    page.locator("#main").focus()
    reached = []
    while "go" not in reached and len(reached) < 12:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    controls = ["package", "file", "class", "count", "seed", "SUMMARY", "first", "truncation", "go"]
    assert [each for each in reached if each != "heat-class"] == controls
    page.keyboard.press("Enter")
    page.locator("#drawn-words:has-text('seed 4321')").wait_for()


def test_every_control_has_a_name(page, picture):
    classify(page, picture)
    generate(page, count=1)
    nameless = page.eval_on_selector_all(
        "input, select, button, progress, canvas:not([aria-hidden])",
        """all => {
          const named = (each) => each.labels?.length || each.ariaLabel || each.textContent.trim();
          return all.filter((each) => !named(each)).map((each) => each.outerHTML);
        }""",
    )
    assert nameless == []


def test_nothing_is_wider_than_the_window(page, picture):
    classify(page, picture)
    generate(page, count=3)
    page.eval_on_selector("#measured", "each => { each.open = true; }")
    for width in (320, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_model_that_is_not_the_packages_is_not_used(page):
    open_changed = """async () => {
      const { openModels } = await import("./js/models.js");
      const { packages } = await (await fetch("page.json")).json();
      packages[0].files["classifier.onnx"].sha256 = "0".repeat(64);
      return openModels(packages[0], document.baseURI).then(() => "", (error) => error.message);
    }"""
    assert page.evaluate(open_changed).startswith("classifier.onnx is not the file that this page was made with")
