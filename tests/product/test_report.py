"""The page for the board: stands alone, says the stored numbers, the same in both languages, and reads well."""

import json
import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from itertools import permutations

import pandas as pd
import pytest
from scipy import stats

from sim import replay
from sim.locale import LANGUAGES, Words
from sim.report import page as page_module
from sim.report import write_report
from sim.report.findings import Findings
from sim.report.gather import gather
from sim.report.html import html
from sim.report.page import page
from sim.report.say import SCALES, Say
from sim.report.shipped import shipped
from sim.study.durable import StoreError
from tests.commands import firmlab, tiny

REFERENCE = shipped()
NUMBER = re.compile(r"[−+]?\d+(?:,\d{3})*(?:\.\d+)?")


class Reader(HTMLParser):
    """What a reader sees of a page, part by part, and how it is built."""

    VOID = ("meta", "br", "link", "img", "input", "rect", "line", "circle")

    def __init__(self, text):
        super().__init__()
        self.section, self.texts, self.headings, self.tags, self.path = "", {}, [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if tag not in self.VOID:
            self.path.append((tag, attrs))
        if tag == "section":
            self.section = attrs["id"]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag):
        while self.path and self.path.pop()[0] != tag:
            pass

    def handle_data(self, data):
        inside = {tag for tag, _ in self.path}
        kinds = {attrs.get("class", "") for _, attrs in self.path}
        if not inside & {"script", "style"} and not kinds & {"table field"} and "footer" not in inside:
            self.texts[self.section] = self.texts.get(self.section, "") + " " + data

    def numbers(self):
        return {name: Counter(NUMBER.findall(text)) for name, text in self.texts.items()}


@pytest.fixture(scope="module")
def findings():
    return Findings(gather(REFERENCE))


@pytest.fixture(scope="module")
def pages(findings):
    return {language: html(page(findings, Say(Words(language)))) for language in LANGUAGES}


@pytest.fixture(scope="module")
def readers(pages):
    return {language: Reader(text) for language, text in pages.items()}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A comparison of a small firm, and the folder it was made in."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.toml").write_text(tiny(20), encoding="utf-8")
    answer = firmlab("compare", "small.toml", folder=folder)
    assert answer.returncode == 0, answer.stderr
    return folder, answer.stdout


# --- one file that stands on its own ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_stands_alone_and_is_small(pages, readers, language):
    assert len(pages[language].encode()) < 6e6
    assert pages[language].count("plotly.js v") == 1
    for tag, attrs in readers[language].tags:
        assert tag not in ("link", "iframe", "img")
        assert "src" not in attrs
        assert attrs.get("href", "#").startswith("#")


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_are_in_order_and_every_chart_has_words_and_a_table(readers, language):
    reader = readers[language]
    assert reader.headings[0] == 1
    assert reader.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(reader.headings, reader.headings[1:], strict=False))
    tags = [tag for tag, _ in reader.tags]
    charts = [attrs for _, attrs in reader.tags if attrs.get("class") == "chart"]
    groups = [attrs for _, attrs in reader.tags if attrs.get("class") == "figure"]
    assert len(charts) == len(groups) == tags.count("details") == 4
    assert all(len(attrs["aria-label"]) > 60 for attrs in charts)
    assert tags.count("caption") == tags.count("table") > 10
    assert dict(reader.tags)["html"]["lang"] == language


def test_both_languages_have_the_same_numbers_in_every_part(readers):
    english, korean = (readers[language].numbers() for language in LANGUAGES)
    assert english.keys() == korean.keys()
    assert english == korean
    assert sum(english["effects"].values()) > 300


def test_no_p_value_on_the_first_screen(readers):
    assert not re.search(r"\bp\s*[=<]|p-value|signific", readers["en"].texts["answer"])


def test_a_page_without_limits_is_refused(findings, monkeypatch):
    monkeypatch.setattr(Words, "below", lambda self, key: [])
    with pytest.raises(ValueError, match="what it cannot say"):
        page(findings, Say(Words("en")))


