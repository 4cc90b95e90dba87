"""The report as slides with charts that can be edited (python-pptx, the extra `report`)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from io import BytesIO
from typing import Any

from sim.report.blocks import Bullets
from sim.report.findings import FOUR, PROFIT, Findings
from sim.report.say import SCALES, Say
from sim.report.sections import closing, first, shifts, where
from sim.report.sections.rests import footer, origin
from sim.study.attribution import LEVERS
from sim.study.durable import StoreError
from sim.study.paired import HEADLINES

BLUE, ORANGE = "0072B2", "D55E00"
FONTS = {"en": "Calibri", "ko": "Malgun Gothic"}
SIGNS = {"better": "▲", "worse": "▼", "same": "=", "undecided": "?"}
SIZE = (13.333, 7.5)  # inches, 16:9
LEFT, TOP, WIDTH, HEIGHT = 0.7, 1.55, 11.93, 5.4  # what a slide has below its title
BODY, SMALL = 16, 14  # points
FACTORS = 5  # assumptions in a tornado


def require_pptx() -> None:
    """Raises StoreError where the extra is not installed."""
    if find_spec("pptx") is None:
        raise StoreError("slides need python-pptx; python -m pip install 'firmlab[report]' installs it.")


def slides(findings: Findings, say: Say) -> bytes:
    """A deck of seven slides: answer, size, shifts, what turns it, where which firm wins, limits, next step."""
    require_pptx()
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    deck.slide_width, deck.slide_height = (Inches(side) for side in SIZE)
    deck.core_properties.title = say.question(findings.comparison.scenario)
    deck.core_properties.language = say.words.language
    for make in SLIDES:
        make(deck, findings, say)
    content = BytesIO()
    deck.save(content)
    return content.getvalue()


# --- the slides -------------------------------------------------------------------------------------------------------


def _answer(deck: Any, findings: Findings, say: Say) -> None:
    """Three columns, a headline each: number first, then what may be said."""
    slide = _slide(deck, say.words("report.section.answer"), say, footer(findings.comparison, say))
    for place, answer in enumerate(findings.answers):
        card = first.card(answer, findings, say)
        lines = [
            (card.name, SMALL, True),
            (card.number, 26, True),
            (card.what, SMALL, False),
            (f"{_sign(card.verdict)} {card.verdict_text}", BODY + 2, True),
            *((sentence, SMALL, False) for sentence in card.sentences),
        ]
        _text(slide, lines, say, left=LEFT + place * WIDTH / 3, width=WIDTH / 3 - 0.3)


def _size(deck: Any, findings: Findings, say: Say) -> None:
    """A chart a headline: both firms. Their scales differ, so they do not share one."""
    slide = _slide(deck, say.words("slides.how_big"), say, footer(findings.comparison, say))
    for place, answer in enumerate(findings.answers):
        measure, left, width = answer.measure, LEFT + place * WIDTH / 3, WIDTH / 3 - 0.3
        values = [round(SCALES[measure].factor * value, 3) for value in (answer.reference, answer.own)]
        names = [say.design(findings.reference), say.design(findings.design)]
        title = f"{say.headline(measure)}, {say.unit(measure)}"
        _bars(slide, title, names, {title: values}, say, left=left, width=width, height=3.6, upright=True)
        told = first.sentences(answer, say)
        _text(slide, [(one, SMALL, False) for one in told], say, top=TOP + 3.7, left=left, width=width)


def _shifts(deck: Any, findings: Findings, say: Say) -> None:
    """Shapley values of decision speed and satisfaction, side by side."""
    found = findings.found("shifts")
    slide = _slide(deck, say.words("report.section.shifts"), say, footer(found.study, say) if found else "")
    names = [say.words(f"report.shift.{lever}") for lever in LEVERS]
    for place, measure in enumerate((HEADLINES[0], HEADLINES[2]) if findings.shifts else ()):
        table = findings.shifts[measure].loc["shapley"]
        values = [round(SCALES[measure].factor * float(table.loc[lever]["estimate"]), 3) for lever in LEVERS]
        title = f"{say.headline(measure)}, {say.unit(measure, of_difference=True)}"
        left = LEFT + place * WIDTH / 2
        _bars(slide, title, names, {title: values}, say, left=left, width=WIDTH / 2 - 0.3, height=3.5)
    _below(slide, [*_rests(findings, "shifts", say), *_if(findings.shifts, shifts.sentences, findings, say)[:2]], say)


def _turns(deck: Any, findings: Findings, say: Say) -> None:
    """A tornado of satisfaction and of profit, and where the signs turn."""
    found = findings.found("tornado")
    slide = _slide(deck, say.words("report.section.decides"), say, footer(found.study, say) if found else "")
    for place, measure in enumerate((HEADLINES[2], PROFIT) if findings.assumptions else ()):
        table, factor = findings.assumptions[measure].head(FACTORS), SCALES[measure].factor
        ends = {
            say.words(f"slides.{end}"): [round(factor * float(value), 3) for value in table[end]]
            for end in ("low", "high")
        }
        title = f"{say.headline(measure)}, {say.unit(measure, of_difference=True)}"
        names = [say.factor(str(key)) for key in table["factor"]]
        left = LEFT + place * WIDTH / 2
        _bars(slide, title, names, ends, say, left=left, width=WIDTH / 2 - 0.3, height=3.5)
    _below(slide, [*_rests(findings, "tornado", say), *first.turns(findings, say)], say)


def _where(deck: Any, findings: Findings, say: Say) -> None:
    """When the traditional firm wins, in a table and in words."""
    found, worlds = findings.found("map"), findings.worlds
    slide = _slide(deck, say.words("report.section.where"), say, footer(found.study, say) if found else "")
    if worlds is not None:
        verdicts = {measure: worlds[worlds["measure"] == measure]["verdict"].value_counts() for measure in FOUR}
        head = ["", say.design(findings.design), say.design(findings.reference), "?"]
        rows = [[say.headline(one), *(str(int(verdicts[one].get(name, 0))) for name in where.SIGNS)] for one in FOUR]
        _table(slide, [head, *rows], say.words("report.section.where"), say)
    told = [*_rests(findings, "map", say), *where.conditions(findings, say)]
    _text(slide, [(one, SMALL, False) for one in told], say, top=TOP + 2.9)


def _limits(deck: Any, findings: Findings, say: Say) -> None:
    """What was assumed, and what this cannot say."""
    (block,) = closing.limits(findings, say).blocks
    slide = _slide(deck, say.words("report.section.limits"), say, say.words("slides.not_more"))
    _text(slide, [(f"• {item}", BODY, False) for item in block.items], say)  # type: ignore[union-attr]


def _next(deck: Any, findings: Findings, say: Say) -> None:
    """What to take up, and the pilot."""
    slide = _slide(deck, say.words("report.section.next"), say, say.words("slides.not_more"))
    lead, *_ = blocks = closing.pilot(findings, say).blocks
    measured = next(block for block in blocks if isinstance(block, Bullets))
    lines = [(one, BODY, False) for one in first.advice(findings, say)[:3]]
    lines += [(lead.text, BODY, False), (measured.lead, BODY, True)]  # type: ignore[union-attr]
    lines += [(f"• {item}", BODY, False) for item in measured.items]
    _text(slide, lines, say)


SLIDES: tuple[Callable[[Any, Findings, Say], None], ...] = (_answer, _size, _shifts, _turns, _where, _limits, _next)


# --- words ------------------------------------------------------------------------------------------------------------


def _rests(findings: Findings, part: str, say: Say) -> list[str]:
    return [text.text for text in origin(findings, part, say)]


def _if(there: Any, told: Callable[[Findings, Say], list[str]], findings: Findings, say: Say) -> list[str]:
    return told(findings, say) if there else []


def _sign(verdict: str) -> str:
    return SIGNS[verdict.rpartition("-")[2]]


# --- what is put on a slide -------------------------------------------------------------------------------------------


def _slide(deck: Any, title: str, say: Say, notes: str) -> Any:
    """An empty slide with its title, and where its numbers come from in the speaker's notes."""
    from pptx.util import Inches, Pt

    slide = deck.slides.add_slide(deck.slide_layouts[5])  # a title alone
    shape = slide.shapes.title
    shape.left, shape.top, shape.width, shape.height = (Inches(x) for x in (LEFT, 0.4, WIDTH, 0.9))
    _write(shape.text_frame, [(title, 30, True)], say, Pt)
    slide.notes_slide.notes_text_frame.text = notes
    return slide


