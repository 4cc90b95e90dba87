"""What would change the answer: a tornado of the difference, and where its sign turns."""

from typing import TYPE_CHECKING

from sim.report import charts
from sim.report.blocks import Block, Bullets, Cell, Chart, Section, Table, Text
from sim.report.findings import Findings
from sim.report.say import SCALES, Say
from sim.report.sections.rests import footer, origin

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 8  # assumptions in a panel


def section(findings: Findings, say: Say) -> Section:
    """The tornado, its words, and the break-even points."""
    blocks: list[Block] = [Text(say.words("report.decides.lead"), "lead"), *origin(findings, "tornado", say)]
    if findings.assumptions:
        blocks += [Bullets(sentences(findings, say)), drawn(findings, say), break_evens(findings, say)]
    return Section("decides", say.words("report.section.decides"), blocks)


def sentences(findings: Findings, say: Say) -> list[str]:
    """The assumption that moves each measure most."""
    told = []
    for measure, table in findings.assumptions.items():
        first = table.iloc[0]
        low, high = (say.value(measure, first[end], signed=True) for end in ("low", "high"))
        told.append(
            say.words(
                "report.decides.most",
                headline=say.headline(measure),
                low=low,
                factor=say.factor(first["factor"]),
                high=f"{high} {say.unit(measure, of_difference=True)}",
            )
        )
    return told


def drawn(findings: Findings, say: Say) -> Chart:
    """A panel a measure, the assumptions that move it most."""
    found = findings.found("tornado")
    assert found is not None  # findings.assumptions would be empty
    panels = []
    rows: list[list[Cell]] = []
    groups = []
    for measure, table in findings.assumptions.items():
        factor, top = SCALES[measure].factor, table.head(SHOWN)
        labels = [say.factor(key) for key in top["factor"]]
        ends = ([factor * value for value in top[end]] for end in ("low", "high"))
        panels.append(charts.Ends(say.axis(measure), factor * float(top["base"].iloc[0]), labels, *ends))
        groups.append((len(rows), f"{say.headline(measure)}, {say.unit(measure, of_difference=True)}"))
        rows += [_row(measure, row, say) for _, row in table.iterrows()]
    title = say.words("report.decides.chart")
    head = [say.words(f"report.decides.{key}") for key in ("factor", "range", "at_low", "at_high")]
    note = say.words("report.decides.note", pairs=found.study.pairs, design=say.design(findings.design),
                     reference=say.design(findings.reference))  # fmt: skip
    alt = say.words("report.decides.chart_alt", sentences=" ".join(sentences(findings, say)))
    figure = charts.ranges(panels)
    return Chart("tornado", title, alt, figure, Table(title, head, rows, groups=groups), note, footer(found.study, say))


def _row(measure: str, row: "pd.Series[float]", say: Say) -> list[Cell]:
    ends = [say.with_interval(measure, row[end], row[f"{end}_high"], signed=True) for end in ("low", "high")]
    return [say.factor(str(row["factor"])), tried(row, say), *ends]


def tried(row: "pd.Series[float]", say: Say) -> str:
    """The range in which an assumption was moved."""
    low, high = say.digits(row["at_low"]), say.factor_value(str(row["factor"]), row["at_high"])
    return say.words("report.page.to", low=low, high=high)


def break_evens(findings: Findings, say: Say) -> Table:
    """Where the sign of each measure turns: every assumption that turns it within its range."""
    rows: list[list[Cell]] = []
    groups = []
    for measure, table in findings.assumptions.items():
        turning = table[table["turns"].notna()]
        groups.append((len(rows), say.headline(measure)))
        for _, row in turning.iterrows():
            factor = str(row["factor"])
            ends = {end: say.digits(row[f"turns_{end}"]) for end in ("low", "high")}
            value = f"{say.digits(row['turns'])} ({say.words('report.page.to', **ends)})"
            rows.append([say.factor(factor), tried(row, say), say.factor_value(factor, row["value"]), value])
        if turning.empty:
            rows.append([say.words("report.decides.no_turn"), "", "", ""])
    caption = say.words("report.decides.break_evens")
    head = [say.words(f"report.decides.{key}") for key in ("factor", "range", "today", "turns")]
    return Table(caption, head, rows, say.words("report.page.interval"), groups=groups)