# --- every number is that of the stored runs --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs():
    """All stored runs of a study, joined to its plan, read without the product."""

    def read(name):
        folder = REFERENCE / name
        rows = pd.concat([pd.read_parquet(path) for path in sorted((folder / "runs").glob("*.parquet"))])
        plan = pd.read_parquet(folder / "plan.parquet")
        return plan.merge(rows.drop_duplicates("key").drop(columns=["design", "replication"]), on="key",
                          suffixes=("", "_again"))  # fmt: skip

    return read


def shown(value, measure, signed=False):
    scale = SCALES[measure]
    text = f"{scale.factor * value:{'+' if signed else ''},.{scale.decimals}f}"
    return (text.lstrip("+-") if float(text.replace(",", "")) == 0 else text).replace("-", "−")


def test_the_table_of_effects(runs, readers):
    table = runs("baseline")
    text = re.sub(r"\s+", " ", readers["en"].texts["effects"])
    measures = [name for names in page_module.effects.GROUPS.values() for name in names]
    assert len(measures) > 20
    for measure in measures:
        both = table.pivot(index="replication", columns="design", values=measure)
        paired = stats.ttest_rel(both["social"], both["traditional"])
        half = paired.confidence_interval(0.95).high - (both["social"] - both["traditional"]).mean()
        difference = shown((both["social"] - both["traditional"]).mean(), measure, signed=True)
        assert f"{difference} ± {shown(half, measure)}" in text, measure
        for design in ("traditional", "social"):
            low, high = stats.t.interval(0.95, len(both) - 1, both[design].mean(), stats.sem(both[design]))
            assert f"{shown(both[design].mean(), measure)} ± {shown((high - low) / 2, measure)}" in text


def test_the_shares_of_the_shifts(runs, readers):
    """Shapley values by their definition: the mean over all orders of opening the levers of what each adds."""
    table = runs("factorial").pivot(index="replication", columns="design", values="satisfaction")
    levers = ("contact", "consult", "approve", "connect", "hear", "meet")

    def corner(opened):
        inside = [lever for lever in levers if lever in opened]
        return table[{0: "traditional", 6: "all-six"}.get(len(inside), "+".join(inside))]

    added = dict.fromkeys(levers, 0.0)
    orders = list(permutations(levers))
    for order in orders:
        for place, lever in enumerate(order):
            added[lever] = added[lever] + corner(order[: place + 1]) - corner(order[:place])
    text = readers["en"].texts["shifts"]
    for lever in levers:
        share = added[lever] / len(orders)
        half = stats.t.ppf(0.975, len(share) - 1) * stats.sem(share)
        written = f"{share.mean():+.2f} ± {half:.2f}".replace("-", "−")
        written = re.sub(r"^[+−]0\.00", "0.00", written)
        assert written in text, lever


def test_the_map_and_its_tallies(runs, readers):
    table = runs("where-hierarchy-wins")
    both = table.pivot(index=["point", "replication"], columns="design", values="satisfaction")
    apart = (both["social"] - both["traditional"]).unstack("replication")
    p = stats.ttest_1samp(apart, 0.0, axis=1).pvalue
    decided = stats.false_discovery_control(p) <= 0.05
    wins, loses = int((decided & (apart.mean(axis=1) > 0)).sum()), int((decided & (apart.mean(axis=1) < 0)).sum())
    text = re.sub(r"\s+", " ", readers["en"].texts["where"])
    told = f"the social firm wins in {wins}, the traditional firm in {loses} of {len(apart)} worlds"
    assert f"Customer satisfaction: {told}" in text
    for mean in apart.mean(axis=1):
        assert f"{mean:+.1f}".replace("-", "−") in text


