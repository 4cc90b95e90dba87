"""When the traditional firm wins: the map of worlds, and the same in words."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sim.report.blocks import Block, Bullets, Cell, Section, Table, Text
from sim.report.findings import Findings
from sim.report.say import Say
from sim.report.sections.rests import footer, origin

if TYPE_CHECKING:
    import pandas as pd

    from sim.study.regions import Wins

SIGNS = {"wins": "▲", "loses": "▼", "undecided": "?"}


def section(findings: Findings, say: Say) -> Section:
    """The map and its words."""
    blocks: list[Block] = list(origin(findings, "map", say))
    found, worlds = findings.found("map"), findings.worlds
    if found is not None and worlds is not None:
        factors = say.listed([say.factor(key) for key in found.study.factors])
        points = worlds[list(found.study.factors)].drop_duplicates()
        blocks.insert(0, Text(say.words("report.where.lead", points=len(points), factors=factors), "lead"))
        blocks.append(Bullets([*tallies(worlds, findings, say), *shares(findings, say), *conditions(findings, say)]))
        for measure in measured(worlds):
            cells = worlds[worlds["measure"] == measure]
            if not everywhere(cells["verdict"]):
                blocks.append(world_map(measure, cells, found.study.factors, findings, say))
        legend = say.words("report.where.legend", design=say.design(findings.design), pairs=found.study.pairs,
                           reference=say.design(findings.reference))  # fmt: skip
        blocks.append(Text(f"{legend} {footer(found.study, say)}", "note"))
    elif findings.shares_of_wins:
        blocks.append(Bullets([*shares(findings, say), *conditions(findings, say)]))
    return Section("where", say.words("report.section.where"), blocks)


def tallies(worlds: "pd.DataFrame", findings: Findings, say: Say) -> list[str]:
    """In how many worlds which firm wins, a sentence a measure."""
    names = {"design": say.design(findings.design), "reference": say.design(findings.reference)}
    told = []
    for measure in measured(worlds):
        verdicts = worlds[worlds["measure"] == measure]["verdict"].value_counts()
        about = {"headline": say.headline(measure), "points": int(verdicts.sum())}
        if everywhere(verdicts.index):
            winner = names["design" if "wins" in verdicts else "reference"]
            told.append(say.words("report.where.everywhere", winner=winner, **about))
        else:
            by_verdict = {name: int(verdicts.get(name, 0)) for name in SIGNS}
            told.append(say.words("report.where.tally", **about, **names, **by_verdict))
    return told


def measured(worlds: "pd.DataFrame") -> list[str]:
    """The measures that are defined in some world."""
    known = worlds[worlds["difference"].notna()]
    return list(dict.fromkeys(known["measure"]))


def everywhere(verdicts: Iterable[str]) -> bool:
    """Does one firm win in all worlds?"""
    return set(verdicts) in ({"wins"}, {"loses"})


def shares(findings: Findings, say: Say) -> list[str]:
    """In how many worlds of the ranges of the assumptions which firm clearly wins, a sentence a measure."""
    told = []
    for measure, wins in findings.shares_of_wins.items():
        names = {"design": say.design(findings.design), "reference": say.design(findings.reference)}
        told.append(say.words("report.where.share", headline=say.headline(measure), **counts(wins), **names))
    return told


def counts(wins: "Wins") -> dict[str, int]:
    """In how many worlds the design clearly wins and loses, and how many are undecided."""
    found = {name: round(getattr(wins, name) * wins.points) for name in SIGNS}
    return found | {"points": wins.points}


def conditions(findings: Findings, say: Say) -> list[str]:
    """Under which conditions the design wins, where it does not win everywhere."""
    told = []
    for measure, box in findings.conditions.items():
        found = findings.found("ranges")
        if box is None or found is None or not len(box.restricted):
            told.append(say.words("report.where.no_box", headline=say.headline(measure)))
            continue
        limits = [_limit(found.study.factors[i], box.lower[i], box.upper[i], say) for i in box.restricted]
        told.append(say.words("report.where.box", headline=say.headline(measure), design=say.design(findings.design),
                              conditions=say.words("report.where.and").join(limits),
                              density=f"{100 * box.density:.0f}", coverage=f"{100 * box.coverage:.0f}"))  # fmt: skip
    return told


def _limit(factor: str, lower: float, upper: float, say: Say) -> str:
    name, ends = say.factor(factor), (float(lower), float(upper))
    if ends[0] == -float("inf"):
        return say.words("report.where.at_most", factor=name, value=say.factor_value(factor, ends[1]))
    if ends[1] == float("inf"):
        return say.words("report.where.at_least", factor=name, value=say.factor_value(factor, ends[0]))
    low, high = (say.factor_value(factor, end) for end in ends)
    return say.words("report.where.between", factor=name, low=low, high=high)


def world_map(measure: str, cells: "pd.DataFrame", factors: tuple[str, ...], findings: Findings, say: Say) -> Table:
    """A cell a world: sign, colour and mean difference. A row a level of the first factor; across, the second factor
    within each level of the third."""
    down, across, *outer = factors
    worlds = {(one[down], *(one[key] for key in outer), one[across]): one for one in cells.to_dict(orient="records")}
    columns = sorted({world[1:] for world in worlds})
    rows = [[say.digits(level), *(_cell(worlds.get((level, *column)), measure, say) for column in columns)]
            for level in sorted(cells[down].unique())]  # fmt: skip
    spans = Counter(column[0] for column in columns) if outer else {}
    names = {"down": say.factor(down), "across": say.factor(across)}
    names |= {"outer": say.factor(outer[0])} if outer else {}
    return Table(
        caption=say.words("report.where.map", headline=say.headline(measure), design=say.design(findings.design),
                          unit=say.unit(measure, of_difference=True), reference=say.design(findings.reference)),
        head=["", *(say.digits(column[-1]) for column in columns)],
        rows=rows,
        note=say.words(f"report.where.axes{'_within' if outer else ''}", **names),
        kind="map",
        heads=[(f"{say.factor(outer[0])} {say.factor_value(outer[0], level)}", span) for level, span in spans.items()],
    )  # fmt: skip


def _cell(world: Any, measure: str, say: Say) -> Cell:
    if world is None:
        return ""
    number = say.value(measure, world["difference"], signed=True, brief=True)
    return f"{SIGNS[world['verdict']]} {number}", str(world["verdict"])
