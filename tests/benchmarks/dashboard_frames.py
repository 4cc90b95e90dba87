"""How smoothly do two firms of 200 seats move? Frames a second that the browser paints, median over thirty seconds."""

from statistics import median

from sim.dashboard.experiment import Experiment
from sim.report.browser import find_browser
from tests.benchmarks import Answer
from tests.served import READY, served

SECONDS, SEATS, WANTED = 30, 200, 30
COUNT = """seconds => new Promise(done => {
  const frames = [], begin = performance.now();
  let last = begin, count = 0;
  const frame = now => {
    count++;
    if (now - last >= 1000) { frames.push(count * 1000 / (now - last)); last = now; count = 0; }
    if (now - begin < 1000 * seconds) requestAnimationFrame(frame); else done(frames);
  };
  requestAnimationFrame(frame);
})"""


def answer() -> Answer:
    from playwright.sync_api import sync_playwright

    link = Experiment("four-shifts", structure=(("staff", SEATS),)).link()
    with served() as (address, _), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(find_browser()), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(f"{address}?x={link}")
        page.wait_for_function(READY, timeout=90_000)
        page.click(".fd-watch")
        page.click(".fl-play:enabled")
        page.wait_for_function("firmlab.state().day >= 1")
        frames = page.evaluate(COUNT, SECONDS)
        assert page.evaluate("firmlab.state().playing")
        browser.close()
    figure = f"{median(frames):.0f} (least {min(frames):.0f})"
    return Answer("frames a second, two firms of 200 seats, median over 30 s", figure, f"at least {WANTED}")
