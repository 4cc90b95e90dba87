"""The report as slides with charts that can be edited (python-pptx, the extra `report`)."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from io import BytesIO
from typing import Any

from sim.report.blocks import Bullets, Text
from sim.report.findings import PROFIT, Findings
from sim.report.say import SCALES, Say
from sim.report.sections import assumptions, first_screen, limits, pilot, shifts, where
from sim.report.sections.decides import tried
from sim.report.sections.rests import footer, of_another_firm, origin
from sim.scenario import World, about_key
from sim.study.attribution import LEVERS
from sim.study.durable import StoreError
from sim.study.paired import HEADLINES

BLUE, ORANGE, WHITE, INK = "0072B2", "D55E00", "FFFFFF", "1C1C1C"
FONTS = {"en": "Calibri", "ko": "Malgun Gothic"}
TONGUES = {"en": "en-GB", "ko": "ko-KR"}
SIGNS = {"better": "▲", "worse": "▼", "same": "=", "undecided": "?"}
SIZE = (13.333, 7.5)  # inches, 16:9
LEFT, TOP, WIDTH, BOTTOM = 0.7, 1.3, 11.93, 7.1  # what a slide has below its title
THIRD, HALF, GAP = WIDTH / 3, WIDTH / 2, 0.3
BODY, SMALL, LABEL, NOTES = 16, 14, 12, 12  # points
AFTER, INSET = 4, 7.2  # points: below a paragraph, beside a text
LATIN, HANGUL = 0.5, 1.0  # width of a letter in its size, so that what will not fit is known beforehand
FACTORS, ASSUMED = 5, 3  # assumptions in a tornado, and on the slide of limits
SHARED = (HEADLINES[0], HEADLINES[2])  # of which the shifts' shares are shown
TURNED = (HEADLINES[2], PROFIT)  # of which a tornado is shown

Line = tuple[str, int, bool]  # text, points, bold


def require_pptx() -> None:
    """Raises StoreError where the extra is not installed."""
    if find_spec("pptx") is None:
        raise StoreError("slides need python-pptx; python -m pip install 'firmlab[report]' installs it.")


def slides(findings: Findings, say: Say) -> bytes:
    """A deck of seven slides: answer, size, shifts, what turns it, where which firm wins, limits, next step.

    Raises StoreError without python-pptx, ValueError where the limits are empty: no deck goes out without them.
    """
    require_pptx()
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    deck.slide_width, deck.slide_height = (Inches(side) for side in SIZE)
    about = deck.core_properties  # else those of the library's template: its author, a day of 2013
    about.title, about.language = say.question(findings.comparison.scenario), say.words.language
    about.author = about.last_modified_by = "firmlab"
    about.created = about.modified = datetime.now(UTC)
    for make in SLIDES:
        make(deck, findings, say)
    content = BytesIO()
    deck.save(content)
    return content.getvalue()


# --- the slides -------------------------------------------------------------------------------------------------------


def _answer(deck: Any, findings: Findings, say: Say) -> None:
    """Three columns, a headline each: number first, then what may be said. Below: what was compared."""
    slide = _slide(deck, say.words("report.section.answer"), findings, say)
    ends, missing = [], ""
    for place, answer in enumerate(findings.answers):
        card = first_screen.card(answer, findings, say)
        told = list(card.sentences)
        if answer.pairs and findings.from_world_to_world(answer.measure) is None:
            missing = told.pop()  # the same for all three
        lines = [
            (card.name, SMALL, True),
            (card.number, 26, True),
            (card.what, SMALL, False),
            (f"{_sign(card.verdict)} {card.verdict_text}", BODY + 2, True),
            *_small(told),
        ]
        ends.append(_text(slide, lines, say, left=LEFT + place * THIRD, width=THIRD - GAP))
    _text(slide, _small([_about(findings, say), *filter(None, [missing])]), say, top=max(ends) + 0.1)


def _size(deck: Any, findings: Findings, say: Say) -> None:
    """A chart a headline: both firms. Their scales differ, so they do not share one."""
    slide = _slide(deck, say.words("slides.how_big"), findings, say)
    for place, answer in enumerate(findings.answers):
        left, width = LEFT + place * THIRD, THIRD - GAP
        values = {f"{say.headline(answer.measure)}, {say.unit(answer.measure)}": [answer.reference, answer.own]}
        names = [say.design(findings.reference), say.design(findings.design)]
        (title,) = values
        _bars(slide, answer.measure, title, names, values, say, left=left, width=width, decimals=1, upright=True)
        _text(slide, _small(first_screen.sentences(answer, say)), say, top=TOP + 3.7, left=left, width=width)


def _shifts(deck: Any, findings: Findings, say: Say) -> None:
    """Shapley values of decision speed and satisfaction, side by side."""
    slide = _slide(deck, say.words("report.section.shifts"), findings, say, "shifts")
    told = _rests(findings, say, "shifts")
    if findings.shifts:
        names = [say.words(f"report.shift.{lever}") for lever in LEVERS]
        for place, measure in enumerate(SHARED):
            table = findings.shifts[measure].loc["shapley"]
            title = f"{say.headline(measure)}, {say.unit(measure, of_difference=True)}"
            values = {title: [float(table.loc[lever]["estimate"]) for lever in LEVERS]}
            _bars(slide, measure, title, names, values, say, left=LEFT + place * HALF, width=HALF - GAP, decimals=2)
        *largest, settings = shifts.sentences(findings, say)
        of = dict(zip(findings.shifts, largest, strict=True))
        told += [*(of[measure] for measure in SHARED), _scale(findings, say), settings]
    _below(slide, told, say, charts=bool(findings.shifts))


def _turns(deck: Any, findings: Findings, say: Say) -> None:
    """A tornado of satisfaction and of profit, and where the signs turn."""
    slide = _slide(deck, say.words("report.section.decides"), findings, say, "tornado")
    told = _rests(findings, say, "tornado")
    for place, measure in enumerate(TURNED if findings.assumptions else ()):
        table = findings.assumptions[measure].head(FACTORS)
        ends = {say.words(f"slides.{end}"): [float(value) for value in table[end]] for end in ("low", "high")}
        title = say.words("slides.today", headline=say.headline(measure), unit=say.unit(measure, of_difference=True),
                          base=say.value(measure, table["base"].iloc[0], signed=True))  # fmt: skip
        names = [say.factor(str(key)) for key in table["factor"]]
        left, decimals = LEFT + place * HALF, SCALES[measure].decimals
        _bars(slide, measure, title, names, ends, say, left=left, width=HALF - GAP, decimals=decimals)
    if findings.assumptions:
        profit = first_screen.soonest(findings.assumptions[PROFIT])
        turning = [] if profit is None else [first_screen.turning(profit, PROFIT, findings, say)]
        said = of_another_firm(findings, "tornado", say)  # is said above, in the slides' own words
        told += [one for one in first_screen.turns(findings, say) if one not in said]
        told += [*turning, _scale(findings, say)]
    _below(slide, told, say, charts=bool(findings.assumptions))


def _where(deck: Any, findings: Findings, say: Say) -> None:
    """When the traditional firm wins, in a table and in words."""
    found, worlds = findings.found("map"), findings.worlds
    slide = _slide(deck, say.words("report.section.where"), findings, say, "map", "ranges")
    told, top = _rests(findings, say, "map", "ranges"), TOP
    if found is not None and worlds is not None:
        verdicts = {
            measure: worlds[worlds["measure"] == measure]["verdict"].value_counts()
            for measure in where.measured(worlds)
        }
        names = {"design": say.design(findings.design), "reference": say.design(findings.reference)}
        head = [say.words("slides.worlds"), *(say.words(f"slides.{verdict}", **names) for verdict in where.SIGNS)]
        rows = [
            [say.headline(one), *(str(int(verdicts[one].get(name, 0))) for name in where.SIGNS)] for one in verdicts
        ]
        top = _table(slide, [head, *rows], (3, 3, 3, 3), say.words("report.section.where"), say)
        points = len(worlds[list(found.study.factors)].drop_duplicates())
        factors = say.listed([say.factor(key) for key in found.study.factors])
        told.append(say.words("report.where.lead", points=points, factors=factors))
    _text(slide, _small([*told, *where.conditions(findings, say), *where.shares(findings, say)]), say, top=top)


def _limits(deck: Any, findings: Findings, say: Say) -> None:
    """What was assumed, the most influential first, and what this cannot say."""
    blocks = limits.section(findings, say).blocks
    if not blocks:
        raise ValueError("a report says what it cannot say; its section of limits is empty.")
    slide = _slide(deck, say.words("slides.limits"), findings, say, "tornado")
    top = TOP
    if findings.assumptions:
        head = [say.words(f"report.assumptions.{name}") for name in ("assumption", "value", "range", "source")]
        rows = [
            [say.factor(factor), say.factor_value(factor, line["value"]), tried(line, say), _source(factor, say)]
            for _, factor, _, line in assumptions.by_influence(findings)[:ASSUMED]
        ]
        top = _table(slide, [head, *rows], (4.5, 2, 2.9, 2.6), say.words("report.section.assumptions"), say)
    items = [f"• {item}" for block in blocks if isinstance(block, Bullets) for item in block.items]
    _text(slide, _small([*_rests(findings, say, "tornado"), *items]), say, top=top)


def _next(deck: Any, findings: Findings, say: Say) -> None:
    """What to take up, and beside it the pilot."""
    slide = _slide(deck, say.words("report.section.next"), findings, say, "shifts")
    lead, *blocks = pilot.section(findings, say).blocks
    measured = next(block for block in blocks if isinstance(block, Bullets))
    after = [block.text for block in blocks[blocks.index(measured) + 1 :] if isinstance(block, Text)]
    size, stop = after[:-2], after[-2:]
    todo = [(say.words("report.answer.what_to_do"), BODY, True), *_small(first_screen.advice(findings, say))]
    beside = [
        *([(lead.text, SMALL, False)] if isinstance(lead, Text) else []),
        (measured.lead, SMALL, True),
        *_small([*(f"• {item}" for item in measured.items), *stop, *size]),
    ]
    _text(slide, todo, say, width=HALF - GAP)
    _text(slide, beside, say, left=LEFT + HALF, width=HALF)
    _note(slide, [say.words("slides.not_more")], say)


SLIDES: tuple[Callable[[Any, Findings, Say], None], ...] = (_answer, _size, _shifts, _turns, _where, _limits, _next)


# --- words ------------------------------------------------------------------------------------------------------------


def _about(findings: Findings, say: Say) -> str:
    """What was compared."""
    scenario = findings.comparison.scenario
    return say.words("report.page.about", reference=say.design(findings.reference), design=say.design(findings.design),
                     staff=scenario.world.staff, pairs=findings.comparison.pairs,
                     years=say.time(scenario.run.weeks))  # fmt: skip


def _rests(findings: Findings, say: Say, *parts: str) -> list[str]:
    """Whose studies a slide rests on, or how to run them; what two of them share is said once.

    Where a study is of another firm its command is in the notes: it may be long, and would leave no room.
    """
    told: list[str] = []
    for part in parts:
        elsewhere = of_another_firm(findings, part, say)
        told += [say.words("slides.elsewhere")] if elsewhere else _origin(findings, part, say)
    return list(dict.fromkeys(told))


def _origin(findings: Findings, part: str, say: Say) -> list[str]:
    return [text.text for text in origin(findings, part, say)]


def _scale(findings: Findings, say: Say) -> str:
    names = {"design": say.design(findings.design), "reference": say.design(findings.reference)}
    return say.words("slides.scale", **names)


def _source(factor: str, say: Say) -> str:
    return assumptions.source(about_key(World, factor.rpartition(".")[2])["source"], say)


def _sign(verdict: str) -> str:
    return SIGNS[verdict.rpartition("-")[2]]


def _small(told: Iterable[str]) -> list[Line]:
    return [(one, SMALL, False) for one in told]


# --- what is put on a slide -------------------------------------------------------------------------------------------


def _slide(deck: Any, title: str, findings: Findings, say: Say, *parts: str) -> Any:
    """An empty slide with its title, and in the speaker's notes how it was compared and where its numbers come from."""
    from pptx.util import Inches

    slide = deck.slides.add_slide(deck.slide_layouts[5])  # a title alone
    shape = slide.shapes.title
    shape.left, shape.top, shape.width, shape.height = (Inches(x) for x in (LEFT, 0.35, WIDTH, 0.8))
    _write(shape.text_frame, [(title, 30, True)], say)
    told = [say.words("report.methods.paired"), footer(findings.comparison, say)]
    for part in parts:
        found = findings.found(part)
        told += [] if found is None else [*_origin(findings, part, say), footer(found.study, say)]
    _note(slide, told, say)
    return slide