def test_the_ends_of_the_tornado(runs, readers):
    table = runs("tornado")
    both = table.pivot(index=["point", "replication"], columns="design", values="satisfaction")
    means = (both["social"] - both["traditional"]).groupby("point").mean()
    loads = table.drop_duplicates("point").set_index("point")["world.load"]
    text = readers["en"].texts["decides"]
    for load in (0.5, 2.5):
        assert f"{means[loads.eq(load)].iloc[0]:+.1f}".replace("-", "−") in text


def test_the_bands_of_the_first_screen(runs, readers):
    pairs = runs("baseline").pivot(index="replication", columns="design", values="satisfaction")
    ranges = runs("ranges").pivot(index=["point", "replication"], columns="design", values="satisfaction")
    chance = (pairs["social"] - pairs["traditional"]).quantile([0.05, 0.95])
    worlds = (ranges["social"] - ranges["traditional"]).groupby("point").mean()
    text = readers["en"].texts["answer"]
    for low, high in (chance, worlds.quantile([0.05, 0.95])):
        assert f"{low:+.1f} to {high:+.1f}".replace("-", "−") in text
    apart = (ranges["social"] - ranges["traditional"]).unstack("replication")
    ends = [stats.t.interval(0.95, len(row) - 1, row.mean(), stats.sem(row)) for row in apart.to_numpy()]
    better, worse = sum(low > 0 for low, _ in ends), sum(high < 0 for _, high in ends)
    rest = len(ends) - better - worse
    assert f"clearly better in {better}, clearly worse in {worse}, undecided in {rest} of {len(ends)} worlds" in text


def twenty_runs():
    """Chosen by the hash that is their key: the twenty smallest of all reference studies, with the name of a study."""
    found = {}
    for manifest in sorted(REFERENCE.glob("*/manifest.json")):
        for path in sorted((manifest.parent / "runs").glob("*.parquet")):
            found |= dict.fromkeys(pd.read_parquet(path, columns=["key"])["key"], manifest.parent.name)
    return sorted(found.items())[:20]


def test_the_twenty_runs_are_of_several_studies():
    assert len({name for _, name in twenty_runs()}) >= 3
    assert len(twenty_runs()) == 20


