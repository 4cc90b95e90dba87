"""The slides: charts that can be edited, with the numbers of the findings, readable and told in words."""

import io
import re
from collections import Counter

import pptx
import pytest

from sim.locale import LANGUAGES, Words
from sim.report.findings import Findings
from sim.report.gather import gather
from sim.report.say import Say
from sim.report.shipped import shipped
from sim.report.slides import require_pptx, slides
from sim.study.attribution import LEVERS
from sim.study.durable import StoreError

NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


@pytest.fixture(scope="module")
def findings():
    return Findings(gather(shipped()))


@pytest.fixture(scope="module")
def decks(findings):
    return {language: pptx.Presentation(io.BytesIO(slides(findings, Say(Words(language))))) for language in LANGUAGES}


def shapes(deck):
    return [shape for slide in deck.slides for shape in slide.shapes]


def texts(deck):
    return [shape.text_frame.text for shape in shapes(deck) if shape.has_text_frame]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_slide_has_a_title_and_notes_that_say_where_it_is_from(decks, language):
    deck = decks[language]
    assert len(deck.slides) == 7
    assert all(slide.shapes.title.text_frame.text for slide in deck.slides)
    assert all(slide.notes_slide.notes_text_frame.text for slide in deck.slides)
    assert deck.core_properties.language == language


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
    assert list(charts[5].plots[0].series[1].values) == pytest.approx(list(tornado["high"]), abs=5e-4)


def test_bars_begin_at_zero(decks):
    for shape in shapes(decks["en"]):
        if shape.has_chart:
            axis = shape.chart.value_axis
            assert axis.minimum_scale <= 0 <= axis.maximum_scale


def test_both_languages_have_the_same_numbers(decks):
    counted = [Counter(NUMBER.findall(" ".join(texts(decks[language])))) for language in LANGUAGES]
    assert counted[0] == counted[1]
    assert sum(counted[0].values()) > 50


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


def test_words_fit_on_their_slide(decks):
    """A rough measure: letters of half a size, or a whole one in Hangul, lines of 1.2 sizes and the gaps between."""
    for language, deck in decks.items():
        for shape in shapes(deck):
            if shape.has_text_frame and not shape.is_placeholder:
                width, height = shape.width.pt - 15, 0.0
                for paragraph in shape.text_frame.paragraphs:
                    size = max((run.font.size.pt for run in paragraph.runs), default=14)
                    wide = sum(size * (1.0 if letter >= "ᄀ" else 0.52) for letter in paragraph.text)
                    height += 1.2 * size * max(1, -(-wide // width)) + 6
                assert shape.top.pt + height <= deck.slide_height.pt, (language, shape.text_frame.text)


def test_a_missing_study_is_said_with_its_command(tmp_path, monkeypatch):
    monkeypatch.setattr("sim.report.gather.shipped", lambda: tmp_path)
    alone = gather(shipped() / "baseline")
    alone.found.clear()
    deck = pptx.Presentation(io.BytesIO(slides(Findings(alone), Say(Words("en")))))
    told = " ".join(texts(deck))
    for study in ("factorial", "tornado", "where-hierarchy-wins"):
        assert f"Not computed: firmlab sweep {study}, about" in told


def test_without_the_extra_a_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("sim.report.slides.find_spec", lambda name: None)
    with pytest.raises(StoreError, match=r"python -m pip install 'firmlab\[report\]'"):
        require_pptx()
