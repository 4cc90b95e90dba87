"""The dashboard in a real browser: every reader's way through it, with the network beyond this machine cut off."""

import csv
import http.client
import io
import json
import re
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import require
from tests.served import READY, served

HEADLINES = ("decision", "retention", "satisfaction")
FRESH = "?preset=four-shifts"


@pytest.fixture(scope="module")
def server():
    require("solara")
    with served() as (address, _):
        yield address


@pytest.fixture
def visit(server, browser):
    """Opens the dashboard as somebody new; whatever it asks of another machine is refused and remembered."""
    contexts, faults = [], []

    def open_page(query=FRESH, **options):
        context = browser.new_context(viewport={"width": 1400, "height": 1000}, **options)
        context.set_default_timeout(90_000)  # a slow machine is no fault of the page
        contexts.append(context)
        context.route(
            lambda url: not url.startswith((server, "data:", "blob:")),
            lambda route: (faults.append(f"asked for {route.request.url}"), route.abort()),
        )
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(server + query)
        page.wait_for_function(READY, timeout=90_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def watch(page):
    """Past the prediction."""
    page.click(".fd-watch")
    page.wait_for_selector(".fl-play:enabled")


def until_day(page, day, timeout=60_000):
    page.wait_for_function(f"firmlab.state().day >= {day}", timeout=timeout)


def smaller(page):
    """A firm of twenty, of which thirty pairs are soon run."""
    page.locator("input[name='staff']").evaluate("box => { box.value = 20; box.dispatchEvent(new Event('change')); }")
    page.wait_for_function("document.querySelectorAll('.fl-seat').length === 40")


def forward(page, days):
    day = page.evaluate("firmlab.state().day")
    page.evaluate(f"firmlab.forward({days})")
    until_day(page, day + days)


def speak_korean(page):
    page.click(".fd-head nav button >> nth=1")
    page.wait_for_function("document.documentElement.lang === 'ko' && document.querySelector('.fl-play').innerText === '재생'")


def history(page):
    return page.evaluate("firmlab.state().history")


def shown_day(page):
    """The day of each chart as it is drawn."""
    return page.evaluate(
        "[...document.querySelectorAll('.fl-card .fl-plot')].map(plot => [Number(plot.dataset.day), plot.data[0].x.length - 1])"
    )


# --- the clock --------------------------------------------------------------------------------------------------------


def test_the_clock_by_button_and_by_key(visit):
    page = visit()
    assert page.is_disabled(".fl-play")
    page.keyboard.press("ArrowRight")
    watch(page)
    assert page.evaluate("firmlab.state().day") == 0
    page.click(".fl-day")
    until_day(page, 1)
    page.click(".fl-week")
    until_day(page, 6)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    until_day(page, 7)
    page.keyboard.press("Shift+ArrowRight")
    until_day(page, 12)
    page.wait_for_function("[...document.querySelectorAll('.fl-card .fl-plot')].every(plot => plot.dataset.day === '12')")
    assert shown_day(page) == [[12, 12]] * 3
    page.keyboard.press("Space")
    page.wait_for_function("firmlab.state().playing")
    page.keyboard.press("Space")
    page.wait_for_function("!firmlab.state().playing")
    page.keyboard.press("r")  # a letter counts only where it is looked for
    page.wait_for_timeout(200)
    assert page.evaluate("firmlab.state().day") == 12
    page.focus(".fl-play")
    page.keyboard.press("r")
    page.wait_for_function("firmlab.state().day === 0")
    for _ in range(7):  # however fast, none is lost
        page.keyboard.press("ArrowRight")
    until_day(page, 7)
    page.wait_for_timeout(500)
    assert page.evaluate("firmlab.state().day") == 7
    page.select_option(".fl-bar select", "4")
    page.click(".fl-play")
    until_day(page, 100)
    page.click(".fl-play")
    page.evaluate("firmlab.jump(42)")
    page.wait_for_function("firmlab.state().day === 42")
    assert "42" in page.inner_text(".fl-status")
    slider = page.locator(".fl-bar input")
    page.click(".fl-play")
    slider.evaluate("one => { one.value = 30; one.dispatchEvent(new Event('input')); }")
    page.wait_for_timeout(300)
    assert slider.input_value() == "30"  # the clock does not take it from the hand that drags it
    slider.dispatch_event("pointerup")  # let go where it was: no change, and the clock has it again
    page.wait_for_function("document.querySelector('.fl-bar input').value === String(firmlab.state().day)")
    slider.evaluate("one => { one.value = 30; one.dispatchEvent(new Event('input')); }")
    slider.evaluate("one => one.dispatchEvent(new Event('change'))")
    page.wait_for_function("firmlab.state().day === 30 && !firmlab.state().playing")


def test_no_chart_is_ahead_of_the_picture_or_behind_it(visit):
    page = visit()
    watch(page)
    page.select_option(".fl-bar select", "3")
    page.click(".fl-play")
    for _ in range(10):
        page.wait_for_timeout(300)
        day, drawn = page.evaluate(
            "[firmlab.state().day, [...document.querySelectorAll('.fl-card .fl-plot')].map(plot => plot.data[0].x.length - 1)]"
        )
        assert len(set(drawn)) == 1
        assert day - 5 <= drawn[0] <= day
    page.click(".fl-play")
    page.wait_for_timeout(600)
    assert shown_day(page) == [[page.evaluate("firmlab.state().day")] * 2] * 3


def test_twins_have_the_same_customers_and_the_same_firm_twice_is_the_same(visit):
    from sim.dashboard.experiment import Experiment
    from sim.dashboard.twins import Twins

    twins = Twins(Experiment("four-shifts"))
    twins.go_to(20)
    born = []
    for firm in twins.firms:
        rows, live = firm.ledger[: firm.clock["closed_rows"][0]], firm.cases[firm.cases["status"] == 1]
        both = [*zip(rows["key"], rows["birth"], strict=True), *zip(live["key"], live["birth"], strict=True)]
        born.append({(int(key), int(birth)) for key, birth in both})
    # Nearly all: who leaves, or comes back with a second question, may differ between firms.
    assert len(born[0] & born[1]) > 0.75 * max(map(len, born))
    page = visit("?preset=placebo")
    watch(page)
    forward(page, 10)
    assert all(first == second for first, second in history(page))


# --- seeing it work ---------------------------------------------------------------------------------------------------


def test_cases_travel_and_seats_stay_where_they_are(visit):
    page = visit()
    watch(page)
    places = "[...document.querySelectorAll('.fl-seat')].map(seat => [seat.getAttribute('cx'), seat.getAttribute('cy')])"
    before = page.evaluate(places)
    page.select_option(".fl-bar select", "0")
    page.click(".fl-play")
    page.wait_for_selector(".fl-travel", state="attached")
    # The most places at which one dot was seen on its way, over five seconds.
    moved = page.evaluate(
        """async () => {
          const seen = new Map(), begin = performance.now();
          while (performance.now() - begin < 5000) {
            await new Promise(requestAnimationFrame);
            for (const dot of document.querySelectorAll(".fl-travel")) seen.set(dot, (seen.get(dot) || new Set()).add(dot.getAttribute("transform")));
          }
          return Math.max(...[...seen.values()].map(places => places.size));
        }"""
    )
    assert moved > 3
    page.select_option(".fl-bar select", "2")
    until_day(page, 1)
    assert page.locator(".fl-halo[r]:not([r='0'])").count() > 0
    page.click(".fl-play")
    page.wait_for_selector(".fl-hop", state="attached")
    assert page.evaluate(places) == before
    assert len(before) == 2 * 156


def test_it_keeps_still_under_reduced_motion(visit):
    page = visit(reduced_motion="reduce")
    watch(page)
    page.select_option(".fl-bar select", "2")
    page.click(".fl-play")
    until_day(page, 1)
    assert page.locator(".fl-travel").count() == 0
    until_day(page, 2)
    page.click(".fl-play")
    assert page.locator(".fl-dot[data-case]").count() > 5


def test_a_case_tells_its_way_and_its_waits_add_up(visit):
    page = visit()
    watch(page)
    forward(page, 3)
    page.locator(".fl-dot[data-case]").first.dispatch_event("click")
    page.wait_for_selector(".fl-story")
    found = 0
    for story in page.locator(".fl-story").all():
        spans = [float(text.split()[0].removesuffix("h")) for text in story.locator("li b").all_inner_texts()]
        if spans:
            whole = float(re.search(r"[\d.]+", story.locator(".fl-sum").inner_text())[0])
            assert sum(spans) == pytest.approx(whole, abs=0.006 * len(spans))
            found += 1
    assert found


def test_a_person_by_mouse_and_by_keyboard(visit):
    page = visit()
    watch(page)
    forward(page, 5)
    page.locator(".fl-firm").first.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector(".fl-story dl")
    assert "Manager 3" in page.inner_text(".fl-look")
    assert "evening of day 5" in page.inner_text(".fl-look")
    assert page.locator(".fl-story dd").count() == 5
    page.locator(".fl-seat[data-seat='7']").last.click()
    page.wait_for_function("document.querySelector('.fl-look').innerText.includes('Manager 7')")
    assert page.evaluate("firmlab.state().day") == 5
    page.select_option(".fl-bar select", "2")
    page.click(".fl-play")
    page.wait_for_function("firmlab.state().begun === 6 && firmlab.state().hour > 1")
    page.click(".fl-play")
    page.locator(".fl-seat[data-seat='4']").last.dispatch_event("click")  # a case may stand before her
    page.wait_for_function("document.querySelector('.fl-look').innerText.includes('Manager 4')")
    assert "evening of day 5" in page.inner_text(".fl-look")  # nobody has seen that of day 6


def test_customers_are_painted_for_eyes_and_told_for_ears(visit):
    page = visit()
    watch(page)
    before = page.evaluate("document.querySelector('.fl-customers').toDataURL()")
    forward(page, 10)
    assert page.evaluate("document.querySelector('.fl-customers').toDataURL()") != before
    assert re.search(r"\d+ customers, mean satisfaction \d+", page.get_attribute(".fl-customers >> nth=0", "aria-label"))


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_the_page_says_what_the_model_says(visit):
    from sim.dashboard.experiment import Experiment
    from sim.dashboard.twins import Twins

    page = visit()
    watch(page)
    forward(page, 25)
    twins = Twins(Experiment("four-shifts"))
    twins.go_to(25)
    assert history(page)[-1] == twins.history[-1]
    told = page.inner_text("[data-headline=satisfaction]")
    assert f"{twins.history[-1][0][2]:.1f}" in told
    assert "30 pairs in week 5" in told
    page.click("[data-headline=satisfaction] summary")
    table = page.locator("[data-headline=satisfaction] tbody tr")
    assert table.count() == 6
    assert f"{twins.history[-1][1][2]:.1f}" in table.last.inner_text()


def test_a_lever_acts_from_the_next_morning_and_the_pairs_are_run_anew(visit):
    page = visit()
    smaller(page)
    watch(page)
    forward(page, 5)
    lever = page.locator("input[name='second.approve']")
    lever.evaluate("slider => { slider.value = 0; slider.dispatchEvent(new Event('change')); }")
    page.wait_for_function("document.querySelector('.fd-changes').innerText.includes('Day 6')")
    page.wait_for_function("document.querySelector('.fl-band').innerText.includes('run anew')")
    assert page.evaluate("document.querySelector('.fl-card .fl-plot').layout.shapes.length") == 1
    forward(page, 5)
    page.wait_for_function("document.querySelector('.fl-band').innerText.includes('30 pairs in week 2')", timeout=240_000)


def test_a_lever_moved_during_a_day_acts_on_the_morning_after_what_was_seen(visit, server):
    page = visit()
    watch(page)
    page.select_option(".fl-bar select", "2")
    page.click(".fl-play")
    page.wait_for_function("firmlab.state().day === 1 && firmlab.state().hour > 2 && firmlab.state().hour < 6")
    page.click(".fl-play")
    page.wait_for_function("!firmlab.state().playing")
    begun = page.evaluate("firmlab.state().begun")
    page.locator("input[name='first.approve']").evaluate("one => { one.value = 1; one.dispatchEvent(new Event('change')); }")
    page.wait_for_function(f"document.querySelector('.fd-changes').innerText.includes('Day {begun + 1}')")
    page.select_option(".fl-bar select", "3")
    page.click(".fl-play")
    until_day(page, 12)
    page.click(".fl-play")
    page.wait_for_function("document.querySelector('.fd-away input').value.includes(`&t=${firmlab.state().day}&`)")
    other = visit(page.input_value(".fd-away input").removeprefix(server))
    assert history(other) == history(page)
    speak_korean(page)
    assert history(page) == history(other)


def test_a_lever_moved_while_it_plays_leaves_no_day_of_before_and_can_be_taken_back(visit, server):
    from sim.dashboard.experiment import Experiment
    from sim.dashboard.twins import Twins

    page = visit()
    watch(page)
    page.select_option(".fl-bar select", "4")
    page.click(".fl-play")
    until_day(page, 20)
    page.locator("input[name='second.approve']").evaluate("one => { one.value = 0; one.dispatchEvent(new Event('change')); }")
    page.wait_for_selector(".fd-changes li:has-text('Day')")
    changed = int(re.search(r"Day (\d+)", page.inner_text(".fd-changes"))[1])
    until_day(page, changed + 40)
    page.click(".fl-play")
    page.wait_for_function("document.querySelector('.fd-away input').value.includes(`&t=${firmlab.state().day}&`)")
    other = visit(page.input_value(".fd-away input").removeprefix(server))
    assert history(other) == history(page)
    day = page.evaluate("firmlab.state().day")
    page.get_by_text("Take back").click()
    page.wait_for_function("document.querySelector('.fd-changes').innerText.includes('Nothing yet')")
    page.wait_for_function(f"firmlab.state().day === {day}")
    untouched = Twins(Experiment("four-shifts"))
    untouched.go_to(day)
    assert history(page) == untouched.history


def test_a_lesson_chosen_while_another_plays_begins_at_its_beginning(visit):
    page = visit()
    watch(page)
    page.locator("input[name='second.approve']").evaluate(
        "one => { one.value = 0.3; one.dispatchEvent(new Event('input')); one.dispatchEvent(new Event('change')); }"
    )
    page.wait_for_selector(".fd-changes li:has-text('Day 1')")
    page.select_option(".fl-bar select", "4")
    page.click(".fl-play")
    until_day(page, 60)
    page.locator(".fd-presets button", has_text="Step by step").click()
    page.wait_for_selector(".fd-watch")
    page.wait_for_timeout(1000)
    assert page.evaluate("firmlab.state().day") == 0
    for name in ("contact", "consult", "approve"):
        lever = page.locator(f"input[name='second.{name}']")
        assert lever.input_value() == "0"
        assert lever.evaluate("one => one.parentElement.querySelector('output').textContent") == "0"
    page.locator(".fl-seat[data-seat='3']").last.click()
    page.wait_for_selector(".fl-story")
    assert "morning of day 1" in page.inner_text(".fl-look")


def test_where_no_pair_has_a_value_the_page_says_so(visit):
    page = visit("?preset=placebo")
    watch(page)
    forward(page, 5)
    nothing = {"mean": [None], "mean_low": [None], "mean_high": [None], "low": [None], "high": [None],
               "better": [0], "equal": [0], "worse": [0]}  # fmt: skip
    notes = {"band": dict.fromkeys(HEADLINES, nothing) | {"pairs": 30}, "state": "ready", "marks": [], "prediction": None, "locked": False}
    page.evaluate("notes => firmlab.note(notes)", notes)
    assert "none of the pairs has a value" in page.inner_text(".fl-band >> nth=0")


def test_what_cannot_be_is_said_in_a_sentence(visit):
    page = visit()
    page.locator("input[name='staff']").evaluate("box => { box.value = 100000; box.dispatchEvent(new Event('change')); }")
    page.wait_for_selector("[role=alert]")
    assert "1000" in page.inner_text("[role=alert]")
    page.wait_for_function("document.querySelector('input[name=staff]').value === '156'")
    speak_korean(page)
    assert "그릴 수 있는 자리는 1000개까지" in page.inner_text("[role=alert]")
    page = visit("?x=damaged")
    assert "damaged" in page.inner_text("[role=alert]")
    page = visit("?x=damaged&lang=ko")
    assert "링크가 손상되었습니다" in page.inner_text("[role=alert]")


# --- lessons ----------------------------------------------------------------------------------------------------------


def test_every_lesson_opens_by_one_click(visit):
    from sim.dashboard.presets import PRESETS

    page = visit()
    for number, preset in enumerate(PRESETS):
        page.locator(".fd-presets button").nth(number).click()
        page.wait_for_function(f"document.querySelectorAll('.fd-presets button')[{number}].ariaPressed === 'true'")
        page.wait_for_selector(".fd-watch")
        assert page.is_disabled(".fl-play"), preset
        assert len(page.inner_text(".fd-steps")) > 300


def test_a_prediction_is_drawn_and_goes_on_the_worksheet(visit):
    page = visit()
    page.fill("input[name=decision]", "-1.5")
    page.click(".fd-predict .fd-main")
    page.wait_for_selector(".fl-play:enabled")
    forward(page, 10)
    drawn = page.evaluate("document.querySelector('.fl-plot').data.find(one => one.name === 'Your prediction').y")
    assert drawn == [-1.5, -1.5]
    page.fill("#fd-why", "Because nobody waits for <b>approval</b>.")
    for key in (False, True):
        with page.context.expect_page() as opened:
            page.locator(".fd-row button").nth(int(key)).click()
        sheet = opened.value
        sheet.wait_for_load_state()
        text = sheet.inner_text("main")
        assert "−1.5" in text
        assert "nobody waits for <b>approval</b>." in text
        assert sheet.locator(".key").count() == int(key)
        sheet.emulate_media(media="print")
        assert sheet.pdf(format="A4")[:4] == b"%PDF"
        sheet.close()


def test_a_challenge_is_judged_by_thirty_pairs(visit):
    page = visit()
    page.locator(".fd-take summary").first.click()
    page.locator(".fd-take details .fd-main").first.click()
    page.wait_for_selector(".fd-take [role=status]")
    assert re.match(r"Not yet\. Decision time −2\.\d h", page.inner_text(".fd-take details [role=status]"))


def test_the_tour_has_seven_stops_and_leaves_everything_as_it_was(visit):
    page = visit()
    page.click(".fd-head nav button >> nth=0")
    for stop in range(1, 8):
        assert f"{stop} of 7" in page.inner_text(".fd-tour")
        assert page.locator(".fd-lit").count() == 1
        if stop < 7:
            page.keyboard.press("Enter")
            page.wait_for_function(f"document.querySelector('.fd-tour').innerText.includes('{stop + 1} of 7')")
    page.keyboard.press("Escape")
    page.wait_for_selector(".fd-tour", state="detached")
    assert page.evaluate("firmlab.state().day") == 0


def test_a_class_predicts_on_its_telephones(visit, server):
    page = visit()
    page.click(".fd-class button")
    address = page.wait_for_selector(".fd-class a").get_attribute("href")
    code = address.rsplit("/", 1)[1]
    for value in (-1, -2, 3):
        phone = page.context.browser.new_context(viewport={"width": 390, "height": 800}).new_page()
        phone.goto(f"{server}class/{code}?lang=ko")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390
        phone.fill("input[name=decision]", str(value))
        phone.click("button")
        assert "고맙습니다" in phone.inner_text("[role=status]")
        phone.goto(f"{server}class/{code}")
        phone.fill("input[name=decision]", str(value))  # a second word takes the place of the first
        phone.click("button")
        phone.context.close()
    page.wait_for_function("document.querySelector('.fd-strip')?.querySelectorAll('circle').length === 3", timeout=15_000)
    assert page.get_by_text("Put this lesson to the class").count() == 0
    page.locator(".fd-presets button", has_text="Twice the work").click()
    page.get_by_text("Put this lesson to the class").click()  # one address for the whole hour
    page.wait_for_function("document.querySelector('.fd-class').innerText.includes('Twice the work')")
    page.wait_for_function("document.querySelectorAll('.fd-strip circle').length === 0", timeout=15_000)
    phone = page.context.browser.new_page()
    phone.goto(f"{server}class/{code}")
    assert "doubled" in phone.inner_text("body")
    phone.click("button")
    assert "number from" in phone.inner_text("[role=status]")
    assert phone.goto(f"{server}class/NONE5").status == 404
    phone.close()


# --- taking it away ---------------------------------------------------------------------------------------------------


def test_a_link_gives_the_same_numbers_elsewhere_to_the_last_digit(visit, server):
    page = visit()
    watch(page)
    forward(page, 7)
    page.locator("input[name='world.load']").evaluate("one => { one.value = 1.5; one.dispatchEvent(new Event('change')); }")
    page.wait_for_function("document.querySelector('.fd-changes').innerText.includes('Day 8')")
    forward(page, 13)
    page.wait_for_function("document.querySelector('.fd-away input').value.includes('&t=20&')")
    link = page.input_value(".fd-away input")
    other = visit(link.removeprefix(server))
    assert history(other) == history(page)
    assert other.evaluate("firmlab.state().day") == 20
    hrefs = [one.get_attribute("href") for one in page.locator(".fd-files a").all()]
    files = {}
    for href in hrefs:
        with urllib.request.urlopen(server.rstrip("/") + href) as answer:
            files[href.split("?")[0].rsplit("/", 1)[1]] = answer.read().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(files["twins.csv"])))
    last = [row for row in rows if row["day"] == "20"][:3]
    assert [float(row["second"]) for row in last] == history(page)[-1][1]
    assert len(rows) > 21 * 3 + 80
    scenario = tomllib.loads(files["scenario.toml"])
    assert scenario["event"] == [{"day": 8, "world": {"load": 1.5}}]


