"""Takes the picture of the report's first screen for the README: python docs/pictures/report.py (needs a browser)."""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from sim.report import write_report
from sim.report.browser import HOW_TO_GET, find_browser
from sim.report.shipped import shipped

PICTURE = Path(__file__).with_name("report.png")
SIZE = {"width": 1000, "height": 1330}


def main() -> None:
    """The page of the reference studies, as it opens."""
    browser = find_browser()
    if browser is None:
        raise SystemExit(HOW_TO_GET)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        page = write_report(shipped(), out=Path(folder) / "report.html")[0]
        opened = driver.chromium.launch(executable_path=str(browser), args=["--no-sandbox"])
        sheet = opened.new_page(viewport=SIZE)
        sheet.goto(page.as_uri())
        sheet.screenshot(path=PICTURE)
        opened.close()


if __name__ == "__main__":
    main()
