"""Take the screenshots of the documents: ``docs/explorer.png``, the lesson's neuron in the explorer, and
``docs/film.png``, the film of the two moons.

Takes: Chromium, its driver and selenium (``pip install "gradloom[test]"``).
Gives: the files. Run it when a page has changed: ``python tools/draw_pages.py``. A test takes
them anew and compares what can be compared: how large they are, and that the moment shown is still there.
"""

import pathlib
import random
import shutil
import tempfile

from selenium import webdriver

from gradloom import Film
from gradloom.cli import moons
from gradloom.cli.demo import neuron
from gradloom.nn import MLP

DOCS = pathlib.Path(__file__).resolve().parent.parent / "docs"


def film():
    """The training of ``gradloom demo``."""
    random.seed(1337)
    xs, ys = moons.points()
    model = MLP(2, [16, 16, 1])
    film = Film(model, xs, ys, title="Two moons: a network learns to part them")
    for _ in moons.train(model, xs, ys, film=film):
        pass
    return film


def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome")
    for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars", "--window-size=1280,760"):
        options.add_argument(argument)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


def take(driver, target):
    """Write the screenshots into the folder ``target``."""
    size = {"width": 1280, "height": 780, "deviceScaleFactor": 1.5, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    motionless = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": motionless})
    with tempfile.TemporaryDirectory() as folder:
        o = neuron()
        o.backward()
        page = o.explore(pathlib.Path(folder, "neuron.html"), title="A neuron, and how its output changes")
        driver.get(page.path.as_uri())
        driver.execute_script("leap(steps.findLastIndex((s) => names[s.to] === 'x1') + 1)")
        driver.save_screenshot(str(target / "explorer.png"))
        driver.get(film().save(pathlib.Path(folder, "moons.html")).path.as_uri())
        driver.execute_script("leap(frames.findIndex(({ step }) => step >= 12))")
        driver.save_screenshot(str(target / "film.png"))


if __name__ == "__main__":
    driver = browser()
    take(driver, DOCS)
    driver.quit()