def test_the_scenario_file_runs_to_the_same_firm(tmp_path):
    from sim import FirmModel, Scenario
    from sim.dashboard.experiment import FIRMS, Change, Experiment
    from sim.dashboard.pulse import pulse
    from sim.dashboard.twins import Twins

    experiment = Experiment("complaint-storm").changed(Change(3, "second", "approve", 0.5))
    file = tmp_path / "scenario.toml"
    file.write_text(experiment.scenario().to_toml(), encoding="utf-8")
    twins = Twins(experiment)
    twins.go_to(10)
    for number, firm in enumerate(FIRMS):
        model = FirmModel(Scenario.load(file), design=firm, seed=experiment.seed)
        for _ in range(10):
            model.step()
        assert pulse(model.state) == twins.history[-1][number]


def test_a_picture_of_a_chart_is_made_in_the_browser(visit):
    page = visit()
    watch(page)
    forward(page, 5)
    with page.expect_download() as saved:
        page.click(".fl-save >> nth=0")
    assert saved.value.suggested_filename == "firmlab-decision.png"
    assert Path(saved.value.path()).read_bytes()[:4] == b"\x89PNG"


def test_sixty_days_play_from_one_file_without_a_network(browser, tmp_path):
    from sim.dashboard.experiment import Experiment
    from sim.dashboard.files import replay_of
    from sim.dashboard.twins import Twins
    from sim.locale import Words

    file = tmp_path / "replay.html"
    file.write_text(replay_of(Experiment("overload"), 60, Words("en")), encoding="utf-8")
    assert file.stat().st_size < 25e6
    context = browser.new_context(offline=True, viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(file.as_uri())
    page.select_option(".fl-bar select", "4")
    page.click(".fl-play")
    until_day(page, 60)
    twins = Twins(Experiment("overload"))
    twins.go_to(60)
    assert page.evaluate("firmlabPlayer && document.querySelector('.fl').dataset.day") == "60"
    page.evaluate("document.querySelector('.fl-bar input').value = 30")
    page.locator(".fl-bar input").dispatch_event("change")
    page.wait_for_function("document.querySelector('.fl').dataset.day === '30'")
    page.locator(".fl-dot[data-case]").first.dispatch_event("click")
    page.wait_for_selector(".fl-look h2")
    assert faults == []
    context.close()


# --- for everyone -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_axe_finds_nothing_serious(visit, language, dark):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(f"{FRESH}&lang={language}&dark={int(dark)}")
    watch(page)
    forward(page, 10)
    page.locator(".fl-seat[data-seat='3']").first.click()
    page.wait_for_selector(".fl-story")
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.lang") == language
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.querySelectorAll('h1').length") == 1


def test_korean_has_no_english_left(visit):
    page = visit()
    speak_korean(page)
    watch(page)
    forward(page, 5)
    text = re.sub(r"firmlab dashboard --network|firmlab\S*|Tab|Enter|Shift|English|CSV|TOML|kB|https?://\S+", "", page.inner_text(".fd"))
    assert re.findall(r"[A-Za-z]{3,}", text) == []


def test_it_fits_a_telephone(visit):
    page = visit()
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_timeout(500)
    assert page.evaluate("Math.max(...[...document.querySelectorAll('.fd *')].filter(e => !e.closest('svg, .fl-plot, .fl-table')).map(e => e.getBoundingClientRect().right))") <= 391


# --- safety -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "too_large", "no_toml", "no_scenario"),
    [
        ("en", "larger than 64 kB", "not TOML", "not a built-in scenario"),
        ("ko", "64 kB보다 큽니다", "TOML이 아닙니다", "기본으로 들어 있는 시나리오가 아닙니다"),
    ],
)
def test_uploads_are_small_toml_and_nothing_else(visit, language, too_large, no_toml, no_scenario):
    page = visit(f"{FRESH}&lang={language}")
    box = ".fd-away input[type=file]"
    for name, body, says in (
        ("large.toml", "#" * 70_000, too_large),
        ("code.toml", "__import__('os').system('true')", no_toml),
        ("path.toml", 'extends = "/etc/passwd"', no_scenario),
        ("key.toml", "[world]\nlod = 2.0", "world.load"),
        ("value.toml", "[world]\nload = 99", "≤ 20"),
    ):
        page.set_input_files(box, {"name": name, "mimeType": "text/plain", "buffer": body.encode()})
        page.wait_for_function("says => (document.querySelector('[role=alert]') || {}).innerText?.includes(says)", arg=says)
    page.set_input_files(box, {"name": "own.toml", "mimeType": "text/plain", "buffer": b"[world]\nstaff = 31\n"})
    page.wait_for_function("document.querySelectorAll('.fl-seat').length === 62")
    assert page.locator("[role=alert]").count() == 0