@pytest.mark.parametrize(("key", "name"), twenty_runs())
def test_a_reference_run_is_made_again(key, name):
    """The model of today makes the stored numbers. With other pins the last digits may differ, and no more."""
    again = replay(key, REFERENCE / name)
    assert not again.error
    assert len(again.measures) > 90
    for measure, value in again.measures.items():
        assert again.row[measure] == pytest.approx(value, rel=1e-9, nan_ok=True), measure


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_paper_form_in_the_repository_says_what_the_page_says(readers, language):
    """The committed report is that of the stored runs: every number of the page is on the paper."""
    from pypdf import PdfReader

    paper = PdfReader(REFERENCE / f"report{'' if language == 'en' else '-ko'}.pdf")
    printed = Counter(NUMBER.findall(" ".join(sheet.extract_text() for sheet in paper.pages)))
    page_numbers = readers[language].numbers()
    for part in ("answer", "where", "costs", "claims", "assumptions", "next"):
        missing = {number for number in page_numbers[part] if number not in printed}
        assert not missing, (part, missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_paper_form_is_tagged(readers, language):
    """A structure tree with all headings of the page, and words for every drawing."""
    from pypdf import PdfReader

    paper = PdfReader(REFERENCE / f"report{'' if language == 'en' else '-ko'}.pdf")
    root = paper.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == language
    found = list(elements(root["/StructTreeRoot"]))
    kinds = Counter(element.get("/S") for element in found)
    assert kinds["/H1"] == 1
    assert kinds["/H2"] == len([level for level in readers[language].headings if level == 2])
    assert kinds["/Table"] > 8
    figures = [element for element in found if element.get("/S") == "/Figure"]
    assert len(figures) == 3 + 4  # the bands of three headlines, four charts
    assert all(len(figure["/Alt"]) > 40 for figure in figures)


def elements(node):
    """All elements of a structure tree."""
    node = node.get_object()
    if isinstance(node, list):
        for one in node:
            yield from elements(one)
    elif hasattr(node, "get"):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from elements(node["/K"])


# --- whose study it is ------------------------------------------------------------------------------------------------


def test_a_comparison_ends_by_naming_its_report(small):
    folder, said = small
    named = folder / re.search(r"Report: (.+)", said)[1]
    assert named.exists()
    reader = Reader(named.read_text(encoding="utf-8"))
    assert "of the baseline firm, not of yours" in reader.texts["shifts"]
    assert "Of your firm: firmlab sweep factorial --set world.staff=20 --out " in reader.texts["shifts"]
    assert "20 seats" in reader.texts[""]
    first = reader.texts["answer"]  # of another firm no band is shown, and what is said of it is marked
    assert "With other assumptions" not in first
    assert first.count("not computed for this firm: firmlab sweep ranges --set world.staff=20") == 2
    assert first.count("of the baseline firm that comes with firmlab, not of yours") == 2
    assert "Not measured" in first  # retention, in a run of less than a year


def test_without_any_study_a_part_says_how_to_run_it(small, tmp_path, monkeypatch):
    monkeypatch.setattr("sim.report.gather.shipped", lambda: tmp_path / "none")
    results = next((small[0] / "results").iterdir())
    copied = shutil.copytree(results, tmp_path / "results" / results.name)
    reader = Reader(write_report(copied)[0].read_text(encoding="utf-8"))
    for part, command in (("shifts", "factorial"), ("where", "where-hierarchy-wins"), ("decides", "tornado")):
        told = f"Not computed: firmlab sweep {command} --set world.staff=20 --out [^ ]+, about [0-9]+ min"
        assert re.search(told, reader.texts[part])
    assert "is not computed: firmlab sweep tornado --set world.staff=20" in reader.texts["answer"]


def test_a_study_of_ones_own_comes_before_the_shipped_one(tmp_path):
    """Neighbours of the same world answer; those of another world, or without the two designs, do not."""
    for name in ("baseline", "factorial", "tornado"):
        shutil.copytree(REFERENCE / name, tmp_path / name)
    other = json.loads((tmp_path / "tornado" / "manifest.json").read_text(encoding="utf-8"))
    del other["designs"]["social"]
    (tmp_path / "tornado" / "manifest.json").write_text(json.dumps(other), encoding="utf-8")
    found = gather(tmp_path / "baseline").found
    assert not found["shifts"].shipped
    assert found["shifts"].study.folder == tmp_path / "factorial"
    assert found["tornado"].shipped


@pytest.mark.parametrize("name", ["nothing", "empty", "broken"])
def test_a_folder_that_cannot_be_reported_is_told_in_a_sentence(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{", encoding="utf-8")
    (tmp_path / "broken" / "scenario.toml").write_text("", encoding="utf-8")
    with pytest.raises(StoreError):
        gather(tmp_path / name)
    answer = firmlab("report", name, folder=tmp_path)
    assert answer.returncode == 2
    assert answer.stderr.startswith("firmlab: ")
    assert answer.stderr.count("\n") == 1


def test_a_folder_whose_runs_are_not_there_yet_is_told(tmp_path):
    copied = shutil.copytree(REFERENCE / "baseline", tmp_path / "baseline")
    shutil.rmtree(copied / "runs")
    with pytest.raises(StoreError, match="no run"):
        gather(copied)


def test_the_smallest_difference_of_the_scenario_decides(small):
    """The same runs, other words: what matters is declared in [report], and no run depends on it."""
    folder, _ = small
    declared = (folder / "small.toml").read_text(encoding="utf-8")
    (folder / "other.toml").write_text(f"{declared}[report]\nsmallest_satisfaction = 100\n", encoding="utf-8")
    out = next(path for path in (folder / "results").iterdir() if path.is_dir())
    answer = firmlab("compare", "other.toml", "--out", out, folder=folder)
    assert "0 runs computed now" in answer.stdout
    reader = Reader((out / "report.html").read_text(encoding="utf-8"))
    assert re.search("100.0 points, declared as the smallest difference that matters", reader.texts["answer"])


def test_a_study_of_ones_own_in_which_a_headline_is_not_measured(small):
    """Twenty weeks have no retention over a year; and every difference matters where the smallest one is 0."""
    folder, _ = small
    declared = (folder / "small.toml").read_text(encoding="utf-8")
    zero = "[report]\nsmallest_decision = 0\nsmallest_retention = 0\nsmallest_satisfaction = 0\n"
    (folder / "zero.toml").write_text(declared + zero, encoding="utf-8")
    factors = "".join(
        f'[[factor]]\nkey = "world.{key}"\nlevels = [{low}, {high}]\n'
        for key, low, high in (("load", 0.5, 2.5), ("turbulence", 0.0, 1.2), ("error_cost", 0.5, 20.0))
    )
    plan = 'designs = ["traditional", "social"]\nscenario = "zero.toml"\n[plan]\nkind = "one-at-a-time"\n'
    (folder / "around.toml").write_text(plan + factors, encoding="utf-8")
    for command in (("compare", "zero.toml", "--no-report", "--out", "zero/it"),
                    ("sweep", "around.toml", "--replications", "2", "--out", "zero/it-tornado")):  # fmt: skip
        answer = firmlab(*command, folder=folder)
        assert answer.returncode == 0, answer.stderr
    reader = Reader(write_report(folder / "zero" / "it")[0].read_text(encoding="utf-8"))
    assert "not of yours" not in reader.texts["decides"]
    assert "Decision speed: " in reader.texts["decides"]
    assert "Retention" not in reader.texts["decides"]
    assert not re.search(r"\bnan\b", " ".join(reader.texts.values()))
    assert "there is nothing to turn: retention" in reader.texts["answer"]


# --- in a real browser ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_opens_offline_draws_its_charts_and_is_accessible(browser, pages, tmp_path, language):
    from axe_playwright_python.sync_playwright import Axe

    path = tmp_path / "report.html"
    path.write_text(pages[language], encoding="utf-8")
    sheet = browser.new_page(viewport={"width": 1100, "height": 900})
    asked, errors = [], []
    sheet.on("request", lambda request: asked.append(request.url))
    sheet.on("pageerror", lambda error: errors.append(str(error)))
    sheet.context.set_offline(True)
    sheet.goto(path.as_uri())
    sheet.wait_for_selector("[data-chart=change-figure] svg")
    assert errors == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert sheet.locator("[data-chart]").evaluate_all("all => all.every(one => one.querySelector('.main-svg'))")
    found = Axe().run(sheet).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    overflow = sheet.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    sheet.close()


# The deepest elements without which the page would be narrower.
TOO_WIDE = """() => {
  const width = () => document.documentElement.scrollWidth, all = width();
  const narrower = element => {
    const display = element.style.display;
    element.style.display = "none";
    const without = width();
    element.style.display = display;
    return without < all;
  };
  const deepest = element => {
    const inside = [...element.children].filter(narrower);
    return inside.length ? inside.flatMap(deepest) : [element.outerHTML.slice(0, 200)];
  };
  return all + " wide: " + deepest(document.body).join(" | ");
}"""


def test_it_fits_a_telephone(browser, pages, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(pages["en"], encoding="utf-8")
    sheet = browser.new_page(viewport={"width": 390, "height": 800})
    sheet.goto(path.as_uri())
    for font in ("serif", "sans-serif", "monospace"):  # whatever is installed
        sheet.add_style_tag(content=f"* {{ font-family: {font} !important; }}")
        assert sheet.evaluate("document.documentElement.scrollWidth") <= 390, sheet.evaluate(TOO_WIDE)
    sheet.close()

