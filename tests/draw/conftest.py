"""Chromium without a window and without a network, for the pages; one for all tests.

Skipped where there is no Chromium, no driver for it or no selenium (``.ci/run`` installs them), and under
an address sanitizer, which the browser would load, too.
"""

import importlib.util
import os
import shutil

import pytest

from gradloom import Value

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
MISSING = [
    name
    for name, found in {
        "selenium": importlib.util.find_spec("selenium"),
        "chromium": BROWSER,
        "chromedriver": DRIVER,
    }.items()
    if not found
]


@pytest.fixture(scope="session")
def chrome():
    if MISSING:
        pytest.skip(f"not installed: {', '.join(MISSING)}")
    if "asan" in os.environ.get("LD_PRELOAD", ""):
        pytest.skip("a browser does not run under the sanitizer")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.execute_cdp_cmd("Network.enable", {})
    nothing = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", nothing)
    yield driver
    driver.quit()


class Page:
    """A page, open in the browser."""

    def __init__(self, driver, path):
        self.driver, self.path = driver, path

    def open(self, root, **options):
        """The explorer of a Value, or a film."""
        page = root.explore(self.path, **options) if isinstance(root, Value) else root.save(self.path)
        self.driver.get(page.path.as_uri())
        return self

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def text(self, css):
        return self.driver.find_element("css selector", css).text

    def press(self, *keys):
        from selenium.webdriver.common.action_chains import ActionChains

        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def size(self, width, height, scale=1, mobile=False):
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def prefer(self, **features):
        told = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": told})

    def boxes(self):
        """What stands in each box, by label (or by place): (data, grad)."""
        return self.run("""
            return Object.fromEntries([...document.querySelectorAll("[data-node]")].map((box) => {
              const texts = [...box.querySelectorAll("text")].map((text) => text.textContent.trim());
              const label = texts.length > 4 ? texts[0] : "#" + box.dataset.node;
              return [label, [texts.at(-3), texts.at(-1)]];
            }))""")


@pytest.fixture
def page(chrome, tmp_path):
    opened = Page(chrome, tmp_path / "page.html")
    opened.size(1280, 800)
    opened.prefer()
    chrome.get_log("browser")
    yield opened
    assert chrome.get_log("browser") == []  # neither errors nor warnings