def _below(slide: Any, told: Sequence[str], say: Say) -> None:
    """Sentences below two charts."""
    _text(slide, [(one, SMALL, False) for one in told], say, top=TOP + 3.65)


def _text(
    slide: Any, lines: Sequence[tuple[str, int, bool]], say: Say, *, top: float = TOP, left: float = LEFT,
    width: float = WIDTH,
) -> None:  # fmt: skip
    from pptx.util import Inches, Pt

    box = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(width), Inches(TOP + HEIGHT - top))
    box.text_frame.word_wrap = True
    _write(box.text_frame, lines, say, Pt)


def _write(frame: Any, lines: Iterable[tuple[str, int, bool]], say: Say, points: Any) -> None:
    """Paragraphs of (text, points, bold), in a font that has the letters of the language."""
    from pptx.enum.text import PP_ALIGN
    from pptx.oxml.ns import qn

    for number, (text, size, bold) in enumerate(lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.alignment, paragraph.space_after = PP_ALIGN.LEFT, points(6)
        run = paragraph.add_run()
        run.text, run.font.size, run.font.bold, run.font.name = text, points(size), bold, FONTS[say.words.language]
        run._r.get_or_add_rPr().set("lang", {"en": "en-GB", "ko": "ko-KR"}[say.words.language])
        if say.words.language == "ko":
            asian = run._r.get_or_add_rPr().makeelement(qn("a:ea"), {"typeface": FONTS["ko"]})
            run._r.get_or_add_rPr().append(asian)


def _bars(
    slide: Any, title: str, names: Sequence[str], series: Mapping[str, Sequence[float]], say: Say, *, left: float,
    width: float, height: float, upright: bool = False,
) -> None:  # fmt: skip
    """A native bar chart with its numbers at the bars; several series are told apart by colour and by hatching."""
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
    from pptx.util import Inches, Pt

    data = CategoryChartData()
    data.categories = list(names)
    for name, values in series.items():
        data.add_series(name, list(values))
    kind = XL_CHART_TYPE.COLUMN_CLUSTERED if upright else XL_CHART_TYPE.BAR_CLUSTERED
    frame = slide.shapes.add_chart(kind, Inches(left), Inches(TOP), Inches(width), Inches(height), data)
    told = [f"{one}, {name} {value:g}" for one in series for name, value in zip(names, series[one], strict=True)]
    frame._element.nvGraphicFramePr.cNvPr.set("descr", f"{title}. {'; '.join(told)}")
    chart = frame.chart
    chart.font.size, chart.font.name = Pt(12), FONTS[say.words.language]
    chart.has_title = True
    chart.chart_title.text_frame.text = title
    chart.chart_title.text_frame.paragraphs[0].runs[0].font.size = Pt(SMALL)
    chart.has_legend = len(series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.category_axis.reverse_order = not upright
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    chart.value_axis.has_major_gridlines = False
    chart.value_axis.visible = False
    plot = chart.plots[0]
    plot.gap_width, plot.has_data_labels = 60, True
    plot.data_labels.font.size, plot.data_labels.number_format_is_linked = Pt(12), False
    plot.data_labels.number_format = "0.0" if max(abs(v) for one in series.values() for v in one) < 1000 else "#,##0"
    values = [value for one in series.values() for value in one]
    # Bars from zero, and room for the numbers at their ends.
    chart.value_axis.minimum_scale = min(0.0, *values) * 1.4
    chart.value_axis.maximum_scale = max(0.0, *values) * 1.25 or 1.0
    for number, one in enumerate(plot.series):
        one.invert_if_negative = False
        _fill(one.format.fill, second=number == 1)
        if upright:
            _fill(one.points[1].format.fill, second=True)


def _fill(fill: Any, *, second: bool) -> None:
    """Blue and full, or orange and hatched."""
    from pptx.dml.color import RGBColor
    from pptx.enum.dml import MSO_PATTERN

    if second:
        fill.patterned()
        fill.pattern = MSO_PATTERN.DARK_UPWARD_DIAGONAL
        fill.fore_color.rgb, fill.back_color.rgb = RGBColor.from_string(ORANGE), RGBColor.from_string("FFFFFF")
    else:
        fill.solid()
        fill.fore_color.rgb = RGBColor.from_string(BLUE)


def _table(slide: Any, rows: Sequence[Sequence[str]], title: str, say: Say) -> None:
    from pptx.util import Inches, Pt

    shape = slide.shapes.add_table(len(rows), len(rows[0]), Inches(LEFT), Inches(TOP), Inches(WIDTH), Inches(2.4))
    shape._element.nvGraphicFramePr.cNvPr.set("descr", title)
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            frame = shape.table.cell(row, column).text_frame
            _write(frame, [(text, SMALL, row == 0)], say, Pt)
