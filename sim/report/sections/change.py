"""On the way there: the change programme over time, with its dip if there is one."""

from typing import TYPE_CHECKING, Any

from sim.report import charts
from sim.report.answer import smallest_differences
from sim.report.blocks import Block, Bullets, Cell, Chart, Section, Table, Text
from sim.report.findings import Findings
from sim.report.say import Say
from sim.report.sections.rests import footer, origin
from sim.report.transition import SHOWN, quarters, way, weeks_of_last_quarter
from sim.study.paired import HEADLINES

if TYPE_CHECKING:
    import pandas as pd

    from sim.report.stored import Stored

HEADLINE = {"decision_hours": HEADLINES[0], "retained": HEADLINES[1], "satisfaction": HEADLINES[2]}
STANDS_FOR = {"decision_hours": "decision_hours_mean", "retained": "retention_12m", "satisfaction": "satisfaction"}


def section(findings: Findings, say: Say) -> Section:
    """The path, quarter by quarter."""
    blocks: list[Block] = [Text(say.words("report.change.lead"), "lead"), *origin(findings, "change", say)]
    found = findings.found("change")
    if found is not None:
        path = quarters(found.study)
        told = sentences(found.study, path, say)
        blocks += [Bullets(told), drawn(found.study, path, told, say)]
    return Section("change", say.words("report.section.change"), blocks)


def sentences(study: "Stored", path: "pd.DataFrame", say: Say) -> list[str]:
    """A sentence a figure and design: is there a dip, and where does it end?"""
    designs = list(study.designs)[1:]
    return [_sentence(study, path, column, design, say) for column in SHOWN for design in designs]


def _sentence(study: "Stored", path: "pd.DataFrame", column: str, design: str, say: Say) -> str:
    found = way(path, column, design)
    told = {
        "column": say.words(f"report.change.column.{column}"),
        "design": _design(design, say),
        "last": _shown(column, found.last["difference"], say, signed=True),
    }
    if found.worst is None:
        return say.words("report.change.never", **told)
    told |= {"quarter": str(int(found.worst["quarter"])), "size": _shown(column, abs(found.worst["difference"]), say)}
    little = abs(found.worst["difference"]) < _smallest(study, column, found.worst)
    return say.words(f"report.change.{found.kind}{'_small' if little else ''}", **told)


def _smallest(study: "Stored", column: str, quarter: "pd.Series[Any]") -> float:
    """The smallest difference that matters of the headline that a figure stands for."""
    hours = quarter["estimate"] - quarter["difference"]
    return smallest_differences(study.scenario.report, hours)[HEADLINE[column]]


def _design(name: str, say: Say) -> str:
    """Designs as ways: the social firm is the one that changes all at once."""
    key = f"report.change.way.{name}"
    return say.words(key) if key in say.words else say.design(name)


def _shown(column: str, value: float, say: Say, *, signed: bool = False) -> str:
    unit = say.unit(STANDS_FOR[column], of_difference=True)
    decimals = 2 if column == "decision_hours" else 1
    return f"{say.number(value * (100 if column == 'retained' else 1), decimals, signed=signed)} {unit}"


def drawn(study: "Stored", path: "pd.DataFrame", told: list[str], say: Say) -> Chart:
    """A panel a figure, a line a design."""
    panels = []
    rows: list[list[Cell]] = []
    groups = []
    designs, numbers = list(study.designs), sorted(path["quarter"].unique())
    for column in SHOWN:
        title = f"{say.words(f'report.change.column.{column}')}, {say.unit(STANDS_FOR[column])}"
        of = path[path["column"] == column]
        panels.append((title, [_line(of[of["design"] == design], column, design, say) for design in designs]))
        groups.append((len(rows), title))
        for design in designs:
            cells = of[of["design"] == design].set_index("quarter")
            shown = (_cell(column, cells.loc[number], say) for number in numbers)
            rows.append([_design(design, say), *shown])
    title, quarter = say.words("report.change.chart"), say.words("report.change.quarter")
    table = Table(title, [quarter, *(str(int(number)) for number in numbers)], rows, kind="wide", groups=groups)
    alt = say.words("report.change.chart_alt", quarters=len(numbers), sentences=" ".join(told))
    note = say.words("report.change.note", pairs=study.pairs, weeks=weeks_of_last_quarter(study))
    return Chart("change", title, alt, charts.lines(panels, quarter), table, note, footer(study, say))


def _line(rows: "pd.DataFrame", column: str, design: str, say: Say) -> charts.Line:
    factor = 100 if column == "retained" else 1
    x, y, low, high = ([float(v) for v in rows[name]] for name in ("quarter", "estimate", "low", "high"))
    scaled = [[factor * value for value in values] for values in (y, low, high)]
    return charts.Line(_design(design, say), x, *scaled)


def _cell(column: str, row: Any, say: Say) -> str:
    factor = 100 if column == "retained" else 1
    return say.number(factor * row["estimate"], 2 if column == "decision_hours" else 1)