def _note(slide: Any, told: Iterable[str], say: Say) -> None:
    """More of the speaker's notes."""
    _write(slide.notes_slide.notes_text_frame, [(one, NOTES, False) for one in told], say)


def _below(slide: Any, told: Sequence[str], say: Say, *, charts: bool) -> None:
    """Sentences below two charts, or in their place."""
    _text(slide, _small(told), say, top=TOP + 3.65 if charts else TOP)


def _text(
    slide: Any, lines: Sequence[Line], say: Say, *, top: float = TOP, left: float = LEFT, width: float = WIDTH
) -> float:
    """A box of those lines that fit above the bottom, and where it ends; the others go to the speaker's notes."""
    from pptx.util import Inches

    shown: list[Line] = []
    rest: list[str] = []
    end = top + INSET / 72
    for line in lines:
        below = end + (_high(line[0], line[1], width) + AFTER) / 72
        if below > BOTTOM or rest:  # in their order
            rest.append(line[0])
        else:
            shown.append(line)
            end = below
    box = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(width), Inches(end - top))
    box.text_frame.word_wrap = True
    _write(box.text_frame, shown, say)
    _note(slide, rest, say)
    return end


def _high(text: str, size: int, width: float) -> float:
    """Points that a text takes in a box of so many inches, on the safe side."""
    wide = size * sum(HANGUL if letter >= "ᄀ" else LATIN for letter in text)
    return 1.2 * size * max(1, math.ceil(1.03 * wide / (72 * width - 2 * INSET)))


