import numpy as np
import pytest
from PIL import Image
from tests.service.on_device.browser import new_page
from tests.service.served import served

pytestmark = pytest.mark.xdist_group("on this device")


def test_the_page_runs_under_the_policy_of_the_service(chromium, package, web_runtime, tmp_path):
    Image.fromarray(np.eye(20, dtype=np.uint8) * 200).save(tmp_path / "image.png")
    with served(tmp_path / "service", package.folder, "--store", "memory:") as service:
        page, said = new_page(chromium), []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{service.address}/on-device")
        page.locator("#on-device[data-ready]").wait_for()
        assert page.locator("nav a[aria-current]").inner_text() == "On this device"
        page.set_input_files("#file", tmp_path / "image.png")
        page.locator("#result").wait_for()
        page.close()
    assert said == []