def test_it_listens_on_loopback_and_keeps_to_itself(server):
    import psutil

    port = int(server.rsplit(":", 1)[1].strip("/"))
    bound = {one.laddr.ip for one in psutil.net_connections("tcp") if one.status == "LISTEN" and one.laddr.port == port}
    assert bound == {"127.0.0.1"}
    asked = http.client.HTTPConnection("localhost", port)
    asked.request("GET", "/jupyter/api/kernels/x/channels?session_id=x", headers={
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": "http://example.com",
    })  # fmt: skip
    assert asked.getresponse().status == 403  # a page of another site that the teacher has open
    from sim.dashboard.server import SETTINGS

    assert SETTINGS["SOLARA_TELEMETRY_MIXPANEL_ENABLE"] == "false"
    for path in ("firmlab/../server.py", "firmlab/twins.csv?x=" + "A" * 30_000, "firmlab/twins.csv?x=..", "firmlab/class/x"):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(server + path)


def test_sessions_share_nothing(visit):
    one, other = visit(), visit("?preset=overload")
    watch(one)
    forward(one, 5)
    assert other.evaluate("firmlab.state().day") == 0
    assert one.evaluate("firmlab.state().day") == 5
    assert json.dumps(history(one)[0]) != json.dumps(history(other)[0])