def _write(frame: Any, lines: Iterable[Line], say: Say, *, colour: str = "") -> None:
    """Paragraphs after those that are there, in a font that has the letters of the language."""
    from pptx.dml.color import RGBColor
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Pt

    for text, size, bold in lines:
        empty = len(frame.paragraphs) == 1 and not frame.paragraphs[0].runs
        paragraph = frame.paragraphs[0] if empty else frame.add_paragraph()
        paragraph.alignment, paragraph.space_after = PP_ALIGN.LEFT, Pt(AFTER)
        run = paragraph.add_run()
        run.text, run.font.size, run.font.bold = text, Pt(size), bold
        if colour:
            run.font.color.rgb = RGBColor.from_string(colour)
        _set_font(run.font, say)
        run._r.get_or_add_rPr().set("lang", TONGUES[say.words.language])


def _set_font(font: Any, say: Say) -> None:
    """The font of the language; Korean letters take the East Asian one, which is another setting."""
    from pptx.oxml.ns import qn

    font.name = FONTS[say.words.language]
    if say.words.language == "ko":
        latin = font._rPr.find(qn("a:latin"))
        latin.addnext(latin.makeelement(qn("a:ea"), {"typeface": FONTS["ko"]}))


def _bars(
    slide: Any, measure: str, title: str, names: Sequence[str], series: Mapping[str, Sequence[float]], say: Say, *,
    left: float, width: float, decimals: int, upright: bool = False,
) -> None:  # fmt: skip
    """A native bar chart with its numbers at the bars; several series are told apart by colour and by hatching.

    Upright bars are of two firms, the second of which is hatched; others are of differences. Nothing where no value is
    known.
    """
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
    from pptx.util import Inches, Pt

    scaled = {name: [SCALES[measure].factor * value for value in values] for name, values in series.items()}
    known = [value for values in scaled.values() for value in values if value == value]
    if not known:
        return
    data = CategoryChartData()
    data.categories = list(names)
    for name, values in scaled.items():
        data.add_series(name, [round(value, 3) if value == value else None for value in values])
    kind = XL_CHART_TYPE.COLUMN_CLUSTERED if upright else XL_CHART_TYPE.BAR_CLUSTERED
    frame = slide.shapes.add_chart(kind, Inches(left), Inches(TOP), Inches(width), Inches(3.55), data)
    frame._element.nvGraphicFramePr.cNvPr.set("descr", _told(title, names, scaled, say, decimals, signed=not upright))
    chart, size = frame.chart, SMALL if upright else LABEL
    chart.font.size = Pt(size)
    _set_font(chart.font, say)
    chart.has_title = True
    _write(chart.chart_title.text_frame, [(title, SMALL, True)], say)
    chart.has_legend = len(series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.category_axis.reverse_order = not upright
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    chart.value_axis.has_major_gridlines = False
    chart.value_axis.visible = False
    # Bars from zero, and room for the numbers at their ends.
    low, high = min(0.0, *known), max(0.0, *known)
    room = 0.35 * (high - low) or 1.0
    chart.value_axis.minimum_scale = low - room if low else 0.0
    chart.value_axis.maximum_scale = high + room
    plot = chart.plots[0]
    plot.gap_width, plot.has_data_labels = 60, True
    plot.data_labels.number_format_is_linked = False
    plot.data_labels.number_format = _format(decimals, signed=not upright)
    for number, one in enumerate(plot.series):
        one.invert_if_negative = False
        _fill(one.format, second=number == 1)
        if upright:
            _fill(one.points[1].format, second=True)


def _told(
    title: str, names: Sequence[str], series: Mapping[str, Sequence[float]], say: Say, decimals: int, *, signed: bool
) -> str:
    """A chart in words, for those who cannot see it."""
    told = []
    for one, values in series.items():
        bars = (f"{name} {say.number(value, decimals, signed=signed)}"
                for name, value in zip(names, values, strict=True))  # fmt: skip
        told.append(f"{one}: {'; '.join(bars)}." if len(series) > 1 else f"{'; '.join(bars)}.")
    return " ".join([f"{title}.", *told])


def _format(decimals: int, *, signed: bool) -> str:
    """Of the numbers at bars: as in the sentences, with a true minus."""
    number = f"#,##0.{'0' * decimals}".rstrip(".")
    return f"+{number};−{number};{number}" if signed else number


def _fill(form: Any, *, second: bool) -> None:
    """Blue and full, or orange and hatched."""
    from pptx.dml.color import RGBColor
    from pptx.enum.dml import MSO_PATTERN

    if second:
        form.fill.patterned()
        form.fill.pattern = MSO_PATTERN.WIDE_UPWARD_DIAGONAL
        form.fill.fore_color.rgb, form.fill.back_color.rgb = (RGBColor.from_string(one) for one in (ORANGE, WHITE))
        form.line.color.rgb = RGBColor.from_string(ORANGE)  # so that its edge is seen as well as the blue one's
    else:
        form.fill.solid()
        form.fill.fore_color.rgb = RGBColor.from_string(BLUE)


def _table(slide: Any, rows: Sequence[Sequence[str]], widths: Sequence[float], title: str, say: Say) -> float:
    """A native table, its columns in these proportions, and where it ends. The first row is its head."""
    from pptx.dml.color import RGBColor
    from pptx.util import Inches, Pt

    inches = [WIDTH * width / sum(widths) for width in widths]
    heights = [(max(map(_high, cells, [SMALL] * len(cells), inches)) + AFTER + INSET) / 72 for cells in rows]
    places = (Inches(one) for one in (LEFT, TOP, WIDTH, sum(heights)))
    shape = slide.shapes.add_table(len(rows), len(widths), *places)
    told = (", ".join(cells) for cells in rows)
    shape._element.nvGraphicFramePr.cNvPr.set("descr", f"{title}. {'; '.join(told)}.")
    for column, width in zip(shape.table.columns, inches, strict=True):
        column.width = Inches(width)
    for number, cells in enumerate(rows):
        shape.table.rows[number].height = Inches(heights[number])
        for column, text in enumerate(cells):
            cell = shape.table.cell(number, column)
            cell.margin_top = cell.margin_bottom = Pt(INSET / 2)
            cell.fill.solid()
            cell.fill.fore_color.rgb = RGBColor.from_string(BLUE if number == 0 else ("F3F6F9", WHITE)[number % 2])
            _write(cell.text_frame, [(text, SMALL, number == 0)], say, colour=INK if number else WHITE)
    return TOP + sum(heights) + 0.15
