"""The slides: charts that can be edited, with the numbers of the findings, readable and told in words."""

import io
import math
import re
from collections import Counter

import pptx
import pytest

from sim import compare
from sim.locale import LANGUAGES, Words
from sim.report.findings import Findings
from sim.report.gather import gather
from sim.report.say import Say
from sim.report.shipped import shipped
from sim.report.slides import require_pptx, slides
from sim.study.attribution import LEVERS
from sim.study.durable import StoreError
from tests.firms import firm

NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


@pytest.fixture(scope="module")
def findings():
    return Findings(gather(shipped()))


@pytest.fixture(scope="module")
def decks(findings):
    return {language: opened(findings, language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A small firm of many numbers of its own, beside the studies of the baseline, measured for over a year."""
    keys = ("load=1.7", "garbling=0.3", "turbulence=0.9", "error_cost=2.5", "visibility=2.0", "bar=0.6", "resist=0.2")
    own = firm(*(f"world.{key}" for key in keys), staff=20, burn_in=1, weeks=60)
    return _compared(own, tmp_path_factory.mktemp("elsewhere") / "own")


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A small firm alone, measured too shortly for retention."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("short")
        patch.setattr("sim.report.gather.shipped", lambda: folder / "none")
        return _compared(firm(staff=20, burn_in=1, weeks=10), folder / "own")


def _compared(scenario, folder):
    compare(scenario, replications=3, workers=1, out=folder)
    return Findings(gather(folder))


def opened(findings, language="en"):
    return pptx.Presentation(io.BytesIO(slides(findings, Say(Words(language)))))


def shapes(deck):
    return [shape for slide in deck.slides for shape in slide.shapes]


def texts(deck):
    return [shape.text_frame.text for shape in shapes(deck) if shape.has_text_frame]


def notes(deck):
    return [slide.notes_slide.notes_text_frame.text for slide in deck.slides]


def words_of(slide):
    return "\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)


def cells(deck):
    tables = [shape.table for shape in shapes(deck) if shape.has_table]
    return [cell.text_frame for table in tables for cell in table.iter_cells()]


def values(chart):
    return [list(one.values) for one in chart.plots[0].series]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_slide_has_a_title_and_notes_that_say_where_it_is_from(decks, language):
    deck = decks[language]
    assert len(deck.slides) == 7
    assert all(slide.shapes.title.text_frame.text for slide in deck.slides)
    assert all("firmlab compare" in told for told in notes(deck))
    for number, study in ((2, "factorial"), (3, "tornado"), (4, "where-hierarchy-wins"), (4, "ranges")):
        assert f"firmlab sweep {study}" in notes(deck)[number]
    assert deck.core_properties.language == language
    assert deck.core_properties.author == deck.core_properties.last_modified_by == "firmlab"


@pytest.mark.parametrize("language", LANGUAGES)
def test_charts_are_native_and_told_in_words(decks, language):
    charts = [shape for shape in shapes(decks[language]) if shape.has_chart]
    assert len(charts) == 3 + 2 + 2
    for shape in [*charts, *(shape for shape in shapes(decks[language]) if shape.has_table)]:
        assert len(shape._element.nvGraphicFramePr.cNvPr.get("descr")) > 8
    assert all(shape.chart.part.chart_workbook.xlsx_part is not None for shape in charts)  # its numbers can be edited
    picture = pptx.enum.shapes.MSO_SHAPE_TYPE.PICTURE
    assert all(shape.shape_type != picture for shape in shapes(decks[language]))


def test_charts_hold_the_numbers_of_the_findings(decks, findings):
    charts = [shape.chart for shape in shapes(decks["en"]) if shape.has_chart]
    decision = list(charts[0].plots[0].series[0].values)
    assert decision == pytest.approx([findings.answers[0].reference, findings.answers[0].own], abs=5e-4)
    table = findings.shifts["satisfaction"].loc["shapley"]["estimate"]
    assert list(charts[4].plots[0].series[0].values) == pytest.approx([table[lever] for lever in LEVERS], abs=5e-4)
    tornado = findings.assumptions["satisfaction"].head(5)
    assert list(charts[5].plots[0].series[0].values) == pytest.approx(list(tornado["low"]), abs=5e-4)
    assert list(charts[5].plots[0].series[1].values) == pytest.approx(list(tornado["high"]), abs=5e-4)


def test_bars_begin_at_zero(decks):
    for shape in shapes(decks["en"]):
        if shape.has_chart:
            axis = shape.chart.value_axis
            assert axis.minimum_scale <= 0 <= axis.maximum_scale


def test_both_languages_have_the_same_numbers(decks):
    told = ([*texts(deck), *notes(deck), *(cell.text for cell in cells(deck))] for deck in decks.values())
    counted = [Counter(NUMBER.findall(" ".join(one))) for one in told]
    assert counted[0] == counted[1]
    assert sum(counted[0].values()) > 50
    charts = [[values(shape.chart) for shape in shapes(deck) if shape.has_chart] for deck in decks.values()]
    assert charts[0] == charts[1]


def test_each_headline_says_its_verdict_by_a_sign_and_in_how_many_twin_firms(decks, findings):
    columns = [shape.text_frame.text for shape in decks["en"].slides[0].shapes if not shape.is_placeholder]
    for answer, told in zip(findings.answers, columns, strict=False):
        sign = {1: "▲", -1: "▼", 0: "[=?▲▼]"}[answer.verdict.matters]
        assert re.search(rf"^{sign} ", told, re.MULTILINE)
        assert f"in {max(answer.better, answer.worse)} of {answer.pairs} twin firms" in told


def test_sentences_below_the_charts_are_of_what_they_show(decks):
    slide = decks["en"].slides[2]
    for chart in (shape.chart for shape in slide.shapes if shape.has_chart):
        name = chart.chart_title.text_frame.text.partition(",")[0]
        assert f"{name}: the largest share" in words_of(slide)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_limits_are_on_their_slide(decks, elsewhere, language):
    say = Say(Words(language))
    for deck in (decks[language], opened(elsewhere, language)):
        assert words_of(deck.slides[5]).count("• ") == len(say.words.below("report.limits.items"))


def test_korean_is_set_in_a_font_that_has_it(decks):
    runs = [
        run
        for shape in shapes(decks["ko"]) if shape.has_text_frame
        for paragraph in shape.text_frame.paragraphs for run in paragraph.runs if re.search("[가-힣]", run.text)
    ]  # fmt: skip
    assert len(runs) > 20
    for run in runs:
        assert run._r.rPr.find(pptx.oxml.ns.qn("a:ea")).get("typeface") == "Malgun Gothic"
        assert run._r.rPr.get("lang") == "ko-KR"
    ea = pptx.oxml.ns.qn("a:ea")
    for shape in shapes(decks["ko"]):
        if shape.has_chart:
            assert shape.chart.font._rPr.find(ea).get("typeface") == "Malgun Gothic"
    for cell in cells(decks["ko"]):
        for run in (run for paragraph in cell.paragraphs for run in paragraph.runs):
            assert run._r.rPr.find(ea).get("typeface") == "Malgun Gothic"


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_fit_on_their_slide(decks, elsewhere, short, language):
    """A rough measure: letters of half a size, or a whole one in Hangul, lines of 1.2 sizes and the gaps between."""
    for deck in (decks[language], opened(elsewhere, language), opened(short, language)):
        for shape in shapes(deck):
            if shape.has_text_frame and not shape.is_placeholder:
                width, height = shape.width.pt - 15, 0.0
                for paragraph in shape.text_frame.paragraphs:
                    size = max((run.font.size.pt for run in paragraph.runs), default=14)
                    wide = sum(size * (1.0 if letter >= "ᄀ" else 0.52) for letter in paragraph.text)
                    height += 1.2 * size * max(1, -(-wide // width)) + 6
                assert shape.top.pt + height <= deck.slide_height.pt, (language, shape.text_frame.text)


def test_what_is_of_another_firm_is_marked_and_the_command_for_yours_is_in_the_notes(elsewhere):
    deck = opened(elsewhere)
    for number, study in ((2, "factorial"), (3, "tornado"), (4, "where-hierarchy-wins"), (5, "tornado")):
        assert "of the baseline firm that comes with firmlab, not of yours" in words_of(deck.slides[number])
        assert re.search(rf"Of your firm: firmlab sweep {study} .*--set world\.bar=0\.6", notes(deck)[number])
    assert "turns soonest when" in words_of(deck.slides[3])


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_not_measured_has_no_chart_and_says_so(short, language):
    assert math.isnan(short.answers[1].own)
    slide = opened(short, language).slides[1]
    charts = [shape.chart for shape in slide.shapes if shape.has_chart]
    assert [values(chart) for chart in charts] == [
        [pytest.approx([answer.reference, answer.own], abs=5e-4)] for answer in (short.answers[0], short.answers[2])
    ]
    assert Words(language)("report.answer.undefined") in words_of(slide)


def test_no_deck_goes_out_without_its_limits(short, monkeypatch):
    monkeypatch.setattr("sim.report.slides.limits.section", lambda *_: type("Section", (), {"blocks": []}))
    with pytest.raises(ValueError, match="cannot say"):
        slides(short, Say(Words("en")))


def test_a_missing_study_is_said_with_its_command(tmp_path, monkeypatch):
    monkeypatch.setattr("sim.report.gather.shipped", lambda: tmp_path)
    alone = gather(shipped() / "baseline")
    alone.found.clear()
    deck = pptx.Presentation(io.BytesIO(slides(Findings(alone), Say(Words("en")))))
    told = " ".join(texts(deck))
    for study in ("factorial", "tornado", "where-hierarchy-wins"):
        assert f"Not computed: firmlab sweep {study} --out " in told


def test_without_the_extra_a_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("sim.report.slides.find_spec", lambda name: None)
    with pytest.raises(StoreError, match=r"python -m pip install 'firmlab\[report\]'"):
        require_pptx()
