"""Takes the moving picture of the twins for the README: python docs/pictures/twins.py (needs a browser and Pillow)."""

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from sim.dashboard.experiment import Experiment
from sim.dashboard.files import replay_of
from sim.locale import Words
from sim.report.browser import HOW_TO_GET, find_browser

PICTURE = Path(__file__).with_name("twins.webp")
DAY, FRAMES, WIDE = 65, 48, 900  # the first day that is played is six before the last of the file
EVERY = 0.085  # of the eight hours that a day has, between two frames


def main() -> None:
    """Some hours of the lesson on overload, frame by frame."""
    browser = find_browser()
    if browser is None:
        raise SystemExit(HOW_TO_GET)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        page = Path(folder) / "replay.html"
        page.write_text(replay_of(Experiment("four-shifts"), DAY, Words("en")), encoding="utf-8")
        opened = driver.chromium.launch(executable_path=str(browser), args=["--no-sandbox"])
        sheet = opened.new_page(viewport={"width": 1240, "height": 900})
        sheet.goto(page.as_uri())
        sheet.evaluate("firmlab.jump(60)")
        sheet.wait_for_function("firmlab.state().day === 60")
        stages = sheet.locator(".fl-stages")
        frames = []
        for number in range(FRAMES):
            sheet.evaluate("hour => firmlab.hold(hour)", 1.0 + number * EVERY)
            picture = Image.open(io.BytesIO(stages.screenshot()))
            size = WIDE, round(picture.height * WIDE / picture.width)
            frames.append(picture.resize(size, Image.Resampling.LANCZOS))
        opened.close()
    frames[0].save(PICTURE, save_all=True, append_images=frames[1:], duration=110, loop=0, quality=55, method=4)


if __name__ == "__main__":
    main()
