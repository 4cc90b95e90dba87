"""What was assumed: value, range, source and rank of the numbers that matter."""

from typing import Any

from sim.report.blocks import Block, Cell, Section, Table, Text
from sim.report.findings import Findings
from sim.report.say import Say
from sim.report.sections.decides import tried
from sim.report.sections.limits import unsourced
from sim.report.sections.rests import origin
from sim.scenario import World, about_key
from sim.study.paired import HEADLINES

LEAST_INFLUENCE = 0.1  # of the smallest difference that matters, below which no headline is moved
PLAIN = {"no source": "no_source", "placeholder": "placeholder"}


def section(findings: Findings, say: Say) -> Section:
    """Value, range, source and rank of what the headlines depend on."""
    blocks: list[Block] = [Text(say.words("report.assumptions.lead"), "lead"), *origin(findings, "tornado", say)]
    if findings.assumptions:
        rows: list[list[Cell]] = []
        for rank, (influence, factor, measure, line) in enumerate(by_influence(findings), 1):
            about = about_key(World, factor.rpartition(".")[2])
            value = say.factor_value(factor, line["value"])
            moves = say.inside(measure) if influence >= LEAST_INFLUENCE else say.words("report.assumptions.only_profit")
            rows.append([str(rank), say.factor(factor), value, tried(line, say), source(about["source"], say), moves])
        names = ("rank", "assumption", "value", "range", "source", "headline")
        head = [say.words(f"report.assumptions.{name}") for name in names]
        note = say.words("report.assumptions.note", **unsourced())
        blocks.append(Table(say.words("report.section.assumptions"), head, rows, note, "assumptions"))
    return Section("assumptions", say.words("report.section.assumptions"), blocks)


def by_influence(findings: Findings) -> list[tuple[float, str, str, Any]]:
    """(influence, factor, the headline it moves most, its line there), the most influential first.

    Influence is the swing over the range in units of the smallest difference that matters; where every difference
    matters, of the difference as things are assumed.
    """
    study = findings.found("tornado")
    smallest = findings.smallest_in(study.study) if study else {}
    best: dict[str, tuple[float, str, str, Any]] = {}
    for measure in HEADLINES:
        table = findings.assumptions.get(measure)
        for _, line in table.iterrows() if table is not None else ():
            unit = smallest[measure] or abs(line["base"]) or 1.0
            one = (float(line["swing"] / unit), str(line["factor"]), measure, line)
            if one[0] >= best.get(one[1], (0.0,))[0]:
                best[one[1]] = one
    return sorted(best.values(), key=lambda one: -one[0])


def source(text: str, say: Say) -> str:
    """Where a number comes from."""
    start = text.partition(";")[0].strip()
    if start.startswith("idea: "):
        return say.words("report.assumptions.idea", idea=start.removeprefix("idea: "))
    if start in PLAIN:
        return say.words(f"report.assumptions.{PLAIN[start]}")
    return say.words("report.assumptions.calibrated") if start.startswith("calibrated") else text
