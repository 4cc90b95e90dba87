"""Thirty sessions at once: from the click on "A day on" to charts that show it, server and browsers on one machine."""

import asyncio
import random
from statistics import median, quantiles

import psutil

from sim.report.browser import find_browser
from tests.benchmarks import Answer
from tests.served import READY, served

SESSIONS, STEPS, EVERY = 30, 10, 10.0  # each steps ten times, at random moments, once in ten seconds
STEP = """() => new Promise(done => {
  const begin = performance.now(), day = firmlab.state().day;
  const look = () => [...document.querySelectorAll(".fl-card .fl-plot")].every(plot => Number(plot.dataset.day) > day)
    ? done(performance.now() - begin) : requestAnimationFrame(look);
  document.querySelector(".fl-day").click();
  look();
})"""


async def sessions(address, server):
    """Milliseconds of every step; megabytes of the server with one session, with all, and after all steps."""
    from playwright.async_api import async_playwright

    def megabytes():
        return psutil.Process(server.pid).memory_info().rss / 1e6

    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=str(find_browser()), args=["--no-sandbox"])
        pages, memory = [], []
        for number in range(SESSIONS):
            page = await (await browser.new_context(viewport={"width": 1200, "height": 900})).new_page()
            await page.goto(f"{address}?preset=four-shifts")
            await page.wait_for_function(READY, timeout=120_000)
            await page.click(".fd-watch")
            await page.wait_for_selector(".fl-play:enabled")
            pages.append(page)
            if number == 0:
                memory.append(megabytes())
        memory.append(megabytes())
        moments = random.Random(1)
        took = []

        async def student(page):
            for _ in range(STEPS):
                await asyncio.sleep(moments.uniform(0, 2 * EVERY))
                took.append(await page.evaluate(STEP))

        await asyncio.gather(*map(student, pages))
        memory.append(megabytes())
        days = [await page.evaluate("firmlab.state().day") for page in pages]
        assert days == [STEPS] * SESSIONS
        await browser.close()
    return took, memory


def answer() -> Answer:
    with served() as (address, server):
        took, memory = asyncio.run(sessions(address, server))
    figure = f"{median(took):.0f} (95 %: {quantiles(took, n=20)[-1]:.0f})"
    one, all_of_them, later = memory
    print(f"memory of the server: {one:.0f} MB with one session, {all_of_them:.0f} with {SESSIONS}, then {later:.0f}")
    return Answer("milliseconds of a step, 30 sessions, server and browsers here", figure, "median under 300")
