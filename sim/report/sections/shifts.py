"""Which of the six shifts did it: the Shapley value of each lever."""

from sim.report import charts
from sim.report.blocks import Block, Bullets, Cell, Chart, Section, Table, Text
from sim.report.findings import FOUR, PROFIT, Findings
from sim.report.say import SCALES, Say
from sim.report.sections.rests import footer, origin
from sim.study.attribution import LEVERS


def section(findings: Findings, say: Say) -> Section:
    """The six shares, their sum, and what the settings add."""
    blocks: list[Block] = [Text(say.words("report.shifts.lead"), "lead"), *origin(findings, "shifts", say)]
    if findings.shifts:
        blocks += [Bullets(sentences(findings, say)), shares(findings, say)]
    return Section("shifts", say.words("report.section.shifts"), blocks)


def sentences(findings: Findings, say: Say) -> list[str]:
    """The largest share of each measure, and what the settings add."""
    told, settings = [], []
    for measure, table in findings.shifts.items():
        largest = table.loc["shapley"]["estimate"].abs().idxmax()
        told.append(
            say.words(
                "report.shifts.largest",
                headline=say.headline(measure),
                shift=say.words(f"report.shift.{largest}"),
                change=_cell(measure, table.loc[("shapley", largest)], say, unit=True),
                total=_cell(measure, table.loc[("total", "")], say, unit=True),
            )
        )
        settings.append(f"{say.inside(measure)} {_cell(measure, table.loc[('settings', '')], say, unit=True)}")
    return [*told, say.words("report.shifts.settings", changes=say.listed(settings))]


def shares(findings: Findings, say: Say) -> Chart:
    """Bars with intervals, a panel a measure."""
    found = findings.found("shifts")
    assert found is not None  # findings.shifts would be empty
    names = [say.words(f"report.shift.{lever}") for lever in LEVERS]
    panels = []
    rows: list[list[Cell]] = [
        [name] for name in (*names, say.words("report.shifts.all"), say.words("report.shift.settings"))
    ]
    for measure, table in findings.shifts.items():
        factor, effects = SCALES[measure].factor, [table.loc[("shapley", lever)] for lever in LEVERS]
        low, middle, high = ([factor * row[end] for row in effects] for end in ("low", "estimate", "high"))
        panels.append(charts.Bars(say.axis(measure), names, [0.0] * len(names), middle, low, high))
        for row, effect in zip(rows, [*effects, table.loc[("total", "")], table.loc[("settings", "")]], strict=True):
            row.append(_cell(measure, effect, say))
    head = [
        say.words("report.shifts.shift"),
        *(f"{say.headline(one)}, {say.unit(one, of_difference=True)}" for one in FOUR),
    ]
    title = say.words("report.shifts.chart")
    alt = say.words("report.shifts.chart_alt", sentences=" ".join(sentences(findings, say)))
    note = say.words("report.shifts.note", pairs=found.study.pairs)
    return Chart("shifts", title, alt, charts.bars(panels), Table(title, head, rows), note, footer(found.study, say))


def _cell(measure: str, row: "dict[str, float]", say: Say, *, unit: bool = False) -> str:
    factor, decimals = SCALES[measure].factor, 0 if measure == PROFIT else 2  # the shares are small
    middle, half = factor * row["estimate"], factor * (row["high"] - row["estimate"])
    text = f"{say.number(middle, decimals, signed=True)} ± {say.number(half, decimals)}"
    return f"{text} {say.unit(measure, of_difference=True)}" if unit else text
